import { expect, test } from '@jest/globals';
import { createByteBudget } from './body.ts';

test('bytes are given out up to the limit, and given back once', () => {
  const seen: number[] = [];
  const budget = createByteBudget(100, (bytes) => seen.push(bytes));
  const first = budget.reserve(60);
  expect(budget.reserve(41)).toBeUndefined();
  expect(budget.reserve(40)).toBeTruthy();
  expect(budget.reserve(0)).toBeTruthy();
  first?.();
  first?.();
  expect(budget.reserve(60)).toBeTruthy();
  expect(seen).toEqual([60, 100, 100, 40, 100]);
});
