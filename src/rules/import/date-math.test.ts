import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../limits.ts';
import { parseLookBack } from './date-math.ts';

test('a look-back is now less a number of units', () => {
  assert.equal(parseLookBack('now'), 0);
  assert.equal(parseLookBack('now-7d'), 7 * DAY);
  assert.equal(parseLookBack('now-2w'), 14 * DAY);
  assert.equal(parseLookBack('now-36h'), 36 * HOUR);
  assert.equal(parseLookBack('now-6m'), 6 * MINUTE);
  assert.equal(parseLookBack('now-1M'), 30 * DAY);
});

test('other date math is not understood, rather than read wrongly', () => {
  for (const text of ['', 'now-', 'now-7', 'now+7d', 'now-7d/d', 'now-1d-1h', '2026-01-01', 'now-7d ', 'NOW-7d']) {
    assert.equal(parseLookBack(text), undefined, text);
  }
});
