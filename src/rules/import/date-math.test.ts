import { expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '../limits.ts';
import { parseLookBack } from './date-math.ts';

test('a look-back is now less a number of units', () => {
  expect(parseLookBack('now')).toBe(0);
  expect(parseLookBack('now-7d')).toBe(7 * DAY);
  expect(parseLookBack('now-2w')).toBe(14 * DAY);
  expect(parseLookBack('now-36h')).toBe(36 * HOUR);
  expect(parseLookBack('now-6m')).toBe(6 * MINUTE);
  expect(parseLookBack('now-1M')).toBe(30 * DAY);
});

test.each(['', 'now-', 'now-7', 'now+7d', 'now-7d/d', 'now-1d-1h', '2026-01-01', 'now-7d ', 'NOW-7d'])(
  'other date math is not understood, rather than read wrongly: %j',
  (text) => {
    expect(parseLookBack(text)).toBeUndefined();
  },
);
