import type { CompiledQuery } from './compile.ts';
import { createExecution, DEFAULT_LIMITS, type QueryLimits, type QueryResult } from './execution.ts';
import type { Operator } from './operator.ts';
import type { Contribution } from './stage-stats.ts';

export interface Contributed {
  /** One entry for each group of the document; none if the document does not reach STATS. */
  readonly contributions: readonly Contribution[];
  /** Why the query was stopped. */
  readonly exceeded?: string;
}

/**
 * What one document adds to the groups of a query's first STATS, to be stored and passed to `foldGroup` later. The
 * result is the same as running the query over all documents at once. Empty for a query without STATS. Never throws.
 */
export function contribute<Document>(
  query: CompiledQuery<Document>,
  document: Document,
  now: number,
  limits: QueryLimits = DEFAULT_LIMITS,
): Contributed {
  const { rowOf, stats, stages } = query;
  if (rowOf === undefined || stats === undefined) return { contributions: [] };
  const contributions: Contribution[] = [];
  const { attempt, result } = createExecution(query, now, limits);
  const end: Operator = {
    push: (row, run) => {
      for (const contribution of stats.grouping.contributionsOf(row, run)) contributions.push(contribution);
      return true;
    },
    finish: () => undefined,
  };
  const first = stages.slice(0, stats.stage).reduceRight<Operator>((next, stage) => stage(next), end);
  attempt((run) => {
    first.push(rowOf(document), run);
    first.finish(run);
    return true;
  });
  const { exceeded } = result();
  return exceeded === undefined ? { contributions } : { contributions: [], exceeded };
}

/** The rows that the commands after STATS make of one group; none if they drop it. Never throws. */
export function foldGroup<Document>(
  query: CompiledQuery<Document>,
  contributions: readonly Contribution[],
  now: number,
  limits: QueryLimits = DEFAULT_LIMITS,
): QueryResult {
  const { attempt, connect, result } = createExecution(query, now, limits);
  const { stats, stages } = query;
  const [first] = contributions;
  if (stats !== undefined && first !== undefined) {
    const rest = connect(stages.slice(stats.stage + 1));
    attempt((run) => {
      const group = stats.grouping.createGroup(first.keys, run);
      for (const contribution of contributions) group.add(contribution, run);
      rest.push(group.row(run), run);
      rest.finish(run);
      return true;
    });
  }
  return result();
}
