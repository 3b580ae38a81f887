import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { fail } from '../../test/support/fail.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { entriesOf } from '../../test/support/state-access.ts';
import type { RuleDocument } from '../rules/document.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { endOverflows } from './end-overflows.ts';
import { createAlertLifecycle } from './lifecycle.ts';

const SINKS = [
  { name: 'all', openingsOnly: false, coalesceMs: 0 },
  { name: 'openings', openingsOnly: true, coalesceMs: 0 },
];
const nth = (n: number) => anonymousRequest({ at: NOON + n * SECOND, userAgent: `agent-${n}` });

/** One alert and an overflow alert that has counted two, from one second after noon to two. */
async function overBudget(changes: Partial<RuleDocument> = {}) {
  const rule = ruleDocument({ ...changes, newTerms: {}, budget: { alertsPerHour: 1 } });
  const evaluating = evaluation([rule], { sinks: SINKS });
  const { send, store, alerts } = evaluating;
  await send(nth(0), nth(1), nth(2));
  const overflow = async () => {
    const alert = (await alerts()).find(({ spec }) => spec.overflow);
    return alert ?? fail('there is no overflow alert');
  };
  const { id } = await overflow();
  for (const { name } of SINKS) await store.done(CLUSTER, name, id, 2, 0);
  const due = async (sink: string) => {
    const entries = await entriesOf(store, CLUSTER, stateKeys.due(sink));
    return entries.some(({ member }) => member === id);
  };
  return { ...evaluating, overflow, id, due, end: (at: number) => endOverflows(store, CLUSTER, SINKS, at) };
}

test('an overflow ends at its last count, and becomes due once to the sinks that show it', async () => {
  const { overflow, id, due, end } = await overBudget();
  expect(await end(NOON + 2 * SECOND)).toEqual([]);
  expect((await overflow()).state.overflow?.endedAt).toBeUndefined();
  expect((await end(NOON + 2 * SECOND + 1)).map((alert) => alert.id)).toEqual([id]);
  const { state, version } = await overflow();
  expect(state.overflow?.since).toBe(NOON + SECOND);
  expect(state.overflow?.endedAt).toBe(NOON + 2 * SECOND);
  expect(state.phase).toBe('Open');
  expect(state.count).toBe(2);
  expect(version).toBe(3); // the phase is the user’s
  expect(await due('all')).toBe(true);
  expect(await due('openings')).toBe(false);
  expect(await end(NOON + 9 * MINUTE)).toEqual([]);
  expect((await overflow()).version).toBe(3);
});

test('a later match begins a new overflow; a late event does not move its beginning', async () => {
  const { overflow, send, end } = await overBudget();
  await end(NOON + MINUTE);
  await send(nth(1.5));
  const late = (await overflow()).state;
  expect(late.overflow?.since).toBe(NOON + SECOND);
  expect(late.overflow?.endedAt).toBeUndefined();
  await end(NOON + MINUTE);
  expect((await overflow()).state.overflow?.endedAt).toBe(NOON + 2 * SECOND);
  await send(nth(600));
  const { state } = await overflow();
  expect(state.overflow?.since).toBe(NOON + 600 * SECOND);
  expect(state.overflow?.endedAt).toBeUndefined();
  expect(state.count).toBe(4);
  expect(state.overflow?.users).toEqual([['system:anonymous', 4, 0]]);
});

test('removes a missing alert from the index, and does nothing else', async () => {
  const { id, store, due, end } = await overBudget();
  await createAlertLifecycle(store, ['all']).end(CLUSTER, id);
  expect(await end(NOON + MINUTE)).toEqual([]);
  expect(await entriesOf(store, CLUSTER, stateKeys.overflows)).toEqual([]);
  expect(await due('all')).toBe(false);
});

test('the end of a building block is due only to sinks that take those', async () => {
  const { due, end } = await overBudget({ buildingBlock: true });
  await end(NOON + MINUTE);
  expect(await due('all')).toBe(false);
});
