import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual(simplify(nested), { kind: 'and', operands: [A, B, C] });
});

test('constants and double negations are gone', () => {
  assert.equal(simplify({ kind: 'and', operands: [A, TRUE] }), A);
  assert.equal(simplify({ kind: 'and', operands: [A, FALSE] }), FALSE);
  assert.equal(simplify({ kind: 'or', operands: [FALSE, A] }), A);
  assert.equal(simplify({ kind: 'or', operands: [A, { kind: 'not', operand: FALSE }] }), TRUE);
  assert.equal(simplify({ kind: 'not', operand: { kind: 'not', operand: A } }), A);
  assert.equal(simplify({ kind: 'and', operands: [] }), TRUE);
  assert.equal(simplify({ kind: 'or', operands: [] }), FALSE);
});

test('what is there twice is there once', () => {
  const { kind, field } = A;
  assert.equal(simplify({ kind: 'or', operands: [A, { kind, field }] }), A);
  const test: Predicate = { kind: 'any', field, test: { kind: 'equals', value: 'x' } };
  assert.deepEqual(simplify({ kind: 'and', operands: [test, B, test] }), { kind: 'and', operands: [test, B] });
});
