import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createByteBudget } from './body.ts';

test('bytes are given out up to the limit, and given back once', () => {
  const seen: number[] = [];
  const budget = createByteBudget(100, (bytes) => seen.push(bytes));
  const first = budget.reserve(60);
  assert.equal(budget.reserve(41), undefined);
  assert.ok(budget.reserve(40));
  assert.ok(budget.reserve(0));
  first?.();
  first?.();
  assert.ok(budget.reserve(60));
  assert.deepEqual(seen, [60, 100, 100, 40, 100]);
});
