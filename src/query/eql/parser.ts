import { clip, type Problem, type ProblemKind, problemAt } from '../problem.ts';
import { tokenize } from './lexer.ts';
import type { Node } from './syntax.ts';
import type { Keyword, Punctuation, Token } from './token.ts';

/** The position of a parser in a query, and the syntax error that ended parsing. */
export interface Parser {
  readonly query: string;
  readonly tokens: readonly Token[];
  index: number;
  depth: number;
  operators: number;
  mistake: Problem | undefined;
}

/** A parser at the first token. */
export function createParser(query: string): Parser {
  return { query, tokens: tokenize(query), index: 0, depth: 0, operators: 0, mistake: undefined };
}

/** The next token, or the one `ahead` of it, without taking it. */
export function peek(parser: Parser, ahead = 0): Token {
  return parser.tokens[parser.index + ahead] ?? endOf(parser);
}

/** Takes the next token; the end is never passed. */
export function next(parser: Parser): Token {
  const token = peek(parser);
  if (token.kind !== 'end') parser.index += 1;
  return token;
}

/** The last token taken. */
export function previous(parser: Parser): Token | undefined {
  return parser.tokens[parser.index - 1];
}

/** The offset after the last token taken. */
export function behind(parser: Parser): number {
  return previous(parser)?.end ?? 0;
}

export function isSymbol(token: Token | undefined, symbol: Punctuation): boolean {
  return token?.kind === 'symbol' && token.symbol === symbol;
}

export function isKeyword(token: Token | undefined, keyword: Keyword): boolean {
  return token?.kind === 'keyword' && token.keyword === keyword;
}

/** Takes the next token if it is this symbol. */
export function takeSymbol(parser: Parser, symbol: Punctuation): Token | undefined {
  return isSymbol(peek(parser), symbol) ? next(parser) : undefined;
}

/** Takes the next token if it is this keyword. */
export function takeKeyword(parser: Parser, keyword: Keyword): Token | undefined {
  return isKeyword(peek(parser), keyword) ? next(parser) : undefined;
}

/** A token as it stands in the query, for a message. */
export function shown(parser: Parser, token: Token): string {
  return token.kind === 'end' ? 'the end' : `\`${clip(parser.query.slice(token.start, token.end))}\``;
}

/**
 * Reports a syntax error and stops parsing: only the end token is left, which every production accepts, and later
 * errors are dropped. If the next token is invalid, that is the error. The result stands in for the missing expression.
 */
export function fail(parser: Parser, offset: number, message: string, hint?: string, kind?: ProblemKind): Node {
  const token = peek(parser);
  parser.mistake ??=
    token.kind === 'broken'
      ? problemAt(parser.query, token.start, token.message, token.hint)
      : problemAt(parser.query, offset, message, hint, kind);
  parser.index = parser.tokens.length - 1;
  return { kind: 'null', start: offset, end: offset };
}

function endOf(parser: Parser): Token {
  return { kind: 'end', start: parser.query.length, end: parser.query.length };
}
