import { clip } from '../problem.ts';
import { fail, isKeyword, isSymbol, type Parser, peek, previous, shown } from './parser.ts';
import type { Node } from './syntax.ts';
import { KEYWORDS, type Token } from './token.ts';

const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS);

/** Operators of other languages, and the EQL equivalents. */
const OPERATORS: Readonly<Record<string, string>> = {
  is: '== or !=',
  equals: '==',
  contains: 'like "*text*", or the function stringContains',
  startswith: 'like "text*", or the function startsWith',
  endswith: 'like "*text", or the function endsWith',
  matches: 'like "te*t", or regex "te.*t"',
  wildcard: 'like',
  rlike: 'regex',
};

/** A complete expression is followed by something that is not an operator and does not end it. */
export function failAfterExpression(parser: Parser): Node {
  const token = peek(parser);
  switch (token.kind) {
    case 'name':
      return failAtName(parser, token);
    case 'symbol':
      return failAtSymbol(parser, token);
    case 'broken':
    case 'tilde':
    case 'keyword':
    case 'string':
    case 'number':
    case 'end':
      if (isKeyword(token, 'of')) return failAtLineage(parser, previous(parser) ?? token);
      return fail(parser, token.start, `expected an operator, found ${shown(parser, token)}`, hintAfter(parser, token));
  }
}

/** An expression is missing after an operator, a keyword, a comma or a parenthesis. */
export function failMissingExpression(parser: Parser): Node {
  const token = peek(parser);
  const before = previous(parser);
  if (isSymbol(before, '=') || isSymbol(token, '=')) return failAtEquals(parser, isSymbol(token, '=') ? token : before);
  if (isSymbol(before, '(') && token.kind === 'end') return failUnclosed(parser, before);
  if (token.kind === 'end' && before !== undefined) {
    const message = `${shown(parser, before)} has no operand to its right`;
    return fail(
      parser,
      before.start,
      message,
      isKeyword(before, 'where') ? 'write a condition, or `true`' : 'add the missing part, or remove it',
    );
  }
  if (token.kind === 'keyword') {
    const hint = `if this is a field name, put it in backticks: \`${token.keyword}\``;
    return fail(parser, token.start, `expected an expression, found ${shown(parser, token)}`, hint);
  }
  return fail(parser, token.start, `expected an expression, found ${shown(parser, token)}`, hintForMissing(token));
}

/** An unbalanced parenthesis. */
export function failUnclosed(parser: Parser, open: Token | undefined): Node {
  return fail(parser, open?.start ?? 0, 'this `(` is never closed', 'add the closing `)`');
}

/** `=`, which old versions of Elasticsearch's EQL accepted for equality. */
function failAtEquals(parser: Parser, token: Token | undefined): Node {
  const hint = 'write == to compare, or : to compare in any letter case';
  return fail(parser, token?.start ?? 0, '`=` is not an EQL operator', hint);
}

function failAtName(parser: Parser, token: Extract<Token, { readonly kind: 'name' }>): Node {
  const lower = token.name.toLowerCase();
  if (!token.quoted && KEYWORD_SET.has(lower)) {
    const message = `expected an operator, found ${shown(parser, token)}`;
    return fail(parser, token.start, message, `keywords are in lower case: write \`${lower}\``);
  }
  const instead = Object.hasOwn(OPERATORS, lower) ? OPERATORS[lower] : undefined;
  if (instead !== undefined && !token.quoted) {
    return fail(parser, token.start, `${shown(parser, token)} is not an EQL operator`, `write ${instead}`);
  }
  return fail(parser, token.start, `expected an operator, found ${shown(parser, token)}`, hintAfter(parser, token));
}

function failAtLineage(parser: Parser, token: Token): Node {
  return fail(
    parser,
    token.start,
    'relations of processes (`child of`, `descendant of`, `event of`) are not supported, here or in Elasticsearch',
    'write a sequence of events',
  );
}

function failAtSymbol(parser: Parser, token: Extract<Token, { readonly kind: 'symbol' }>): Node {
  switch (token.symbol) {
    case '=':
      return failAtEquals(parser, token);
    case ')':
      return fail(parser, token.start, 'nothing opens this `)`', 'remove it');
    case ']':
      return fail(parser, token.start, 'nothing opens this `]`', 'remove it');
    case '(':
      return fail(parser, token.start, 'expected an operator before `(`', hintAfter(parser, token));
    case '|':
      if (isSymbol(peek(parser, 1), '|')) return fail(parser, token.start, '`||` is not an EQL operator', 'write `or`');
      return fail(parser, token.start, 'unexpected `|`', 'write `or` between two conditions');
    default:
      return fail(parser, token.start, `unexpected \`${token.symbol}\``, hintAfter(parser, token));
  }
}

function hintAfter(parser: Parser, token: Token): string {
  if (token.kind === 'keyword' && token.keyword === 'of')
    return 'relations of processes (`child of`) are not supported';
  const before = previous(parser);
  if (before?.kind === 'name' && token.kind === 'number') {
    return `put the whole field name in backticks: \`${clip(before.name)}…\``;
  }
  if (before?.kind === 'number' && token.kind === 'name') return 'put text and dates in double quotes';
  return 'join conditions with `and` or `or`; put a field name with unusual characters in backticks';
}

function hintForMissing(token: Token): string | undefined {
  if (isSymbol(token, '*')) return 'put a wildcard inside a text: write field : "*"';
  if (isSymbol(token, '[')) return 'put a list in parentheses: ("a", "b")';
  return undefined;
}
