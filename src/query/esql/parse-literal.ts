import type { Expression } from './ast.ts';
import type { DataType } from './data-type.ts';
import {
  expectSymbol,
  fail,
  failExpected,
  isWord,
  lastEnd,
  list,
  next,
  type Parser,
  peek,
  takeSymbol,
} from './parser.ts';
import { spanOf } from './time-span.ts';
import { nameOf } from './token.ts';
import { fromList, type Scalar } from './value.ts';

type Literal = Extract<Expression, { readonly kind: 'literal' }>;

/** -2³¹ to 2³¹-1: the range of `integer`. */
export const INTEGER_RANGE = { least: -2_147_483_648, most: 2_147_483_647 } as const;
/** The range of `long`. */
export const LONG_RANGE = { least: -(2n ** 63n), most: 2n ** 63n - 1n } as const;

/**
 * Reads a number whose sign, at `start`, has been taken, or a time span such as `5 minutes`. A whole number is an
 * integer if it fits, else a long, else a double.
 */
export function parseNumber(parser: Parser, start: number): Expression {
  const token = next(parser);
  const negative = parser.query.charAt(start) === '-' && start < token.start;
  const digits = parser.query.slice(token.start, token.end);
  const unit = peek(parser);
  if (token.kind === 'integer' && unit.kind === 'name' && !unit.quoted) {
    const span = spanOf(Number(digits) * (negative ? -1 : 1), nameOf(unit));
    if (span !== undefined) {
      next(parser);
      return literal(parser, start, span.type, span.value);
    }
  }
  const { type, value } = numberOf(digits, negative, token.kind === 'integer');
  if (typeof value === 'number' && !Number.isFinite(value)) {
    fail(parser, token.start, 'this number is too large', 'the largest is about 1.8e308');
  }
  return literal(parser, start, type, value);
}

function numberOf(
  digits: string,
  negative: boolean,
  whole: boolean,
): { readonly type: DataType; readonly value: Scalar } {
  const sign = negative ? '-' : '';
  // A long has 19 digits; thousands of digits need not become a bigint first.
  if (whole && digits.length <= 40) {
    const value = BigInt(sign + digits);
    if (value >= INTEGER_RANGE.least && value <= INTEGER_RANGE.most) return { type: 'integer', value: Number(value) };
    if (value >= LONG_RANGE.least && value <= LONG_RANGE.most) return { type: 'long', value };
  }
  return { type: 'double', value: Number(sign + digits) };
}

/** A list of constants of one type: `[1, 2]`, `["a", "b"]`, `[true, false]`. */
export function parseArray(parser: Parser): Expression {
  const { start } = peek(parser);
  expectSymbol(parser, '[');
  const items = list(parser, () => parseItem(parser));
  expectSymbol(parser, ']', 'a list may hold texts, numbers or booleans only');
  const types = new Set(items.map(({ type }) => type));
  const numeric = !types.has('keyword') && !types.has('boolean');
  if (types.size > 1 && !numeric) {
    fail(parser, start, 'the values of a list must have one type', 'write only texts, only numbers or only booleans');
  }
  const type = types.has('double') ? 'double' : types.has('long') ? 'long' : (items[0]?.type ?? 'null');
  const values = items.map(({ value }) => convertNumber(value, type));
  return { kind: 'literal', type, value: fromList(values), start, end: lastEnd(parser), depth: 1 };
}

function parseItem(parser: Parser): { readonly type: DataType; readonly value: Scalar } {
  const token = peek(parser);
  if (token.kind === 'string') {
    next(parser);
    return { type: 'keyword', value: token.value };
  }
  if (isWord(token, 'true') || isWord(token, 'false')) {
    next(parser);
    return { type: 'boolean', value: isWord(token, 'true') };
  }
  if (!takeSymbol(parser, '-')) takeSymbol(parser, '+');
  const number = peek(parser);
  if (number.kind !== 'integer' && number.kind !== 'decimal') failExpected(parser, 'a text, a number, true or false');
  next(parser);
  const digits = parser.query.slice(number.start, number.end);
  return numberOf(digits, parser.query.charAt(token.start) === '-', number.kind === 'integer');
}

function convertNumber(value: Scalar, type: DataType): Scalar {
  if (type === 'double') return Number(value);
  return type === 'long' && typeof value === 'number' ? BigInt(value) : value;
}

function literal(parser: Parser, start: number, type: DataType, value: Scalar): Literal {
  return { kind: 'literal', type, value, start, end: lastEnd(parser), depth: 1 };
}
