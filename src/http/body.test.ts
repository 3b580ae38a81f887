import { expect, test } from '@jest/globals';
import { createByteBudget } from './body.ts';
import type { RefusalReason } from './refusal.ts';

const refusal = (reason: RefusalReason) => expect.objectContaining({ name: 'Refusal', reason, status: 503 });

test('reserves bytes up to the limit, and releases them once', () => {
  const seen: number[] = [];
  const budget = createByteBudget({ maxBytes: 100, maxBytesOfCluster: 100 }, (bytes) => seen.push(bytes));
  const release = budget.reserve('a', 60);
  expect(() => budget.reserve('a', 41)).toThrow(refusal('in_flight'));
  budget.reserve('a', 40);
  budget.reserve('a', 0);
  release();
  release();
  budget.reserve('a', 60);
  expect(seen).toEqual([60, 100, 100, 40, 100]);
});

test('a cluster reserves no more than its share, and may reserve again after a release', () => {
  const budget = createByteBudget({ maxBytes: 100, maxBytesOfCluster: 60 }, () => undefined);
  const release = budget.reserve('a', 50);
  expect(() => budget.reserve('a', 11)).toThrow(refusal('cluster_in_flight'));
  budget.reserve('a', 10);
  budget.reserve('b', 40);
  expect(() => budget.reserve('b', 1)).toThrow(refusal('in_flight'));
  release();
  budget.reserve('b', 20);
  expect(() => budget.reserve('b', 1)).toThrow(refusal('cluster_in_flight'));
  budget.reserve('a', 30);
});
