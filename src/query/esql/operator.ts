import type { Row, Run } from './run.ts';

/** A command while a query runs: rows go in one by one, and on to the next command. */
export interface Operator {
  /** False if no more rows are wanted. */
  readonly push: (row: Row, run: Run) => boolean;
  /** No more rows will come. */
  readonly finish: (run: Run) => void;
}

/** A command of a query, ready to run any number of times. */
export type Stage = (next: Operator) => Operator;

/** A command that looks at each row by itself. */
export function perRow(push: (row: Row, run: Run, next: Operator) => boolean): Stage {
  return (next) => ({ push: (row, run) => push(row, run, next), finish: next.finish });
}
