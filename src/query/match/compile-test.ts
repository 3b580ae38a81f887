import type { FieldType, FieldValue } from '../../ecs/field.ts';
import type { Test } from '../predicate/predicate.ts';
import { compileRegex } from '../regex/compile-regex.ts';
import { addressKey, addressRange } from '../values/address.ts';
import { foldAscii } from '../values/fold-ascii.ts';
import { compileLike } from './like.ts';
import { numberOf } from './to-value.ts';
import { compileWildcard } from './wildcard.ts';

/** Tests one value of a field: the address key for a field of type `ip`, else the value as read. */
export type ValueTest = (value: FieldValue) => boolean;

type RangeOperator = Extract<Test, { readonly kind: 'range' }>['operator'];

const NEVER: ValueTest = () => false;

/**
 * Compiles a test of one value for a field of a type. Tests that make no sense for the type are always false: a pattern
 * or text comparison on a number, a boolean or a date; a prefix on anything but an address. Without case, only ASCII
 * letters are folded (see `foldAscii`).
 */
export function compileTest(test: Test, type: FieldType): ValueTest {
  if (isFoldable(test)) return onFolded(compileTest(folded(test), type));
  switch (test.kind) {
    case 'equals':
      return compileEquals(test.value, type);
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

function compilePattern(
  test: Extract<Test, { readonly kind: 'wildcard' | 'like' | 'regex' }>,
): (text: string) => boolean {
  switch (test.kind) {
    case 'wildcard':
      return compileWildcard(test.parts);
    case 'like':
      return compileLike(test.pieces);
    case 'regex': {
      const result = compileRegex(test.source, test.syntax, test.caseless);
      return result.kind === 'ok' ? result.matches : () => false;
    }
  }
}

/**
 * True if a value passes at least one of the tests: one lookup for all equalities, then the others; the same again
 * without case.
 */
export function compileAnyOf(tests: readonly Test[], type: FieldType): ValueTest {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return compileTest(only, type);
  const foldable = tests.filter(isFoldable);
  if (foldable.length > 0) {
    const caseless = onFolded(compileAnyOf(foldable.map(folded), type));
    const others = tests.filter((test) => !isFoldable(test));
    if (others.length === 0) return caseless;
    const cased = compileAnyOf(others, type);
    return (value) => cased(value) || caseless(value);
  }
  const equal = new Set<string>();
  const others: ValueTest[] = [];
  for (const test of tests) {
    if (test.kind === 'equals') {
      const text = equalityText(test.value, type);
      if (text !== undefined) equal.add(text);
    } else {
      others.push(compileTest(test, type));
    }
  }
  if (others.length === 0) return (value) => equal.has(typeof value === 'string' ? value : String(value));
  return (value) => {
    if (equal.size > 0 && equal.has(typeof value === 'string' ? value : String(value))) return true;
    for (const other of others) if (other(value)) return true;
    return false;
  };
}

type Foldable = Extract<Test, { readonly kind: 'equals' | 'wildcard' | 'like' }> & { readonly caseless: true };

/** The test without case: the same test with case, with test and text folded. */
function isFoldable(test: Test): test is Foldable {
  return test.kind !== 'range' && test.kind !== 'cidr' && test.kind !== 'regex' && test.caseless === true;
}

function folded(test: Foldable): Test {
  switch (test.kind) {
    case 'equals':
      return { kind: 'equals', value: foldAscii(String(test.value)) };
    case 'wildcard':
      return { kind: 'wildcard', parts: test.parts.map(foldAscii) };
    case 'like':
      return {
        kind: 'like',
        pieces: test.pieces.map((piece) => (typeof piece === 'string' ? piece : { literal: foldAscii(piece.literal) })),
      };
  }
}

function onFolded(test: ValueTest): ValueTest {
  return (value) => test(foldAscii(typeof value === 'string' ? value : String(value)));
}

/** The text of equal values; undefined if no value of the type can be equal. */
function equalityText(value: FieldValue, type: FieldType): string | undefined {
  return type === 'ip' ? addressKey(String(value)) : String(value);
}

function compileEquals(sought: FieldValue, type: FieldType): ValueTest {
  const text = equalityText(sought, type);
  if (text === undefined) return NEVER;
  return (value) => value === text || (typeof value !== 'string' && String(value) === text);
}

/**
 * Numbers and dates compare as numbers, addresses by their order, keywords as text (UTF-16 units); booleans have no
 * order.
 */
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
