import { expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from './duration.ts';
import { DAY, HOUR } from './limits.ts';

test('a duration is a whole number and one unit', () => {
  expect(parseDuration('7d')).toBe(7 * DAY);
  expect(parseDuration('2w')).toBe(14 * DAY);
  expect(parseDuration('36h')).toBe(36 * HOUR);
  expect(parseDuration('30m')).toBe(HOUR / 2);
  expect(parseDuration('0s')).toBe(0);
});

test.each(['', '7', 'd', '7 d', '-7d', '+7d', '1.5h', '7D', '1d12h', '7days', '999999999999999d', '7d\n'])(
  'anything else is not a duration: %j',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('a duration is written in the largest unit that divides it', () => {
  expect(formatDuration(parseDuration('24h') ?? Number.NaN)).toBe('1d');
});

test.each(['7d', '36h', '90m', '45s', '1500ms', '1us', '0s'])(
  'a duration is written in the largest unit that divides it: %s',
  (text) => {
    expect(formatDuration(parseDuration(text) ?? Number.NaN)).toBe(text);
  },
);
