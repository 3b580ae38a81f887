import { expect, test } from '@jest/globals';
import { backoffMs } from './backoff.ts';

const backoff = { minMs: 1_000, maxMs: 60_000 };

test('the delay doubles with each failure, up to the longest', () => {
  const delays = [1, 2, 3, 6, 7, 1_000_000].map((failures) => backoffMs(failures, backoff, () => 0));
  expect(delays).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

test('jitter shortens the delay by up to half', () => {
  expect(backoffMs(1, backoff, () => 1)).toBe(500);
});
