import { nearest } from '../nearest.ts';
import type { ArithmeticOperator, CompareOperator, Expression, Text } from './ast.ts';
import { TYPE_NAMES } from './data-type.ts';
import { parseArray, parseNumber } from './parse-literal.ts';
import {
  count,
  deeper,
  expectName,
  expectSymbol,
  expectText,
  fail,
  failExpected,
  found,
  isSymbol,
  isWord,
  lastEnd,
  list,
  MAXIMUM_CHAIN,
  next,
  type Parser,
  peek,
  takeSymbol,
  takeWord,
} from './parser.ts';
import { nameOf, type Span } from './token.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const EQUALS_HINT = 'write == to compare; a single = names a column in EVAL, STATS and ROW';

/** An expression before its length and depth are known. */
type Draft<T> = T extends unknown ? Omit<T, 'start' | 'end' | 'depth'> : never;

/**
 * Reads an expression.
 *
 *   or         = and { OR and }
 *   and        = not { AND not }
 *   not        = NOT not | condition
 *   condition  = sum [ comparison sum ] { IS [ NOT ] NULL | [ NOT ] IN "(" or { "," or } ")" | [ NOT ] ( LIKE | RLIKE ) patterns }
 *   patterns   = text | "(" text { "," text } ")"
 *   sum        = product { ( "+" | "-" ) product }
 *   product    = signed { ( "*" | "/" | "%" ) signed }
 *   signed     = ( "-" | "+" ) signed | cast
 *   cast       = primary { "::" type }
 *   primary    = literal | name [ "(" arguments ")" ] | "(" or ")"
 */
export function parseExpression(parser: Parser): Expression {
  return junction(parser, 'or', () => junction(parser, 'and', () => parseNot(parser)));
}

function junction(parser: Parser, kind: 'and' | 'or', parse: () => Expression): Expression {
  const first = parse();
  if (!isWord(peek(parser), kind)) return first;
  const operands = [first];
  while (takeWord(parser, kind)) operands.push(parse());
  return node(parser, first.start, operands, { kind, operands });
}

function parseNot(parser: Parser): Expression {
  const { start } = peek(parser);
  if (!takeWord(parser, 'not')) return parseCondition(parser);
  const operand = deeper(parser, () => parseNot(parser));
  return node(parser, start, [operand], { kind: 'not', operand });
}

function parseCondition(parser: Parser): Expression {
  let operand = parseSum(parser);
  const token = peek(parser);
  if (token.kind === 'symbol' && COMPARISONS.has(token.symbol)) {
    next(parser);
    const right = parseSum(parser);
    const operator = token.symbol as CompareOperator;
    operand = node(parser, operand.start, [operand, right], { kind: 'compare', operator, left: operand, right });
  }
  for (;;) {
    const after = parsePostfix(parser, operand);
    if (after === undefined) return operand;
    operand = after;
  }
}

/** IS NULL, IN, LIKE and RLIKE after their operand; undefined if none follows. */
function parsePostfix(parser: Parser, operand: Expression): Expression | undefined {
  if (takeWord(parser, 'is')) {
    const negated = takeWord(parser, 'not');
    if (!takeWord(parser, 'null')) failExpected(parser, negated ? '`NULL`' : '`NULL` or `NOT NULL`');
    return node(parser, operand.start, [operand], { kind: 'isNull', operand, negated });
  }
  const negated = isWord(peek(parser), 'not');
  const word = peek(parser, negated ? 1 : 0);
  const kind = (['in', 'like', 'rlike'] as const).find((name) => isWord(word, name));
  if (kind === undefined) {
    if (isWord(word, 'between')) {
      fail(parser, word.start, '`BETWEEN` is not an ES|QL operator', 'write x >= 1 AND x <= 9');
    }
    return undefined;
  }
  if (negated) next(parser);
  next(parser);
  const asked = kind === 'in' ? parseIn(parser, operand) : parseLike(parser, kind, operand);
  return negated ? node(parser, operand.start, [asked], { kind: 'not', operand: asked }) : asked;
}

function parseIn(parser: Parser, operand: Expression): Expression {
  expectSymbol(parser, '(', 'put the values in parentheses: x IN ("a", "b")');
  const values = deeper(parser, () => list(parser, () => parseExpression(parser)));
  expectSymbol(parser, ')');
  return node(parser, operand.start, [operand, ...values], { kind: 'in', operand, list: values });
}

function parseLike(parser: Parser, kind: 'like' | 'rlike', operand: Expression): Expression {
  const parsePattern = (): Text => {
    count(parser, 'patterns');
    return expectText(parser, 'a pattern');
  };
  let patterns: readonly Text[];
  if (takeSymbol(parser, '(')) {
    patterns = list(parser, parsePattern);
    expectSymbol(parser, ')');
  } else {
    patterns = [parsePattern()];
  }
  return node(parser, operand.start, [operand], { kind, operand, patterns });
}

function parseSum(parser: Parser): Expression {
  return chain(parser, ['+', '-'], () => chain(parser, ['*', '/', '%'], () => parseSigned(parser)));
}

function chain(parser: Parser, operators: readonly ArithmeticOperator[], parse: () => Expression): Expression {
  let left = parse();
  for (;;) {
    const operator = operators.find((symbol) => isSymbol(peek(parser), symbol));
    if (operator === undefined) return left;
    next(parser);
    const right = parse();
    left = node(parser, left.start, [left, right], { kind: 'arithmetic', operator, left, right });
  }
}

function parseSigned(parser: Parser): Expression {
  const sign = peek(parser);
  if (takeSymbol(parser, '+')) return deeper(parser, () => parseSigned(parser));
  if (!takeSymbol(parser, '-')) return parseCast(parser);
  const number = peek(parser);
  if (number.kind === 'integer' || number.kind === 'decimal') {
    return castsOf(parser, parseNumber(parser, sign.start));
  }
  const operand = deeper(parser, () => parseSigned(parser));
  return node(parser, sign.start, [operand], { kind: 'negate', operand });
}

function parseCast(parser: Parser): Expression {
  return castsOf(parser, parsePrimary(parser));
}

function castsOf(parser: Parser, primary: Expression): Expression {
  let operand = primary;
  while (takeSymbol(parser, '::')) {
    const name = expectName(parser, 'a type');
    const written = nameOf(name).toLowerCase();
    const type = Object.hasOwn(TYPE_NAMES, written) ? TYPE_NAMES[written] : undefined;
    if (type === undefined) {
      const close = nearest(written, Object.keys(TYPE_NAMES));
      const hint = close === undefined ? `types are ${Object.keys(TYPE_NAMES).join(', ')}` : `did you mean ${close}?`;
      fail(parser, name.start, `unknown type ${found(parser, name)}`, hint);
    }
    operand = node(parser, operand.start, [operand], { kind: 'cast', operand, type });
  }
  return operand;
}

function parsePrimary(parser: Parser): Expression {
  const token = peek(parser);
  switch (token.kind) {
    case 'string':
      next(parser);
      return node(parser, token.start, [], { kind: 'literal', type: 'keyword', value: token.value });
    case 'integer':
    case 'decimal':
      return parseNumber(parser, token.start);
    case 'name':
      return parseNamed(parser);
    case 'symbol':
      if (token.symbol === '[') return parseArray(parser);
      if (takeSymbol(parser, '(')) {
        const inner = deeper(parser, () => parseExpression(parser));
        closeParenthesis(parser, token);
        return inner;
      }
      return failExpected(parser, 'a value');
    default:
      return failExpected(parser, 'a value');
  }
}

function closeParenthesis(parser: Parser, open: Span): void {
  if (takeSymbol(parser, ')')) return;
  if (peek(parser).kind === 'end') fail(parser, open.start, 'this parenthesis is never closed', 'add the closing )');
  failExpected(parser, '`)`', isSymbol(peek(parser), '=') ? EQUALS_HINT : 'join conditions with AND or OR');
}

/** A constant keyword, a call or a column. */
function parseNamed(parser: Parser): Expression {
  const token = expectName(parser, 'a name');
  const name = nameOf(token);
  const word = token.quoted ? '' : name.toLowerCase();
  if (isSymbol(peek(parser), '(') && !RESERVED.has(word)) return parseCall(parser, name, token);
  if (word === 'null') return node(parser, token.start, [], { kind: 'literal', type: 'null', value: null });
  if (word === 'true' || word === 'false') {
    return node(parser, token.start, [], { kind: 'literal', type: 'boolean', value: word === 'true' });
  }
  if (RESERVED.has(word)) {
    parser.index -= 1;
    failExpected(parser, 'a value', `put ${word} in backticks if it is a column`);
  }
  if (isSymbol(peek(parser), ':')) {
    const hint = `write ${name} == "value", or KQL("${name}:value")`;
    fail(parser, peek(parser).start, 'the match operator `:` is not supported: there is no full-text search', hint);
  }
  return node(parser, token.start, [], { kind: 'column', name });
}

const RESERVED: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'in',
  'is',
  'like',
  'rlike',
  'by',
  'asc',
  'desc',
  'nulls',
]);

function parseCall(parser: Parser, name: string, place: Span): Expression {
  const open = peek(parser);
  expectSymbol(parser, '(');
  let star = false;
  let values: readonly Expression[] = [];
  if (isSymbol(peek(parser), '*') && isSymbol(peek(parser, 1), ')')) {
    star = true;
    next(parser);
  } else if (!isSymbol(peek(parser), ')')) {
    values = deeper(parser, () => list(parser, () => parseExpression(parser)));
  }
  closeParenthesis(parser, open);
  return node(parser, place.start, values, { kind: 'call', name, nameEnd: place.end, arguments: values, star });
}

function node(parser: Parser, start: number, below: readonly Expression[], draft: Draft<Expression>): Expression {
  let depth = 1;
  for (const child of below) depth = Math.max(depth, child.depth + 1);
  if (depth > MAXIMUM_CHAIN) {
    fail(
      parser,
      start,
      `more than ${MAXIMUM_CHAIN} operations in one expression`,
      'split it into several EVAL commands',
    );
  }
  return { ...draft, start, end: lastEnd(parser), depth };
}
