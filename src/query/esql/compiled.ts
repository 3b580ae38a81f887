import { type Problem, problemAt } from '../problem.ts';
import type { Expression } from './ast.ts';
import type { DataType } from './data-type.ts';
import type { Evaluate } from './run.ts';
import type { Span } from './token.ts';
import type { Value } from './value.ts';

/** A checked expression: its type and the function that computes it. */
export interface Compiled extends Span {
  readonly type: DataType;
  readonly evaluate: Evaluate;
  /** The value, if the expression is a literal. */
  readonly literal?: { readonly value: Value };
  /** True if it reads no column. */
  readonly constant: boolean;
}

/** A column of a row. It gets a slot when it is first read. */
export interface Column {
  readonly name: string;
  readonly type: DataType;
  readonly slot: () => number;
}

/** Resolves the names in an expression, and says what is allowed in its context. */
export interface Environment {
  readonly column: (name: string) => Column | undefined;
  readonly suggestColumn: (name: string) => string | undefined;
  /**
   * The index of a KQL condition. @throws CompileError if there is no document to evaluate or the condition is invalid
   */
  readonly kqlCondition: (text: string, place: Span) => number;
  /** True where STATS takes a group: BUCKET is allowed. */
  readonly grouping: boolean;
  /** Replaces aggregate calls where they are allowed. */
  readonly aggregate?: (call: Extract<Expression, { kind: 'call' }>) => Compiled | undefined;
}

/** An error message. A message that quotes the query is built once its text is available. */
type Message = string | ((query: string) => string);

/** A message that quotes parts of the query: spans are replaced by their text. */
export function quoting(texts: TemplateStringsArray, ...parts: readonly (string | number | Span)[]): Message {
  return (query) =>
    String.raw({ raw: texts }, ...parts.map((part) => (typeof part === 'object' ? textOf(query, part) : part)));
}

/** Raised for an invalid part of a query; `compileParsed` catches it and adds the text. */
export class CompileError extends Error {
  readonly #span: Span;
  readonly #message: Message;
  readonly #hint: string | undefined;
  constructor(span: Span, message: Message, hint?: string) {
    super(typeof message === 'string' ? message : 'invalid part of the query');
    this.#span = span;
    this.#message = message;
    this.#hint = hint && oneLine(hint, LONGEST_MESSAGE);
  }

  /** @param query the text that the span refers to */
  problemIn(query: string): Problem {
    const message = typeof this.#message === 'string' ? this.#message : this.#message(query);
    return problemAt(query, this.#span.start, oneLine(message, LONGEST_MESSAGE), this.#hint);
  }
}

const LONGEST_SHOWN = 80;
const LONGEST_MESSAGE = 400;

/** A part of a query as written, on one line and cut if it is long. */
export function textOf(query: string, { start, end }: Span): string {
  return oneLine(query.slice(start, end));
}

/** Text from a query, for a message. */
export function oneLine(text: string, longest = LONGEST_SHOWN): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= longest ? line : `${line.slice(0, longest - 1).toWellFormed()}…`;
}
