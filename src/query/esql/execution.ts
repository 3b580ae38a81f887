import { problemAt } from '../problem.ts';
import type { CompiledQuery } from './compile.ts';
import type { Operator, Stage } from './operator.ts';
import { BudgetError, type Run, type Warning } from './run.ts';
import type { Value } from './value.ts';

/** Limits of one execution. */
export interface QueryLimits {
  /**
   * Steps for each document, and for the end. A step takes about as long as a comparison: 0.1 µs, and up to 0.5 µs for
   * each character in GROK and REPLACE.
   */
  readonly steps: number;
  /** Values that are kept until the end: group keys, distinct values, rows to sort. */
  readonly values: number;
}

export const DEFAULT_LIMITS: QueryLimits = { steps: 4_000_000, values: 1_000_000 };

export interface QueryResult {
  /** The values of each row, in the order of the query's columns. */
  readonly rows: readonly (readonly Value[])[];
  /** Values that became null, at most 20. */
  readonly warnings: readonly Warning[];
  /** Why the query was stopped; the rows are those found until then. */
  readonly exceeded?: string;
}

export interface Execution {
  /** Runs a function with its own budget of steps; false if the budget runs out or the function returns false. */
  readonly attempt: (work: (run: Run) => boolean) => boolean;
  /** Rows enter here and leave through `result`. */
  readonly connect: (stages: readonly Stage[]) => Operator;
  readonly result: () => QueryResult;
}

const MOST_WARNINGS = 20;

/** An execution of a query: its remaining limits, warnings and rows. `now` is in milliseconds since the epoch. */
export function createExecution<Document>(
  { source, outputs }: CompiledQuery<Document>,
  now: number,
  limits: QueryLimits,
): Execution {
  const rows: (readonly Value[])[] = [];
  const warnings = new Map<string, Warning>();
  let exceeded: string | undefined;
  let steps = limits.steps;
  let values = limits.values;
  const run: Run = {
    now,
    spend: (amount) => {
      steps -= amount;
      if (steps < 0) throw new BudgetError(`the query takes more than ${limits.steps} steps`);
    },
    hold: (amount) => {
      values -= amount;
      if (values < 0) throw new BudgetError(`the query keeps more than ${limits.values} values`);
    },
    warn: ({ start }, message) => {
      const key = `${start} ${message}`;
      if (warnings.size < MOST_WARNINGS && !warnings.has(key)) {
        const { line, column } = problemAt(source, start, message);
        warnings.set(key, { message, line, column });
      }
      return null;
    },
  };
  const end: Operator = {
    push: (row) => {
      rows.push(outputs.map((output) => output(row, run)));
      return true;
    },
    finish: () => undefined,
  };
  return {
    attempt: (work) => {
      if (exceeded !== undefined) return false;
      steps = limits.steps;
      try {
        return work(run);
      } catch (error) {
        if (!(error instanceof BudgetError)) throw error;
        exceeded = error.reason;
        return false;
      }
    },
    connect: (stages) => stages.reduceRight<Operator>((next, stage) => stage(next), end),
    result: () => {
      const found = { rows, warnings: [...warnings.values()] };
      return exceeded === undefined ? found : { ...found, exceeded };
    },
  };
}
