import type { Predicate } from '../predicate/predicate.ts';
import { FALSE } from '../predicate/simplify.ts';
import { type Problem, type ProblemKind, problemAt } from '../problem.ts';
import { type Keyword, type Punctuation, type Token, tokenize, type WordToken } from './lexer.ts';

const MAXIMUM_PROBLEMS = 20;

/** The position of a parser in a query, and the problems found so far. */
export interface Parser {
  readonly query: string;
  readonly tokens: readonly Token[];
  readonly problems: Problem[];
  index: number;
  depth: number;
  failed: boolean;
}

/** A parser at the first token. */
export function createParser(query: string): Parser {
  return { query, tokens: tokenize(query), problems: [], index: 0, depth: 0, failed: false };
}

/** The next token, without taking it. */
export function peek(parser: Parser): Token {
  return parser.tokens[parser.index] ?? { kind: 'end', start: parser.query.length, end: parser.query.length };
}

/** Takes the next token; the end is never passed. */
export function next(parser: Parser): Token {
  const token = peek(parser);
  if (token.kind !== 'end') parser.index += 1;
  return token;
}

/** The next token if it is a word and not a keyword. */
export function peekWord(parser: Parser): WordToken | undefined {
  const token = peek(parser);
  return token.kind === 'word' && token.keyword === undefined ? token : undefined;
}

export function isSymbol(token: Token | undefined, symbol: Punctuation): boolean {
  return token?.kind === 'symbol' && token.symbol === symbol;
}

export function isKeyword(token: Token, keyword: Keyword): boolean {
  return token.kind === 'word' && token.keyword === keyword;
}

/** A token as written in the query. */
export function sourceOf(parser: Parser, token: Token): string {
  return parser.query.slice(token.start, token.end);
}

/** Reports a problem and goes on. After 20 problems, parsing stops. */
export function report(parser: Parser, offset: number, message: string, hint?: string, kind?: ProblemKind): void {
  if (parser.failed) return;
  parser.problems.push(problemAt(parser.query, offset, message, hint, kind));
  if (parser.problems.length >= MAXIMUM_PROBLEMS) stop(parser);
}

/**
 * Reports a syntax error and stops parsing. Only the end token is left, which every production accepts, and later
 * problems are dropped. The result stands in for the missing condition.
 */
export function fail(parser: Parser, offset: number, message: string, hint?: string, kind?: ProblemKind): Predicate {
  report(parser, offset, message, hint, kind);
  stop(parser);
  return FALSE;
}

function stop(parser: Parser): void {
  parser.failed = true;
  parser.index = parser.tokens.length - 1;
}
