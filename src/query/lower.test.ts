import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual(lowerTrue(compare(F, '==', 'a')), both(single(F), isA));
  assert.deepEqual(lowerFalse(compare(F, '==', 'a')), both(single(F), not(isA)));
  assert.deepEqual(lowerTrue(compare(F, '!=', 'a')), both(single(F), not(isA)));
  assert.deepEqual(lowerFalse(compare(F, '!=', 'a')), both(single(F), isA));
});

test('a literal on the left turns the comparison round', () => {
  const below = any(N, { kind: 'range', operator: '<', value: 5 });
  const mirrored: Expression = { kind: 'compare', operator: '>', left: literal(5), right: of(N) };
  assert.deepEqual(lowerTrue(mirrored), both(single(N), below));
  assert.deepEqual(lowerFalse(mirrored), both(single(N), isNumber, not(below)));
});

test('what cannot be compared is null: neither true nor false', () => {
  for (const expression of [
    compare(F, '==', 5),
    compare(F, '<', null),
    compare(N, '==', '5'),
    compare(B, '<', true),
    compare(IP, '==', 'no address'),
    of(F),
    literal('true'),
    literal(null),
  ]) {
    assert.deepEqual(lowerTrue(expression), FALSE);
    assert.deepEqual(lowerFalse(expression), FALSE);
  }
});

test('not swaps true and false; and, or exchange their places under false', () => {
  const [one, two] = [compare(F, '==', 'a'), compare(B, '==', true)];
  const yes = any(B, { kind: 'equals', value: true });
  const isBoolean = either(yes, any(B, { kind: 'equals', value: false }));
  assert.deepEqual(lowerTrue({ kind: 'not', operand: one }), lowerFalse(one));
  assert.deepEqual(lowerFalse({ kind: 'not', operand: one }), lowerTrue(one));
  assert.deepEqual(lowerTrue({ kind: 'and', operands: [one, two] }), both(single(F), isA, single(B), yes));
  assert.deepEqual(
    lowerFalse({ kind: 'and', operands: [one, two] }),
    either(both(single(F), not(isA)), both(single(B), isBoolean, not(yes))),
  );
  assert.deepEqual(lowerTrue({ kind: 'or', operands: [] }), FALSE);
  assert.deepEqual(lowerFalse({ kind: 'or', operands: [] }), TRUE);
});

test('in', () => {
  const list = (...values: readonly Value[]): Expression => ({
    kind: 'in',
    operand: of(F),
    list: values.map(literal),
  });
  const isB = any(F, { kind: 'equals', value: 'b' });
  assert.deepEqual(lowerTrue(list('a', 'b')), both(single(F), either(isA, isB)));
  assert.deepEqual(lowerFalse(list('a', 'b')), both(single(F), not(either(isA, isB))));
  assert.deepEqual(lowerTrue(list('a', null)), both(single(F), isA));
  assert.deepEqual(lowerFalse(list('a', null)), FALSE);
  assert.deepEqual(lowerFalse(list('a', 5)), FALSE);
});

test('a null test of a field asks whether it exists', () => {
  const isNull: Expression = { kind: 'isNull', operand: of(F) };
  assert.deepEqual(lowerTrue(isNull), not({ kind: 'exists', field: F }));
  assert.deepEqual(lowerFalse(isNull), { kind: 'exists', field: F });
});

test('a boolean field, a test, a predicate', () => {
  assert.deepEqual(lowerTrue(of(B)), both(single(B), any(B, { kind: 'equals', value: true })));
  assert.deepEqual(lowerFalse(of(B)), both(single(B), any(B, { kind: 'equals', value: false })));
  const like: Test = { kind: 'like', pieces: ['one'] };
  assert.deepEqual(lowerTrue({ kind: 'test', operand: of(F), test: like }), both(single(F), any(F, like)));
  assert.deepEqual(lowerFalse({ kind: 'test', operand: of(F), test: like }), both(single(F), not(any(F, like))));
  assert.deepEqual(lowerTrue({ kind: 'matches', predicate: isA }), isA);
  assert.deepEqual(lowerFalse({ kind: 'matches', predicate: isA }), not(isA));
});

test('what is left is evaluated', () => {
  const length = functionOf('length', 'eql');
  assert.ok(length !== undefined);
  const call: Expression = { kind: 'call', function: length, arguments: [of(F)] };
  const fields: Expression = { kind: 'compare', operator: '==', left: of(F), right: of(N) };
  for (const expression of [
    fields,
    { kind: 'compare', operator: '>', left: call, right: literal(3) },
    { kind: 'isNull', operand: call },
    { kind: 'in', operand: of(F), list: [of(N)] },
    { kind: 'in', operand: call, list: [literal(1)] },
  ] satisfies readonly Expression[]) {
    assert.deepEqual(lowerTrue(expression), { kind: 'holds', expression, values: 'single' });
    const negated: Expression = { kind: 'not', operand: expression };
    assert.deepEqual(lowerFalse(expression), { kind: 'holds', expression: negated, values: 'single' });
  }
});
