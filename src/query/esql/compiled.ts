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
  readonly column: (name: string) => Column | undefined;
  readonly suggestColumn: (name: string) => string | undefined;
  /** The number of a KQL condition. @throws CompileError where there is no document to ask, or the condition is wrong */
  readonly kqlCondition: (text: string, place: Span) => number;
  /** True where a group of STATS stands: BUCKET may be called. */
  readonly grouping: boolean;
  /** Takes the place of calls of aggregates where they may stand. */
  readonly aggregate?: (call: Extract<Expression, { kind: 'call' }>) => Compiled | undefined;
}

/** What is wrong; a message that quotes the query is made when its text is at hand. */
type Message = string | ((query: string) => string);

/** A message that quotes parts of the query: a span stands for what is written there. */
export function quoting(texts: TemplateStringsArray, ...parts: readonly (string | number | Span)[]): Message {
  return (query) =>
    String.raw({ raw: texts }, ...parts.map((part) => (typeof part === 'object' ? textOf(query, part) : part)));
}

/** Raised where a part of a query has no meaning; `compileParsed` catches it and adds the text. */
export class CompileError extends Error {
  readonly #span: Span;
  readonly #message: Message;
  readonly #hint: string | undefined;
  constructor(span: Span, message: Message, hint?: string) {
    super(typeof message === 'string' ? message : 'a part of the query has no meaning');
    this.#span = span;
    this.#message = message;
    this.#hint = hint && oneLine(hint, LONGEST_MESSAGE);
  }

  /** @param query the text that the span is of */
  problemIn(query: string): Problem {
    const message = typeof this.#message === 'string' ? this.#message : this.#message(query);
    return problemAt(query, this.#span.start, oneLine(message, LONGEST_MESSAGE), this.#hint);
  }
}

const LONGEST_SHOWN = 80;
const LONGEST_MESSAGE = 400;

/** A part of a query as it is written, on one line and not too long. */
export function textOf(query: string, { start, end }: Span): string {
  return oneLine(query.slice(start, end));
}

/** A text of a query for a message. */
export function oneLine(text: string, longest = LONGEST_SHOWN): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= longest ? line : `${line.slice(0, longest - 1).toWellFormed()}…`;
}
