import { expect, test } from '@jest/globals';
import { parseDate } from './date.ts';

const NEW_YEAR = 1_767_225_600_000_000;

test.each<readonly [string, number]>([
  ['2026', 365 * 86_400_000_000],
  ['2026-01', 31 * 86_400_000_000],
  ['2026-01-01', 86_400_000_000],
  ['2026-01-01T00', 3_600_000_000],
  ['2026-01-01T00:00', 60_000_000],
  ['2026-01-01T00:00:00Z', 1_000_000],
  ['2026-01-01T00:00:00.000Z', 1000],
  ['2026-01-01T00:00:00.000000Z', 1],
  ['2026-01-01T00:00:00.000000999Z', 1],
  ['1767225600000', 1000],
])('a date covers all that its precision leaves open: %s', (text, length) => {
  expect(parseDate(text)).toEqual({ first: NEW_YEAR, last: NEW_YEAR + length - 1 });
});

test('an offset moves the time', () => {
  expect(parseDate('2026-01-01T02:30:00+02:30')?.first).toBe(NEW_YEAR);
  expect(parseDate('2025-12-31T19:00:00-0500')?.first).toBe(NEW_YEAR);
});

test('the calendar counts', () => {
  expect(parseDate('2024-02-29')).toBeDefined();
});

test.each(['2026-02-29', '2026-13-01', '2026-00-01', '2026-01-00', '2026-01-01T24:00:00Z', '2026-01-01T00:60'])(
  'the calendar counts: %s',
  (text) => {
    expect(parseDate(text)).toBeUndefined();
  },
);

test.each(['', 'now', '1', '2026-1-1', '2026-01-01 00:00:00', '01/02/2026', '2026-01-01T', '20260101T000000Z'])(
  'other texts are no dates: %j',
  (text) => {
    expect(parseDate(text)).toBeUndefined();
  },
);
