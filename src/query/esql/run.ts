import type { Span } from './token.ts';
import type { Value } from './value.ts';

/** The origin of a row. The document is read only on demand. */
export interface Origin {
  readonly read: (slot: number) => Value;
  /** Whether the document matches a KQL condition of the query. */
  readonly holds: (condition: number) => boolean;
}

/** A row on its way through a query: values by slot, undefined if not yet read from the document. */
export interface Row {
  readonly values: (Value | undefined)[];
  readonly origin: Origin | undefined;
}

/** A value that became null on some row, and its place in the query. Line and column count from 1. */
export interface Warning {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** One execution of a query. */
export interface Run {
  /** The value of NOW(), in milliseconds since the epoch. */
  readonly now: number;
  /** Spends steps. @throws BudgetError if too few are left */
  readonly spend: (steps: number) => void;
  /** Counts values that are kept until the end. @throws BudgetError if there are too many */
  readonly hold: (values: number) => void;
  /** Records why a value is null, once for each place and reason. */
  readonly warn: (place: Span, message: string) => null;
}

/** Raised when a query exceeds its limits, and caught by `startQuery`. */
export class BudgetError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** Computes an expression on a row. */
export type Evaluate = (row: Row, run: Run) => Value;
