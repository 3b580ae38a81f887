import { type Problem, problemAt } from '../problem.ts';
import type { Expression } from './ast.ts';
import type { DataType } from './data-type.ts';
import type { Evaluate } from './run.ts';
import type { Span } from './token.ts';
import type { Value } from './value.ts';

/** A checked expression: its type, and what computes it. */
export interface Compiled extends Span {
  readonly type: DataType;
  readonly evaluate: Evaluate;
  /** The value, if it is written in the query as such. */
  readonly literal?: { readonly value: Value };
  /** True if it reads no column. */
  readonly constant: boolean;
}

/** A column of a row. Its slot is given out when something first reads it. */
export interface Column {
  readonly name: string;
  readonly type: DataType;
  readonly slot: () => number;
}

/** What the names in an expression stand for, and what it may do where it stands. */
export interface Environment {
  readonly query: string;
  readonly column: (name: string) => Column | undefined;
  readonly suggestColumn: (name: string) => string | undefined;
  /** The number of a KQL condition. @throws CompileError where there is no document to ask, or the condition is wrong */
  readonly kqlCondition: (text: string, place: Span) => number;
  /** True where a group of STATS stands: BUCKET may be called. */
  readonly grouping: boolean;
  /** Takes the place of calls of aggregates where they may stand. */
  readonly aggregate?: (call: Extract<Expression, { kind: 'call' }>) => Compiled | undefined;
}

/** Raised where a query has no meaning, and caught by `compileEsql`. */
export class CompileError extends Error {
  readonly problem: Problem;
  constructor(query: string, place: number, message: string, hint?: string) {
    super(message);
    this.problem = problemAt(query, place, oneLine(message, LONGEST_MESSAGE), hint && oneLine(hint, LONGEST_MESSAGE));
  }
}

const LONGEST_SHOWN = 80;
const LONGEST_MESSAGE = 400;

/** An expression as it stands in the query, on one line and not too long. */
export function textOf(query: string, { start, end }: Span): string {
  return oneLine(query.slice(start, end), LONGEST_SHOWN);
}

function oneLine(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= longest ? line : `${line.slice(0, longest - 1).toWellFormed()}…`;
}
