import { clip, type Problem, problemAt } from '../problem.ts';
import { tokenize } from './lexer.ts';
import { type NameToken, nameOf, type Punctuation, type Span, type Token } from './token.ts';

/** The position of a parser in a query. */
export interface Parser {
  readonly query: string;
  readonly tokens: readonly Token[];
  index: number;
  depth: number;
  /** How many of each limited kind have been parsed. */
  readonly counts: Record<Counted, number>;
}

type Counted = 'columns' | 'patterns' | 'groks';

/** Things that take time or memory to prepare, and how many a query may have. */
const MOST: Readonly<Record<Counted, number>> = { columns: 1_000, patterns: 500, groks: 50 };
const COUNTED: Readonly<Record<Counted, string>> = {
  columns: 'names of columns in commands',
  patterns: 'patterns of LIKE and RLIKE',
  groks: 'patterns of GROK',
};

/** Raised by `fail` and caught by `parseEsql`: a syntax error. */
export class SyntaxProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Nested parentheses, calls and signs; and links of one operator chain. */
export const MAXIMUM_DEPTH = 100;
export const MAXIMUM_CHAIN = 400;

export function createParser(query: string): Parser {
  return { query, tokens: tokenize(query), index: 0, depth: 0, counts: { columns: 0, patterns: 0, groks: 0 } };
}

/** The next token, or one further ahead, without taking it. */
export function peek(parser: Parser, ahead = 0): Token {
  const { tokens, index, query } = parser;
  return tokens[index + ahead] ?? { kind: 'end', start: query.length, end: query.length };
}

/** Takes the next token; the end is never passed. */
export function next(parser: Parser): Token {
  const token = peek(parser);
  if (token.kind !== 'end') parser.index += 1;
  return token;
}

/** The end of the last token taken. */
export function lastEnd(parser: Parser): number {
  return parser.tokens[parser.index - 1]?.end ?? 0;
}

/** Reports a syntax error and stops parsing. */
export function fail(parser: Parser, place: number, message: string, hint?: string): never {
  throw new SyntaxProblemError(problemAt(parser.query, place, message, hint));
}

/** A token in words, for a message. */
export function found(parser: Parser, token: Token): string {
  return token.kind === 'end' ? 'the end of the query' : `\`${clip(parser.query.slice(token.start, token.end))}\``;
}

/** Stops at the next token, which is not allowed there. */
export function failExpected(parser: Parser, expected: string, hint?: string): never {
  const token = peek(parser);
  if (token.kind === 'broken') fail(parser, token.start, token.message, token.hint);
  fail(parser, token.start, `expected ${expected}, found ${found(parser, token)}`, hint);
}

export function isSymbol(token: Token, symbol: Punctuation): boolean {
  return token.kind === 'symbol' && token.symbol === symbol;
}

/** A keyword; a name in backticks is never one. */
export function isWord(token: Token, word: string): boolean {
  return token.kind === 'name' && !token.quoted && nameOf(token).toLowerCase() === word;
}

export function takeSymbol(parser: Parser, symbol: Punctuation): boolean {
  if (!isSymbol(peek(parser), symbol)) return false;
  parser.index += 1;
  return true;
}

export function takeWord(parser: Parser, word: string): boolean {
  if (!isWord(peek(parser), word)) return false;
  parser.index += 1;
  return true;
}

export function expectSymbol(parser: Parser, symbol: Punctuation, hint?: string): void {
  if (!takeSymbol(parser, symbol)) failExpected(parser, `\`${symbol}\``, hint);
}

/** The next token, if it is a name without wildcards. */
export function expectName(parser: Parser, what: string): NameToken {
  const token = peek(parser);
  if (token.kind !== 'name') failExpected(parser, what);
  if (token.pieces.length > 1) fail(parser, token.start, `wildcards are not allowed here: expected ${what}`);
  parser.index += 1;
  return token;
}

export function expectText(parser: Parser, what: string): Span & { readonly value: string } {
  const token = peek(parser);
  if (token.kind !== 'string') failExpected(parser, `${what} in quotation marks`);
  parser.index += 1;
  return { value: token.value, start: token.start, end: token.end };
}

/** Parses a nested part, one level deeper. */
export function deeper<T>(parser: Parser, parse: () => T): T {
  if (parser.depth >= MAXIMUM_DEPTH) {
    fail(
      parser,
      peek(parser).start,
      `the expression is nested more than ${MAXIMUM_DEPTH} deep`,
      'split it into several EVAL commands',
    );
  }
  parser.depth += 1;
  const inner = parse();
  parser.depth -= 1;
  return inner;
}

/** Items separated by commas. */
export function list<T>(parser: Parser, parse: () => T): readonly T[] {
  const items = [parse()];
  while (takeSymbol(parser, ',')) items.push(parse());
  return items;
}

/** Counts one item of a limited kind, and stops parsing if there are too many. */
export function count(parser: Parser, counted: Counted): void {
  parser.counts[counted] += 1;
  if (parser.counts[counted] <= MOST[counted]) return;
  fail(parser, peek(parser).start, `the query has more than ${MOST[counted]} ${COUNTED[counted]}`);
}
