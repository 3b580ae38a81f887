import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFinding } from './clock.ts';

test('a skew that matters is a warning, one that confuses histories an error', () => {
  const said = (seconds: number) => {
    const { severity, what } = clockFinding(seconds * 1_000);
    return `${severity}: ${what}`;
  };
  assert.match(said(1), /^ok: /);
  assert.equal(said(-90), 'warning: the clock of the API server is 90 seconds behind this one');
  assert.equal(said(3_600), 'error: the clock of the API server is 60 minutes ahead of this one');
});
