import type { Row, Run } from './run.ts';

/** A command of a running query: rows enter one by one and leave to the next command. */
export interface Operator {
  /** False if no more rows are wanted. */
  readonly push: (row: Row, run: Run) => boolean;
  /** No more rows will come. */
  readonly finish: (run: Run) => void;
}

/** A command that can run any number of times. */
export type Stage = (next: Operator) => Operator;

/** A command that processes each row on its own. */
export function perRow(push: (row: Row, run: Run, next: Operator) => boolean): Stage {
  return (next) => ({ push: (row, run) => push(row, run, next), finish: next.finish });
}
