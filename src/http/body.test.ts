import { expect, test } from '@jest/globals';
import { createByteBudget } from './body.ts';

test('reserves bytes up to the limit, and releases them once', () => {
  const seen: number[] = [];
  const budget = createByteBudget(100, (bytes) => seen.push(bytes));
  const first = budget.reserve(60);
  expect(budget.reserve(41)).toBeUndefined();
  expect(budget.reserve(40)).toBeInstanceOf(Function);
  expect(budget.reserve(0)).toBeInstanceOf(Function);
  first?.();
  first?.();
  expect(budget.reserve(60)).toBeInstanceOf(Function);
  expect(seen).toEqual([60, 100, 100, 40, 100]);
});
