import { problemAt } from '../problem.ts';
import type { CompiledQuery } from './compile.ts';
import type { Operator } from './operator.ts';
import { BudgetError, type Run, type Warning } from './run.ts';
import type { Value } from './value.ts';

/** What one execution may cost. */
export interface QueryLimits {
  /** Steps for each document, and for the end. A step is a small operation, or some characters of a text. */
  readonly steps: number;
  /** Values that are kept until the end: keys of groups, different values, rows to sort. */
  readonly values: number;
}

export const DEFAULT_LIMITS: QueryLimits = { steps: 10_000_000, values: 1_000_000 };

export interface QueryResult {
  /** The values of each row, in the order of the query's columns. */
  readonly rows: readonly (readonly Value[])[];
  /** What was turned to null, at most 20. */
  readonly warnings: readonly Warning[];
  /** Why the query was given up; its rows are those up to then. */
  readonly exceeded?: string;
}

/** An execution that documents are fed to. */
export interface RunningQuery<Document> {
  /** False if no more documents are wanted. */
  readonly push: (document: Document) => boolean;
  readonly finish: () => QueryResult;
}

const MOST_WARNINGS = 20;

/** Begins an execution. `now` is what NOW() is, in milliseconds since the epoch. Neither `push` nor `finish` throws. */
export function startQuery<Document>(
  query: CompiledQuery<Document>,
  now: number,
  limits: QueryLimits = DEFAULT_LIMITS,
): RunningQuery<Document> {
  const rows: (readonly Value[])[] = [];
  const warnings = new Map<string, Warning>();
  let exceeded: string | undefined;
  let steps = limits.steps;
  let values = limits.values;
  const run: Run = {
    now,
    spend: (amount) => {
      steps -= amount;
      if (steps < 0) throw new BudgetError(`more than ${limits.steps} steps`);
    },
    hold: (amount) => {
      values -= amount;
      if (values < 0) throw new BudgetError(`more than ${limits.values} values to keep`);
    },
    warn: ({ start }, message) => {
      const key = `${start} ${message}`;
      if (warnings.size < MOST_WARNINGS && !warnings.has(key)) {
        const { line, column } = problemAt(query.source, start, message);
        warnings.set(key, { message, line, column });
      }
      return null;
    },
  };
  const result: Operator = {
    push: (row) => {
      rows.push(query.outputs.map((output) => output(row, run)));
      return true;
    },
    finish: () => undefined,
  };
  const first = query.stages.reduceRight((next, stage) => stage(next), result);
  let wanted = true;

  /** Does something with a budget of its own; false if that is not enough. */
  const attempt = (work: () => boolean): boolean => {
    if (exceeded !== undefined) return false;
    steps = limits.steps;
    try {
      return work();
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      exceeded = error.reason;
      return false;
    }
  };

  return {
    push: (document) => {
      if (!wanted || query.rowOf === undefined) return false;
      const { rowOf } = query;
      wanted = attempt(() => first.push(rowOf(document), run));
      return wanted;
    },
    finish: () => {
      attempt(() => {
        if (query.constants !== undefined) first.push(query.constants(run), run);
        first.finish(run);
        return true;
      });
      const found = { rows, warnings: [...warnings.values()] };
      return exceeded === undefined ? found : { ...found, exceeded };
    },
  };
}
