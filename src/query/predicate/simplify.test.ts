import { expect, test } from '@jest/globals';
import type { Predicate } from './predicate.ts';
import { FALSE, simplify, TRUE } from './simplify.ts';

function exists(name: string): Extract<Predicate, { kind: 'exists' }> {
  return { kind: 'exists', field: { name, type: 'keyword', doc: 'A field.', read: () => undefined } };
}

const A = exists('a');
const B = exists('b');
const C = exists('c');

test('junctions of one kind are one', () => {
  const nested: Predicate = {
    kind: 'and',
    operands: [A, { kind: 'and', operands: [B, { kind: 'and', operands: [C] }] }],
  };
  expect(simplify(nested)).toEqual({ kind: 'and', operands: [A, B, C] });
});

test('constants and double negations are gone', () => {
  expect(simplify({ kind: 'and', operands: [A, TRUE] })).toBe(A);
  expect(simplify({ kind: 'and', operands: [A, FALSE] })).toBe(FALSE);
  expect(simplify({ kind: 'or', operands: [FALSE, A] })).toBe(A);
  expect(simplify({ kind: 'or', operands: [A, { kind: 'not', operand: FALSE }] })).toBe(TRUE);
  expect(simplify({ kind: 'not', operand: { kind: 'not', operand: A } })).toBe(A);
  expect(simplify({ kind: 'and', operands: [] })).toBe(TRUE);
  expect(simplify({ kind: 'or', operands: [] })).toBe(FALSE);
});

test('what is there twice is there once', () => {
  const { kind, field } = A;
  expect(simplify({ kind: 'or', operands: [A, { kind, field }] })).toBe(A);
  const test: Predicate = { kind: 'any', field, test: { kind: 'equals', value: 'x' } };
  expect(simplify({ kind: 'and', operands: [test, B, test] })).toEqual({ kind: 'and', operands: [test, B] });
});
