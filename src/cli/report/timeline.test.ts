import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, timeline } from './timeline.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 2) * 1_000;
const low = (at: number) => ({ at: START + at, severity: 'low' as const });

test('columns are of one round length, and every alert is in one', () => {
  const alerts = [low(0), low(20 * HOUR), { at: START + 20 * HOUR, severity: 'high' as const }];
  const { step, columns } = columnsOf(alerts);
  assert.deepEqual([step, columns.length], [1_800 * SECOND, 41]);
  assert.deepEqual(columns.at(-1), {
    from: START + 20 * HOUR,
    counts: { low: 1, medium: 0, high: 1, critical: 0 },
  });
  assert.deepEqual(columns[0]?.counts.low, 1);
});

test('one moment is one column; none is none; years stay few columns', () => {
  assert.deepEqual(columnsOf([low(5), low(6)]).columns.length, 1);
  assert.deepEqual(columnsOf([]).columns, []);
  const { step, columns } = columnsOf([low(0), low(9_000 * DAY)]);
  assert.ok(step % (7 * DAY) === 0 && columns.length <= 62, `${columns.length} of ${step}`);
});

test('the drawing says in words what it shows', () => {
  const { text } = timeline([low(0), low(1), { at: START + 20 * HOUR, severity: 'critical' }]);
  assert.match(
    text,
    /aria-label="Alerts over time, in steps of 30 minutes; most of them, 2, from 2026-03-02 00:00:00"/,
  );
  assert.match(text, /<title>2026-03-02 00:00: 2 low<\/title>/);
  assert.match(text, /<title>2026-03-02 20:00: 1 critical<\/title>/);
});
