import { expect, test } from '@jest/globals';
import { columnsOf, timeline } from './timeline.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 2) * 1_000;
const low = (at: number) => ({ at: START + at, severity: 'low' as const });

test('columns have one round length and contain every alert', () => {
  const alerts = [low(0), low(20 * HOUR), { at: START + 20 * HOUR, severity: 'high' as const }];
  const { step, columns } = columnsOf(alerts);
  expect(step).toBe(1_800 * SECOND);
  expect(columns).toHaveLength(41);
  expect(columns.at(-1)).toEqual({
    from: START + 20 * HOUR,
    counts: { low: 1, medium: 0, high: 1, critical: 0 },
  });
  expect(columns[0]?.counts.low).toBe(1);
});

test('one moment gives one column, no alerts give none, and years give few', () => {
  expect(columnsOf([low(5), low(6)]).columns).toHaveLength(1);
  expect(columnsOf([]).columns).toEqual([]);
  const { step, columns } = columnsOf([low(0), low(9_000 * DAY)]);
  expect(step % (7 * DAY)).toBe(0);
  expect(columns.length).toBeLessThanOrEqual(62);
});

test('the drawing has a text for screen readers', () => {
  const { text } = timeline([low(0), low(1), { at: START + 20 * HOUR, severity: 'critical' }]);
  expect(text).toMatch(
    /aria-label="Alerts over time, in steps of 30 minutes; most of them, 2, from 2026-03-02 00:00:00"/,
  );
  expect(text).toMatch(/<title>2026-03-02 00:00: 2 low<\/title>/);
  expect(text).toMatch(/<title>2026-03-02 20:00: 1 critical<\/title>/);
});
