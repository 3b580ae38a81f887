import { expect, test } from '@jest/globals';
import { NOON } from '../../test/support/events.ts';
import { sampleAlert } from '../../test/support/sample-alert.ts';
import type { OverflowState } from '../detect/alert.ts';
import { SECOND } from '../rules/limits.ts';
import { alertStatus } from './alert-resource.ts';

const overflow: OverflowState = {
  since: NOON,
  users: [
    ['eve', 3, 0],
    ['mallory', 40, 39],
    ['trent', 9, 2],
    ['', 2, 0],
  ],
  sources: [['203.0.113.7', 40_000, 0]],
};
const samples = ['a', 'b\u001b', 'c'];

function statusOf(changes: Partial<OverflowState> = {}) {
  const state = {
    ...sampleAlert().state,
    count: 41_233,
    openedAt: NOON,
    samples,
    overflow: { ...overflow, ...changes },
  };
  return alertStatus(state) as { readonly overflow: object; readonly conditions: readonly object[] };
}

test('names who certainly made most requests', () => {
  expect(statusOf().overflow).toEqual({
    since: '2026-03-01T12:00:00.000000Z',
    until: null,
    users: [
      { value: 'trent', count: 7 },
      { value: 'eve', count: 3 },
      { value: 'unknown', count: 2 },
    ],
    sources: [{ value: '203.0.113.7', count: 40_000 }],
    samples: ['a', 'b\\u{1b}'],
  });
});

test('the condition shows the overflow, then its end', () => {
  expect(statusOf().conditions).toEqual([
    {
      type: 'Overflow',
      status: 'True',
      reason: 'BudgetExceeded',
      lastTransitionTime: '2026-03-01T12:00:00.000000Z',
      message: '41233 matches over the budget so far, since 2026-03-01T12:00:00Z',
    },
  ]);
  const ended = statusOf({ endedAt: NOON + 61 * SECOND });
  expect(ended.conditions).toEqual([
    {
      type: 'Overflow',
      status: 'False',
      reason: 'WithinBudget',
      lastTransitionTime: '2026-03-01T12:01:01.000000Z',
      message: '41233 matches over the budget, from 2026-03-01T12:00:00Z to 2026-03-01T12:01:01Z',
    },
  ]);
  expect(Object(ended.overflow).until).toBe('2026-03-01T12:01:01.000000Z');
});

test('an ordinary alert has no overflow status', () => {
  expect(Object.keys(alertStatus(sampleAlert().state))).toEqual(['count', 'firstSeen', 'lastSeen', 'evidence']);
});
