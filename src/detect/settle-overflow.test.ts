import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, fieldsOf, write } from '../../test/support/state-access.ts';
import { createAlertLifecycle } from '../alerts/lifecycle.ts';
import { HOUR, LATENESS, MINUTE, OVERFLOW_SAMPLES, SECOND, TOTAL_ALERTS_PER_HOUR } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';

const newTerms = ruleDocument({ newTerms: {}, budget: { alertsPerHour: 2 } });

const nth = (n: number, changes: RequestChanges = {}) =>
  anonymousRequest({ at: NOON + n * SECOND, userAgent: `agent-${n}`, ...changes });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => nth(i));

test('beyond its budget a rule counts on one overflow alert and learns nothing', async () => {
  const { send, alerts, store, last } = evaluation([newTerms]);
  expect(await send(...upTo(5))).toEqual(['opened', 'opened', 'overflow', 'overflow', 'overflow']);
  expect(last().opened).toHaveLength(3); // the overflow alert among them
  const overflow = (await alerts()).filter(({ spec }) => spec.overflow);
  expect(overflow.map(({ state, version }) => [state.count, version, state.windowMicros])).toEqual([[3, 3, HOUR]]);
  const { memoryKey } = compiledRule(newTerms).rule;
  const terms = await entriesOf(store, CLUSTER, stateKeys.terms(memoryKey));
  expect(terms.map(({ member }) => member)).toEqual(['["agent-0"]', '["agent-1"]']);
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(memoryKey), 'matches', 'overflowed')).toEqual(['5', '3']);
});

test('an overflowed decision counts once, and fires when there is budget again', async () => {
  const { send } = evaluation([newTerms]);
  await send(...upTo(3));
  expect(await send(nth(2))).toEqual(['duplicate']);
  const again = (at: number) => send(anonymousRequest({ at, userAgent: 'agent-2' }));
  expect(await again(NOON + HOUR - 1)).toEqual(['overflow']);
  expect(await again(NOON + HOUR)).toEqual(['opened']); // the first opening is an hour ago
  expect(await again(NOON + HOUR + 1)).toEqual(['attached']);
});

test('repeats of an open alert need no budget', async () => {
  const { send } = evaluation([newTerms]);
  await send(...upTo(3));
  expect(await send(nth(10, { userAgent: 'agent-0' }))).toEqual(['attached']);
});

test('the budget holds across batches and for late events', async () => {
  const { send } = evaluation([newTerms]);
  await send(nth(0));
  expect(await send(nth(10))).toEqual(['opened']);
  expect(await send(nth(5))).toEqual(['overflow']);
  expect(await send(nth(-1, { userAgent: 'late' }))).toEqual(['overflow']);
});

test('forgets openings that are too old for any budget', async () => {
  const { send, store } = evaluation([newTerms]);
  await send(nth(0));
  // What an earlier commit has reached decides: the first opening goes with the one after the next.
  await send(anonymousRequest({ at: NOON + HOUR + LATENESS + 1, userAgent: 'b' }));
  await send(anonymousRequest({ at: NOON + HOUR + LATENESS + 2, userAgent: 'c' }));
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toHaveLength(2);
  expect(await entriesOf(store, CLUSTER, stateKeys.opensOf(newTerms.name))).toHaveLength(2);
});

test('old events share the present budget', async () => {
  const { send } = evaluation([ruleDocument({ newTerms: {}, budget: { alertsPerHour: 2 } })]);
  expect(await send(nth(0))).toEqual(['opened']);
  const outcomes: string[] = [];
  for (let hours = 2; hours < 12; hours++) {
    outcomes.push(...(await send(anonymousRequest({ at: NOON - hours * HOUR, userAgent: `old-${hours}` }))));
  }
  expect(outcomes.filter((outcome) => outcome === 'opened')).toHaveLength(1);
});

test('an overflow alert keeps a few distinct samples', async () => {
  const { send, alerts } = evaluation([newTerms]);
  const samples = async () => (await alerts()).find(({ spec }) => spec.overflow)?.state.samples ?? [];
  await send(nth(0), nth(1), nth(2), nth(3, { userAgent: 'agent-2' }));
  expect(await samples()).toEqual(['system:anonymous list pods default: agent-2']);
  await send(...Array.from({ length: 40 }, (_, i) => nth(10 + i)));
  expect(await samples()).toHaveLength(OVERFLOW_SAMPLES);
  expect((await alerts()).find(({ spec }) => spec.overflow)?.state.count).toBe(42);
});

test('an overflow alert takes decisions for an hour, or until it is closed', async () => {
  const { send, alerts, store } = evaluation([ruleDocument({ newTerms: {}, budget: { alertsPerHour: 1 } })]);
  const overflows = async () => (await alerts()).filter(({ spec }) => spec.overflow);
  await send(nth(0), nth(1));
  const [first] = await overflows();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, first?.id ?? '', 'Closed');
  expect(await send(nth(2))).toEqual(['overflow']);
  expect((await overflows()).map(({ state }) => state.count)).toEqual([1, 1]);
  const at = (time: number, userAgent: string) => anonymousRequest({ at: time, userAgent });
  await send(at(NOON + HOUR + SECOND, 'takes the budget'), at(NOON + HOUR + 2 * SECOND, 'over'));
  expect(await overflows()).toHaveLength(3); // an hour after the second
});

/** As many alerts of other rules as the total allows, just now. */
const otherOpenings = Array.from({ length: TOTAL_ALERTS_PER_HOUR }, (_, i) => ({
  member: `other-${i}`,
  score: NOON - MINUTE + i,
}));

test.each([
  ['low', 'overflow'],
  ['medium', 'overflow'],
  ['high', 'opened'],
  ['critical', 'opened'],
] as const)('the budget of the cluster limits low and medium severity only: %j', async (severity, outcome) => {
  const { send, store } = evaluation([ruleDocument({ severity })]);
  await write(store, CLUSTER, { kind: 'setScores', key: stateKeys.opens, mode: 'set', entries: otherOpenings });
  expect(await send(nth(0))).toEqual([outcome]);
});

test('building blocks have only their own budgets', async () => {
  const block = ruleDocument({ name: 'block', buildingBlock: true, newTerms: {}, budget: { alertsPerHour: 2 } });
  const { send, store } = evaluation([block]);
  expect(await send(...upTo(3))).toEqual(['opened', 'opened', 'overflow']);
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toEqual([]);
  const bound = evaluation([block]);
  await write(bound.store, CLUSTER, { kind: 'setScores', key: stateKeys.opens, mode: 'set', entries: otherOpenings });
  expect(await bound.send(nth(0))).toEqual(['opened']);
});

test('the budget of the cluster covers one hour, up to its exact limit', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  await write(store, CLUSTER, {
    kind: 'setScores',
    key: stateKeys.opens,
    mode: 'set',
    entries: otherOpenings.slice(1),
  });
  expect(await send(nth(0), nth(1, { sourceIPs: ['10.0.0.1'] }))).toEqual(['opened', 'overflow']);
  const later = anonymousRequest({ at: NOON + HOUR, sourceIPs: ['10.0.0.1'] });
  expect(await send(later)).toEqual(['opened']);
});

test('a rule of high severity still has its own budget', async () => {
  const { send } = evaluation([ruleDocument({ severity: 'critical', newTerms: {}, budget: { alertsPerHour: 1 } })]);
  expect(await send(nth(0), nth(1))).toEqual(['opened', 'overflow']);
});

test('each rule has its own overflow alert, outside any budget', async () => {
  const one = { alertsPerHour: 1 };
  const documents = ['a', 'b'].map((name) => ruleDocument({ name, newTerms: {}, budget: one }));
  const { send, alerts, store } = evaluation(documents);
  await send(nth(0), nth(1));
  expect((await alerts()).filter(({ spec }) => spec.overflow)).toHaveLength(2);
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toHaveLength(2);
});

test('combinations beyond the limit are one overflow and are not learned', async () => {
  const document = ruleDocument({
    newTerms: { fields: ['source.ip'] },
    budget: { alertsPerHour: 1_000 },
    severity: 'high',
  });
  const { send, alerts, store } = evaluation([document]);
  const sourceIPs = Array.from({ length: 103 }, (_, i) => `10.0.0.${i}`);
  const outcomes = [...(await send(nth(0, { sourceIPs })))];
  // More than one commit's worth of decisions.
  expect(outcomes).toHaveLength(101);
  expect(new Set(outcomes.slice(0, 100))).toEqual(new Set(['opened']));
  expect(outcomes[100]).toBe('overflow');
  const overflow = (await alerts()).find(({ spec }) => spec.overflow);
  expect(overflow?.state.count).toBe(1);
  const { memoryKey } = compiledRule(document).rule;
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(memoryKey), 'overflowed')).toEqual(['3']);
  expect(await entriesOf(store, CLUSTER, stateKeys.terms(memoryKey))).toHaveLength(100);
  expect(new Set(await send(nth(0, { sourceIPs })))).toEqual(new Set(['duplicate']));
});

test('learning and known terms need no budget', async () => {
  const { send } = evaluation([ruleDocument({ newTerms: { learningMicros: HOUR }, budget: { alertsPerHour: 1 } })]);
  expect(await send(...upTo(3))).toEqual(['learning', 'learning', 'learning']);
  expect(await send(nth(4, { userAgent: 'agent-0' }))).toEqual(['known']);
});
