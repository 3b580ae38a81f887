import { expect, test } from '@jest/globals';
import { expectPresent } from '../../test/support/expect.ts';
import type { Field, FieldType } from '../ecs/field.ts';
import type { Value } from './function-row.ts';
import { functionOf } from './functions.ts';
import { lowerFalse, lowerTrue } from './lower.ts';
import type { CompareOperator, Expression, Predicate, Test } from './predicate.ts';
import { FALSE, TRUE } from './simplify.ts';

function field(name: string, type: FieldType = 'keyword'): Field {
  return { name, type, doc: 'A field.', read: () => undefined };
}

const F = field('f');
const N = field('n', 'integer');
const B = field('b', 'boolean');
const IP = field('ip', 'ip');

function of(known: Field): Expression {
  return { kind: 'field', field: known };
}

function literal(value: Value): Expression {
  return { kind: 'literal', value };
}

function compare(known: Field, operator: CompareOperator, value: Value): Expression {
  return { kind: 'compare', operator, left: of(known), right: literal(value) };
}

function any(known: Field, chosen: Test): Predicate {
  return { kind: 'any', field: known, test: chosen };
}

function single(known: Field): Predicate {
  return { kind: 'single', field: known };
}

function not(operand: Predicate): Predicate {
  return { kind: 'not', operand };
}

function both(...operands: readonly Predicate[]): Predicate {
  return { kind: 'and', operands };
}

function either(...operands: readonly Predicate[]): Predicate {
  return { kind: 'or', operands };
}

const isA = any(F, { kind: 'equals', value: 'a' });
const isNumber = any(N, { kind: 'range', operator: '>=', value: Number.NEGATIVE_INFINITY });

test('a comparison needs exactly one value, where it is true and where it is false', () => {
  expect(lowerTrue(compare(F, '==', 'a'))).toEqual(both(single(F), isA));
  expect(lowerFalse(compare(F, '==', 'a'))).toEqual(both(single(F), not(isA)));
  expect(lowerTrue(compare(F, '!=', 'a'))).toEqual(both(single(F), not(isA)));
  expect(lowerFalse(compare(F, '!=', 'a'))).toEqual(both(single(F), isA));
});

test('a literal on the left turns the comparison round', () => {
  const below = any(N, { kind: 'range', operator: '<', value: 5 });
  const mirrored: Expression = { kind: 'compare', operator: '>', left: literal(5), right: of(N) };
  expect(lowerTrue(mirrored)).toEqual(both(single(N), below));
  expect(lowerFalse(mirrored)).toEqual(both(single(N), isNumber, not(below)));
});

test.each([
  compare(F, '==', 5),
  compare(F, '<', null),
  compare(N, '==', '5'),
  compare(B, '<', true),
  compare(IP, '==', 'no address'),
  of(F),
  literal('true'),
  literal(null),
])('what cannot be compared is null: neither true nor false: %#', (expression) => {
  expect(lowerTrue(expression)).toEqual(FALSE);
  expect(lowerFalse(expression)).toEqual(FALSE);
});

test('not swaps true and false; and, or exchange their places under false', () => {
  const [one, two] = [compare(F, '==', 'a'), compare(B, '==', true)];
  const yes = any(B, { kind: 'equals', value: true });
  const isBoolean = either(yes, any(B, { kind: 'equals', value: false }));
  expect(lowerTrue({ kind: 'not', operand: one })).toEqual(lowerFalse(one));
  expect(lowerFalse({ kind: 'not', operand: one })).toEqual(lowerTrue(one));
  expect(lowerTrue({ kind: 'and', operands: [one, two] })).toEqual(both(single(F), isA, single(B), yes));
  expect(lowerFalse({ kind: 'and', operands: [one, two] })).toEqual(
    either(both(single(F), not(isA)), both(single(B), isBoolean, not(yes))),
  );
  expect(lowerTrue({ kind: 'or', operands: [] })).toEqual(FALSE);
  expect(lowerFalse({ kind: 'or', operands: [] })).toEqual(TRUE);
});

test('in', () => {
  const list = (...values: readonly Value[]): Expression => ({
    kind: 'in',
    operand: of(F),
    list: values.map(literal),
  });
  const isB = any(F, { kind: 'equals', value: 'b' });
  expect(lowerTrue(list('a', 'b'))).toEqual(both(single(F), either(isA, isB)));
  expect(lowerFalse(list('a', 'b'))).toEqual(both(single(F), not(either(isA, isB))));
  expect(lowerTrue(list('a', null))).toEqual(both(single(F), isA));
  expect(lowerFalse(list('a', null))).toEqual(FALSE);
  expect(lowerFalse(list('a', 5))).toEqual(FALSE);
});

test('a null test of a field asks whether it exists', () => {
  const isNull: Expression = { kind: 'isNull', operand: of(F) };
  expect(lowerTrue(isNull)).toEqual(not({ kind: 'exists', field: F }));
  expect(lowerFalse(isNull)).toEqual({ kind: 'exists', field: F });
});

test('a boolean field, a test, a predicate', () => {
  expect(lowerTrue(of(B))).toEqual(both(single(B), any(B, { kind: 'equals', value: true })));
  expect(lowerFalse(of(B))).toEqual(both(single(B), any(B, { kind: 'equals', value: false })));
  const like: Test = { kind: 'like', pieces: ['one'] };
  expect(lowerTrue({ kind: 'test', operand: of(F), test: like })).toEqual(both(single(F), any(F, like)));
  expect(lowerFalse({ kind: 'test', operand: of(F), test: like })).toEqual(both(single(F), not(any(F, like))));
  expect(lowerTrue({ kind: 'matches', predicate: isA })).toEqual(isA);
  expect(lowerFalse({ kind: 'matches', predicate: isA })).toEqual(not(isA));
});

test('what is left is evaluated', () => {
  const length = functionOf('length', 'eql');
  expectPresent(length);
  const call: Expression = { kind: 'call', function: length, arguments: [of(F)] };
  const fields: Expression = { kind: 'compare', operator: '==', left: of(F), right: of(N) };
  for (const expression of [
    fields,
    { kind: 'compare', operator: '>', left: call, right: literal(3) },
    { kind: 'isNull', operand: call },
    { kind: 'in', operand: of(F), list: [of(N)] },
    { kind: 'in', operand: call, list: [literal(1)] },
  ] satisfies readonly Expression[]) {
    expect(lowerTrue(expression)).toEqual({ kind: 'holds', expression, values: 'single' });
    const negated: Expression = { kind: 'not', operand: expression };
    expect(lowerFalse(expression)).toEqual({ kind: 'holds', expression: negated, values: 'single' });
  }
});
