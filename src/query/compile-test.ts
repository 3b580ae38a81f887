import type { FieldType, FieldValue } from '../ecs/field.ts';
import { addressKey, addressRange } from './address.ts';
import { foldAscii } from './fold-ascii.ts';
import { compileLike } from './like.ts';
import { compileWildcard } from './pattern.ts';
import type { Test } from './predicate.ts';
import { compileRegex } from './regex/compile-regex.ts';
import { numberOf } from './to-value.ts';

/** Tests one value of a field: for a field of type `ip` its address key, else the value as the field reads it. */
export type ValueTest = (value: FieldValue) => boolean;

type RangeOperator = Extract<Test, { readonly kind: 'range' }>['operator'];

const NEVER: ValueTest = () => false;

/**
 * A test of one value for a field of a type. What has no meaning there is never true: a pattern or a text comparison on
 * a number, a boolean or a date, a prefix on anything but an address. Without case, letters of ASCII alone are the same
 * (see `foldAscii`).
 */
export function compileTest(test: Test, type: FieldType): ValueTest {
  switch (test.kind) {
    case 'equals':
      return compileEquals(test.value, type, isCaseless(test));
    case 'wildcard':
    case 'like':
    case 'regex': {
      if (type !== 'keyword') return NEVER;
      const matches = compilePattern(test);
      return (value) => matches(typeof value === 'string' ? value : String(value));
    }
    case 'range':
      return compileRange(test.operator, test.value, type);
    case 'cidr': {
      const range = type === 'ip' ? addressRange(test.cidr) : undefined;
      if (range === undefined) return NEVER;
      const { first, last } = range;
      return (value) => value >= first && value <= last;
    }
  }
}

type PatternTest = Extract<Test, { readonly kind: 'wildcard' | 'like' | 'regex' }>;

function compilePattern(test: PatternTest): (text: string) => boolean {
  const caseless = isCaseless(test);
  switch (test.kind) {
    case 'wildcard': {
      if (!caseless) return compileWildcard(test.parts);
      const matches = compileWildcard(test.parts.map(foldAscii));
      return (text) => matches(foldAscii(text));
    }
    case 'like':
      return compileLike(test.pieces, caseless);
    case 'regex': {
      const result = compileRegex(test.source, test.syntax, caseless);
      return result.kind === 'ok' ? result.matches : () => false;
    }
  }
}

function isCaseless(test: { readonly caseless?: true }): boolean {
  return test.caseless === true;
}

/** True if a value passes at least one of the tests: one look-up for all equalities, one for all without case, then the others. */
export function compileAnyOf(tests: readonly Test[], type: FieldType): ValueTest {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return compileTest(only, type);
  const equal = new Set<string>();
  const folded = new Set<string>();
  const others: ValueTest[] = [];
  for (const test of tests) {
    if (test.kind === 'equals') {
      const text = equalityText(test.value, type);
      if (text !== undefined && isCaseless(test)) folded.add(foldAscii(text));
      else if (text !== undefined) equal.add(text);
    } else {
      others.push(compileTest(test, type));
    }
  }
  if (others.length === 0 && folded.size === 0) {
    return (value) => equal.has(typeof value === 'string' ? value : String(value));
  }
  return (value) => {
    const text = typeof value === 'string' ? value : String(value);
    if (equal.size > 0 && equal.has(text)) return true;
    if (folded.size > 0 && folded.has(foldAscii(text))) return true;
    for (const other of others) if (other(value)) return true;
    return false;
  };
}

/** The text that equal values have, or undefined if no value of the type can be equal. */
function equalityText(value: FieldValue, type: FieldType): string | undefined {
  return type === 'ip' ? addressKey(String(value)) : String(value);
}

function compileEquals(sought: FieldValue, type: FieldType, caseless: boolean): ValueTest {
  const text = equalityText(sought, type);
  if (text === undefined) return NEVER;
  if (caseless) {
    const folded = foldAscii(text);
    return (value) => foldAscii(typeof value === 'string' ? value : String(value)) === folded;
  }
  return (value) => value === text || (typeof value !== 'string' && String(value) === text);
}

/** Numbers and dates compare as numbers, addresses in their order, keywords as text (by UTF-16 units), booleans not at all. */
function compileRange(operator: RangeOperator, bound: FieldValue, type: FieldType): ValueTest {
  switch (type) {
    case 'integer':
    case 'date':
      return typeof bound === 'number' ? compareNumber(operator, bound) : NEVER;
    case 'ip': {
      const key = addressKey(String(bound));
      return key === undefined ? NEVER : compareText(operator, key);
    }
    case 'keyword':
      return compareText(operator, String(bound));
    case 'boolean':
      return NEVER;
  }
}

function compareNumber(operator: RangeOperator, bound: number): ValueTest {
  switch (operator) {
    case '<':
      return (value) => (numberOf(value) ?? Number.NaN) < bound;
    case '<=':
      return (value) => (numberOf(value) ?? Number.NaN) <= bound;
    case '>':
      return (value) => (numberOf(value) ?? Number.NaN) > bound;
    case '>=':
      return (value) => (numberOf(value) ?? Number.NaN) >= bound;
  }
}

function compareText(operator: RangeOperator, bound: string): ValueTest {
  switch (operator) {
    case '<':
      return (value) => String(value) < bound;
    case '<=':
      return (value) => String(value) <= bound;
    case '>':
      return (value) => String(value) > bound;
    case '>=':
      return (value) => String(value) >= bound;
  }
}
