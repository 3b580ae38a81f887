import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDate } from './date.ts';

const NEW_YEAR = 1_767_225_600_000_000;

test('a date covers all that its precision leaves open', () => {
  const lengths: readonly (readonly [string, number])[] = [
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
  ];
  for (const [text, length] of lengths) {
    assert.deepEqual(parseDate(text), { first: NEW_YEAR, last: NEW_YEAR + length - 1 }, text);
  }
});

test('an offset moves the time', () => {
  assert.equal(parseDate('2026-01-01T02:30:00+02:30')?.first, NEW_YEAR);
  assert.equal(parseDate('2025-12-31T19:00:00-0500')?.first, NEW_YEAR);
});

test('the calendar counts', () => {
  assert.ok(parseDate('2024-02-29') !== undefined);
  for (const text of [
    '2026-02-29',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60',
  ]) {
    assert.equal(parseDate(text), undefined, text);
  }
});

test('other texts are no dates', () => {
  for (const text of [
    '',
    'now',
    '1',
    '2026-1-1',
    '2026-01-01 00:00:00',
    '01/02/2026',
    '2026-01-01T',
    '20260101T000000Z',
  ]) {
    assert.equal(parseDate(text), undefined, text);
  }
});
