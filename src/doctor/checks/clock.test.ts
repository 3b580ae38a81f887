import { expect, test } from '@jest/globals';
import { clockFinding } from './clock.ts';

test('a noticeable skew is a warning, one of more than 10 minutes an error', () => {
  const said = (seconds: number) => {
    const { severity, what } = clockFinding(seconds * 1_000);
    return `${severity}: ${what}`;
  };
  expect(said(1)).toMatch(/^ok: /);
  expect(said(-90)).toBe('warning: the clock of the API server is 90 seconds behind this one');
  expect(said(3_600)).toBe('error: the clock of the API server is 60 minutes ahead of this one');
});
