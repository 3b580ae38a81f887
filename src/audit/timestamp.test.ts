import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

test('a time keeps its microseconds', () => {
  assert.equal(parseTimestamp('1970-01-01T00:00:00.000001Z'), 1);
  assert.equal(parseTimestamp('2026-03-01T12:30:15.123456Z'), Date.UTC(2026, 2, 1, 12, 30, 15) * 1000 + 123456);
  assert.equal(parseTimestamp('1969-12-31T23:59:59.999999Z'), -1);
});

test('one to nine fraction digits are read, and what is below a microsecond is dropped', () => {
  const second = Date.UTC(2026, 0, 1) * 1000;
  assert.equal(parseTimestamp('2026-01-01T00:00:00Z'), second);
  assert.equal(parseTimestamp('2026-01-01T00:00:00.5Z'), second + 500_000);
  assert.equal(parseTimestamp('2026-01-01T00:00:00.000123999Z'), second + 123);
  assert.equal(parseTimestamp('2026-01-01T00:00:00.1234567890Z'), undefined);
  assert.equal(parseTimestamp('2026-01-01T00:00:00.Z'), undefined);
});

test('a zone offset is taken off', () => {
  assert.equal(parseTimestamp('2026-01-01T02:30:00+02:30'), parseTimestamp('2026-01-01T00:00:00Z'));
  assert.equal(parseTimestamp('2025-12-31T19:00:00.25-05:00'), parseTimestamp('2026-01-01T00:00:00.25Z'));
  assert.equal(parseTimestamp('2026-01-01t00:00:00z'), parseTimestamp('2026-01-01T00:00:00Z'));
});

test('days are those of the calendar', () => {
  assert.notEqual(parseTimestamp('2024-02-29T00:00:00Z'), undefined);
  assert.notEqual(parseTimestamp('2000-02-29T00:00:00Z'), undefined);
  for (let year = 1700; year < 2250; year += 7) {
    for (const day of ['01-01', '02-28', '03-01', '12-31']) {
      const text = `${year}-${day}T23:59:59`;
      assert.equal(parseTimestamp(`${text}.000000Z`), Date.parse(`${text}Z`) * 1000, text);
    }
  }
});

test('what is no time is undefined', () => {
  for (const text of [
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
  ]) {
    assert.equal(parseTimestamp(text), undefined, text);
  }
});

test('a time is written with six decimals in UTC', () => {
  assert.equal(formatTimestamp(0), '1970-01-01T00:00:00.000000Z');
  assert.equal(formatTimestamp(-1), '1969-12-31T23:59:59.999999Z');
  assert.equal(formatTimestamp(Date.UTC(2026, 2, 1, 12, 30, 15) * 1000 + 42), '2026-03-01T12:30:15.000042Z');
});
