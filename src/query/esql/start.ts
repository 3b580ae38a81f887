import type { CompiledQuery } from './compile.ts';
import { createExecution, DEFAULT_LIMITS, type QueryLimits, type QueryResult } from './execution.ts';

/** A running execution that takes documents. */
export interface RunningQuery<Document> {
  /** False if no more documents are wanted. */
  readonly push: (document: Document) => boolean;
  readonly finish: () => QueryResult;
}

/**
 * Starts an execution. `now` is the value of NOW() in milliseconds since the epoch. Neither `push` nor `finish` throws.
 */
export function startQuery<Document>(
  query: CompiledQuery<Document>,
  now: number,
  limits: QueryLimits = DEFAULT_LIMITS,
): RunningQuery<Document> {
  const { rowOf, constants, stages } = query;
  const { attempt, connect, result } = createExecution(query, now, limits);
  const first = connect(stages);
  let wanted = rowOf !== undefined;
  return {
    push: (document) => {
      wanted = wanted && rowOf !== undefined && attempt((run) => first.push(rowOf(document), run));
      return wanted;
    },
    finish: () => {
      attempt((run) => {
        if (constants !== undefined) first.push(constants(run), run);
        first.finish(run);
        return true;
      });
      return result();
    },
  };
}
