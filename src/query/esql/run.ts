import type { Span } from './token.ts';
import type { Value } from './value.ts';

/** Where a row comes from: what is read of the document only if something asks. */
export interface Origin {
  readonly read: (slot: number) => Value;
  /** Is a KQL condition of the query true of the document? */
  readonly holds: (condition: number) => boolean;
}

/** A row on its way through a query: values by slot, undefined where the document has not been asked yet. */
export interface Row {
  readonly values: (Value | undefined)[];
  readonly origin: Origin | undefined;
}

/** Something that was turned to null on some row, and where in the query. Line and column count from 1. */
export interface Warning {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** One execution of a query. */
export interface Run {
  /** What NOW() is, in milliseconds since the epoch. */
  readonly now: number;
  /** Takes so many steps off what is left. @throws BudgetError if that is not enough */
  readonly spend: (steps: number) => void;
  /** Counts values that are kept until the end. @throws BudgetError if they are too many */
  readonly hold: (values: number) => void;
  /** Notes why a value is null, once for each place and reason. */
  readonly warn: (place: Span, message: string) => null;
}

/** Raised where a query costs too much, and caught by `startQuery`. */
export class BudgetError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** What an expression gives on a row. */
export type Evaluate = (row: Row, run: Run) => Value;
