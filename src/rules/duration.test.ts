import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './duration.ts';
import { DAY, HOUR } from './limits.ts';

test('a duration is a whole number and one unit', () => {
  assert.equal(parseDuration('7d'), 7 * DAY);
  assert.equal(parseDuration('2w'), 14 * DAY);
  assert.equal(parseDuration('36h'), 36 * HOUR);
  assert.equal(parseDuration('30m'), HOUR / 2);
  assert.equal(parseDuration('0s'), 0);
});

test('anything else is not a duration', () => {
  for (const text of ['', '7', 'd', '7 d', '-7d', '+7d', '1.5h', '7D', '1d12h', '7days', '999999999999999d', '7d\n']) {
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
});

test('a duration is written in the largest unit that divides it', () => {
  for (const text of ['7d', '36h', '90m', '45s', '1500ms', '1us', '0s']) {
    assert.equal(formatDuration(parseDuration(text) ?? Number.NaN), text);
  }
  assert.equal(formatDuration(parseDuration('24h') ?? Number.NaN), '1d');
});
