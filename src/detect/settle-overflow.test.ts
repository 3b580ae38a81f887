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

test('a rule opens as many alerts in an hour as its budget says; the rest is counted on one alert, and is not learned', async () => {
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

test('what overflowed is counted once, and fires when there is budget again', async () => {
  const { send } = evaluation([newTerms]);
  await send(...upTo(3));
  expect(await send(nth(2))).toEqual(['duplicate']);
  const again = (at: number) => send(anonymousRequest({ at, userAgent: 'agent-2' }));
  expect(await again(NOON + HOUR - 1)).toEqual(['overflow']);
  expect(await again(NOON + HOUR)).toEqual(['opened']); // the first opening is an hour ago
  expect(await again(NOON + HOUR + 1)).toEqual(['attached']);
});

test('repeats of an alert that is open need no budget', async () => {
  const { send } = evaluation([newTerms]);
  await send(...upTo(3));
  expect(await send(nth(10, { userAgent: 'agent-0' }))).toEqual(['attached']);
});

test('the budget holds over batches, and for an event that comes late', async () => {
  const { send } = evaluation([newTerms]);
  await send(nth(0));
  expect(await send(nth(10))).toEqual(['opened']);
  expect(await send(nth(5))).toEqual(['overflow']);
  expect(await send(nth(-1, { userAgent: 'late' }))).toEqual(['overflow']);
});

test('openings that no budget can need any more are forgotten', async () => {
  const { send, store } = evaluation([newTerms]);
  await send(nth(0));
  // What an earlier commit has reached decides: the first opening goes with the one after the next.
  await send(anonymousRequest({ at: NOON + HOUR + LATENESS + 1, userAgent: 'b' }));
  await send(anonymousRequest({ at: NOON + HOUR + LATENESS + 2, userAgent: 'c' }));
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toHaveLength(2);
  expect(await entriesOf(store, CLUSTER, stateKeys.opensOf(newTerms.name))).toHaveLength(2);
});

test('events from long ago share one budget with the present, however old they say they are', async () => {
  const { send } = evaluation([ruleDocument({ newTerms: {}, budget: { alertsPerHour: 2 } })]);
  expect(await send(nth(0))).toEqual(['opened']);
  const outcomes: string[] = [];
  for (let hours = 2; hours < 12; hours++) {
    outcomes.push(...(await send(anonymousRequest({ at: NOON - hours * HOUR, userAgent: `old-${hours}` }))));
  }
  expect(outcomes.filter((outcome) => outcome === 'opened')).toHaveLength(1);
});

test('an overflow alert keeps some samples, none twice', async () => {
  const { send, alerts } = evaluation([newTerms]);
  const samples = async () => (await alerts()).find(({ spec }) => spec.overflow)?.state.samples ?? [];
  await send(nth(0), nth(1), nth(2), nth(3, { userAgent: 'agent-2' }));
  expect(await samples()).toEqual(['system:anonymous list pods default: agent-2']);
  await send(...Array.from({ length: 40 }, (_, i) => nth(10 + i)));
  expect(await samples()).toHaveLength(OVERFLOW_SAMPLES);
  expect((await alerts()).find(({ spec }) => spec.overflow)?.state.count).toBe(42);
});

test('an overflow alert takes for an hour, or until it is closed', async () => {
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
] as const)(
  'the total over all rules binds low and medium, and not high and critical: %j',
  async (severity, outcome) => {
    const { send, store } = evaluation([ruleDocument({ severity })]);
    await write(store, CLUSTER, { kind: 'setScores', key: stateKeys.opens, mode: 'set', entries: otherOpenings });
    expect(await send(nth(0))).toEqual([outcome]);
  },
);

test('the total is not spent by building blocks, and does not bind them; their own budgets do', async () => {
  const block = ruleDocument({ name: 'block', buildingBlock: true, newTerms: {}, budget: { alertsPerHour: 2 } });
  const { send, store } = evaluation([block]);
  expect(await send(...upTo(3))).toEqual(['opened', 'opened', 'overflow']);
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toEqual([]);
  const bound = evaluation([block]);
  await write(bound.store, CLUSTER, { kind: 'setScores', key: stateKeys.opens, mode: 'set', entries: otherOpenings });
  expect(await bound.send(nth(0))).toEqual(['opened']);
});

test('the total counts one hour, and one below it there is room', async () => {
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

test('a rule of high severity has a budget of its own all the same', async () => {
  const { send } = evaluation([ruleDocument({ severity: 'critical', newTerms: {}, budget: { alertsPerHour: 1 } })]);
  expect(await send(nth(0), nth(1))).toEqual(['opened', 'overflow']);
});

test('the overflow alerts of two rules are two, and neither takes from a budget', async () => {
  const one = { alertsPerHour: 1 };
  const documents = ['a', 'b'].map((name) => ruleDocument({ name, newTerms: {}, budget: one }));
  const { send, alerts, store } = evaluation(documents);
  await send(nth(0), nth(1));
  expect((await alerts()).filter(({ spec }) => spec.overflow)).toHaveLength(2);
  expect(await entriesOf(store, CLUSTER, stateKeys.opens)).toHaveLength(2);
});

test('combinations beyond the cap are one overflow, however much budget there is, and are not learned', async () => {
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

test('learning needs no budget, and known terms overflow nothing', async () => {
  const { send } = evaluation([ruleDocument({ newTerms: { learningMicros: HOUR }, budget: { alertsPerHour: 1 } })]);
  expect(await send(...upTo(3))).toEqual(['learning', 'learning', 'learning']);
  expect(await send(nth(4, { userAgent: 'agent-0' }))).toEqual(['known']);
});
