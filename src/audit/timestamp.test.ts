import { expect, test } from '@jest/globals';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

test('a time keeps its microseconds', () => {
  expect(parseTimestamp('1970-01-01T00:00:00.000001Z')).toBe(1);
  expect(parseTimestamp('2026-03-01T12:30:15.123456Z')).toBe(Date.UTC(2026, 2, 1, 12, 30, 15) * 1000 + 123456);
  expect(parseTimestamp('1969-12-31T23:59:59.999999Z')).toBe(-1);
});

test('one to nine fraction digits are read, and what is below a microsecond is dropped', () => {
  const second = Date.UTC(2026, 0, 1) * 1000;
  expect(parseTimestamp('2026-01-01T00:00:00Z')).toBe(second);
  expect(parseTimestamp('2026-01-01T00:00:00.5Z')).toBe(second + 500_000);
  expect(parseTimestamp('2026-01-01T00:00:00.000123999Z')).toBe(second + 123);
  expect(parseTimestamp('2026-01-01T00:00:00.1234567890Z')).toBeUndefined();
  expect(parseTimestamp('2026-01-01T00:00:00.Z')).toBeUndefined();
});

test('a zone offset is taken off', () => {
  expect(parseTimestamp('2026-01-01T02:30:00+02:30')).toBe(parseTimestamp('2026-01-01T00:00:00Z'));
  expect(parseTimestamp('2025-12-31T19:00:00.25-05:00')).toBe(parseTimestamp('2026-01-01T00:00:00.25Z'));
  expect(parseTimestamp('2026-01-01t00:00:00z')).toBe(parseTimestamp('2026-01-01T00:00:00Z'));
});

test('days are those of the calendar', () => {
  expect(parseTimestamp('2024-02-29T00:00:00Z')).toBeDefined();
  expect(parseTimestamp('2000-02-29T00:00:00Z')).toBeDefined();
  for (let year = 1700; year < 2250; year += 7) {
    for (const day of ['01-01', '02-28', '03-01', '12-31']) {
      const text = `${year}-${day}T23:59:59`;
      expect([text, parseTimestamp(`${text}.000000Z`)]).toEqual([text, Date.parse(`${text}Z`) * 1000]);
    }
  }
});

test.each([
  '',
  'now',
  '2026-01-01',
  '2026-01-01 00:00:00Z',
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-32T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:60Z',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00+0100',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00Zx',
  '+002026-01-01T00:00:00Z',
  '2026-01-0１T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999Z',
])('what is no time is undefined: %j', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('a time is written with six decimals in UTC', () => {
  expect(formatTimestamp(0)).toBe('1970-01-01T00:00:00.000000Z');
  expect(formatTimestamp(-1)).toBe('1969-12-31T23:59:59.999999Z');
  expect(formatTimestamp(Date.UTC(2026, 2, 1, 12, 30, 15) * 1000 + 42)).toBe('2026-03-01T12:30:15.000042Z');
});
