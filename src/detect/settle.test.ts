import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, type batchOf, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectKind, expectPresent } from '../../test/support/expect.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, fieldsOf, write } from '../../test/support/state-access.ts';
import { createAlertLifecycle } from '../alerts/lifecycle.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { createEvaluator } from '../ingest/create-evaluator.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { DAY, DONE_KEEP_MS, DONE_KEEP_STARTED_MS, HOUR, LATENESS, MINUTE, TERM_CAP } from '../rules/limits.ts';
import { parseSilentTerm } from '../rules/silent-term.ts';
import type { StateWrite } from '../rules/state.ts';
import { stateKeys, writeRank } from '../rules/state-keys.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { settle } from './settle.ts';

const newTerms = ruleDocument({ newTerms: {} });
const termsKey = stateKeys.terms(compiledRule(newTerms).rule.memoryKey);
const WEEK = 7 * DAY;

/** The n-th request of a test, a minute after the one before. */
const nth = (n: number, changes: RequestChanges = {}) => anonymousRequest({ at: NOON + n * MINUTE, ...changes });

test('duplicate: the same request again, in a later batch or the same, at another stage or time', async () => {
  const { send, alerts } = evaluation([newTerms]);
  const stages = [anonymousRequest({ id: 'r' }), anonymousRequest({ id: 'r', requestedAt: NOON, at: NOON + 1 })];
  expect(await send(...stages)).toEqual(['opened', 'duplicate']);
  expect(await send(anonymousRequest({ id: 'r' }))).toEqual(['duplicate']);
  expect((await alerts())[0]?.state.count).toBe(1);
});

test('attached: a repeat within the window, that ends a fixed time after the opening', async () => {
  const { send, alerts } = evaluation([ruleDocument()]);
  const outcomes = await send(
    anonymousRequest({ at: NOON }),
    anonymousRequest({ at: NOON + HOUR / 2 }),
    anonymousRequest({ at: NOON + HOUR - 1 }),
    anonymousRequest({ at: NOON + HOUR }),
  );
  expect(outcomes).toEqual(['opened', 'attached', 'attached', 'opened']);
  const [first, second] = await alerts();
  expect(first?.state.count).toBe(3);
  expect(first?.state.openedAt).toBe(NOON);
  expect(first?.state.lastSeen).toBe(NOON + HOUR - 1);
  expect(first?.version).toBe(3);
  expect(second?.state.count).toBe(1);
  expect(second?.version).toBe(1);
});

test('a rule counts what became of its matches, and when the last one was', async () => {
  const document = ruleDocument({ budget: { alertsPerHour: 1 } });
  const { send, store } = evaluation([document]);
  const again = nth(1);
  await send(nth(0), again);
  await send(again, nth(2, { sourceIPs: ['203.0.113.8'] }));
  const key = stateKeys.rule(compiledRule(document).rule.memoryKey);
  const counted = await fieldsOf(store, CLUSTER, key, 'matches', 'alerts', 'suppressed', 'overflowed', 'last');
  expect(counted).toEqual(['3', '1', '1', '1', String(NOON + 2 * MINUTE)]);
});

test('attached: a late event joins, and moves the first sighting back', async () => {
  const { send, alerts } = evaluation([ruleDocument()]);
  expect(await send(anonymousRequest({ at: NOON }))).toEqual(['opened']);
  expect(await send(anonymousRequest({ at: NOON - 2 * HOUR }))).toEqual(['attached']);
  const [alert] = await alerts();
  expect(alert?.state.firstSeen).toBe(NOON - 2 * HOUR);
  expect(alert?.state.lastSeen).toBe(NOON);
  expect(alert?.state.openedAt).toBe(NOON);
});

test('attached: the evidence is the first four and the last four', async () => {
  const { send, alerts } = evaluation([ruleDocument()]);
  await send(...Array.from({ length: 8 }, (_, i) => nth(i, { id: `r${i}` })));
  const ids = async () => (await alerts())[0]?.state.evidence.map(({ auditID }) => auditID).join(' ');
  expect(await ids()).toBe('r0 r1 r2 r3 r4 r5 r6 r7');
  await send(nth(8, { id: 'r8' }));
  expect(await ids()).toBe('r0 r1 r2 r3 r5 r6 r7 r8');
  await send(nth(9, { id: 'r9' }));
  expect(await ids()).toBe('r0 r1 r2 r3 r6 r7 r8 r9');
});

test('attached: a new term joins the alert of another term if the rule groups so, and is remembered', async () => {
  const byUser = ruleDocument({
    newTerms: {},
    suppression: { by: ['user.name'], windowMicros: HOUR, missingFields: 'suppress' },
  });
  const { send, store, alerts } = evaluation([byUser]);
  expect(await send(nth(0), nth(1, { userAgent: 'other' }))).toEqual(['opened', 'attached']);
  expect((await entriesOf(store, CLUSTER, termsKey)).map(({ member }) => member)).toEqual([
    '["masscan/1.3"]',
    '["other"]',
  ]);
  expect((await alerts())[0]?.state.count).toBe(2);
});

test('a resent known request does not join a later alert of another term', async () => {
  const byUser = ruleDocument({
    newTerms: {},
    suppression: { by: ['user.name'], windowMicros: HOUR, missingFields: 'suppress' },
  });
  const { send, alerts } = evaluation([byUser]);
  const known = anonymousRequest({ at: NOON + 2 * HOUR });
  const opener = anonymousRequest({ at: NOON + 2 * HOUR + 1, userAgent: 'other' });
  await send(anonymousRequest({ at: NOON }));
  expect(await send(known, opener)).toEqual(['known', 'opened']);
  expect(await send(known, opener)).toEqual(['duplicate', 'duplicate']);
  expect((await alerts()).map(({ state }) => state.count)).toEqual([1, 1]);
});

test.each([
  [ruleDocument(), 'opened'],
  [newTerms, 'known'],
] as const)(
  'a closed alert takes no repeats: a query rule opens the next, a known term stays known: %#',
  async (document, after) => {
    const { send, store, alerts } = evaluation([document]);
    await send(nth(0));
    const [alert] = await alerts();
    await createAlertLifecycle(store, []).setPhase(CLUSTER, alert?.id ?? '', 'Closed');
    expect(await send(nth(1))).toEqual([after]);
  },
);

test('an acknowledged alert takes repeats, and keeps its phase', async () => {
  const { send, store, alerts } = evaluation([ruleDocument()]);
  await send(nth(0));
  const [alert] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, alert?.id ?? '', 'Acknowledged');
  expect(await send(nth(1))).toEqual(['attached']);
  expect((await alerts())[0]?.state.phase).toBe('Acknowledged');
});

test('a dropped alert takes no repeats, although it is still live', async () => {
  const { send, store, alerts } = evaluation([ruleDocument()]);
  await send(nth(0));
  const [alert] = await alerts();
  expectPresent(alert);
  const state = JSON.stringify({ ...alert.state, removed: true });
  await write(store, CLUSTER, { kind: 'setFields', key: stateKeys.alert(alert.id), mode: 'set', fields: { state } });
  expect(await send(nth(1))).toEqual(['opened']);
});

test('opened and known: exactly one window after the last sighting a term is known, a microsecond later it is new', async () => {
  const { send } = evaluation([newTerms]);
  const at = (time: number) => anonymousRequest({ at: time });
  const last = NOON + WEEK + HOUR;
  expect(await send(at(NOON), at(NOON + WEEK - 1))).toEqual(['opened', 'attached']);
  expect(await send(at(last))).toEqual(['known']); // no live alert, and seen within the window
  expect(await send(at(last + WEEK))).toEqual(['known']); // every sighting counts
  expect(await send(at(last + 2 * WEEK + 1))).toEqual(['opened']);
});

test('known: a late event does not move the last sighting back', async () => {
  const { send, store } = evaluation([newTerms]);
  await send(nth(5));
  expect(await send(nth(0))).toEqual(['attached']);
  expect(await entriesOf(store, CLUSTER, termsKey)).toEqual([{ member: '["masscan/1.3"]', score: NOON + 5 * MINUTE }]);
});

test('learning: learns a new term without an alert, with its first sighting, until the learning time ends', async () => {
  const document = ruleDocument({ newTerms: { learningMicros: HOUR } });
  const { send, store, alerts } = evaluation([document]);
  const { memoryKey } = compiledRule(document).rule;
  expect(await send(nth(0), nth(1))).toEqual(['learning', 'known']);
  expect(await send(nth(0))).toEqual(['duplicate']);
  expect(await alerts()).toEqual([]);
  const [silent] = await fieldsOf(store, CLUSTER, stateKeys.silent(memoryKey), '["masscan/1.3"]');
  const { request, ...taught } = parseSilentTerm(silent ?? '');
  expect(request).toMatch(/^[\w-]{22}$/);
  const what = 'system:anonymous list pods in default, allowed';
  expect(taught).toEqual({ at: NOON, what, by: 'learning' });
  // The first batch has reached nth(1): learning ends an hour after it.
  const end = NOON + MINUTE + HOUR;
  expect(await send(anonymousRequest({ at: end - 1, userAgent: 'a' }))).toEqual(['learning']);
  expect(await send(anonymousRequest({ at: end, userAgent: 'b' }), anonymousRequest({ at: end + 1 }))).toEqual([
    'opened',
    'known',
  ]);
});

test('the id of an alert is the same however often its request opens it, and names the rule', async () => {
  const long = `${'a'.repeat(49)}-${'b'.repeat(20)}`;
  const idOf = async (document = newTerms, changes: RequestChanges = {}) => {
    const { send, alerts } = evaluation([document]);
    await send(anonymousRequest(changes));
    return (await alerts())[0]?.id ?? '';
  };
  const id = await idOf();
  expect(id).toMatch(/^anonymous-[a-z2-7]{12}$/);
  expect(await idOf()).toBe(id);
  expect(await idOf(newTerms, { id: 'another request' })).not.toBe(id);
  expect(await idOf(ruleDocument({ name: long }))).toMatch(/^a{49}-[a-z2-7]{12}$/);
  expect((await idOf(ruleDocument({ name: 'x'.repeat(200) }))).length).toBeLessThanOrEqual(63);
});

test('sinks are due at once on an opening and after their delay on a repeat; sinks of openings skip repeats', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' }, { now: () => 1_000_000 });
  const sinks = [
    { name: 'alert', openingsOnly: false, coalesceMs: 10_000 },
    { name: 'log', openingsOnly: true, coalesceMs: 0 },
  ];
  const detector = detectorOf(ruleDocument());
  const send = async (...events: ReturnType<typeof batchOf>) => {
    const { decisions } = detector.detect(CLUSTER, events);
    const { reads, step } = settle(decisions, { cluster: CLUSTER, hwm: NOON, sinks, hashes: sha256Hashes });
    return store.update(CLUSTER, reads, step);
  };
  const due = async (sink: string) => (await entriesOf(store, CLUSTER, stateKeys.due(sink))).map(({ score }) => score);
  const [id] = (await send(nth(0))).opened;
  expect(await due('alert')).toEqual([1_000_000]);
  expect(await due('log')).toEqual([1_000_000]);
  await send(nth(1));
  expect(await due('alert')).toEqual([1_000_000]);
  expect(await due('log')).toEqual([1_000_000]); // it is due already
  for (const { name } of sinks) await store.done(CLUSTER, name, id ?? '', 2, 0);
  await send(nth(2));
  expect(await due('alert')).toEqual([1_010_000]);
  expect(await due('log')).toEqual([]);
});

test('the alerts of a building block are recorded, and due only to sinks that ask for them', async () => {
  const sinks = [
    { name: 'alert', openingsOnly: false, coalesceMs: 0 },
    { name: 'log', openingsOnly: false, coalesceMs: 0, buildingBlocks: true },
  ];
  const { send, alerts, store } = evaluation([ruleDocument({ buildingBlock: true })], { sinks });
  const due = async (sink: string) => (await entriesOf(store, CLUSTER, stateKeys.due(sink))).length;
  expect(await send(nth(0), nth(1))).toEqual(['opened', 'attached']);
  expect((await alerts())[0]?.state.count).toBe(2);
  expect(await due('alert')).toBe(0);
  expect(await due('log')).toBe(1);
});

test.each([true, false])(
  'an alert keeps its kind when its rule becomes a building block or stops being one: %#',
  async (buildingBlock) => {
    const sinks = [{ name: 'alert', openingsOnly: false, coalesceMs: 0 }];
    const first = evaluation([ruleDocument({ buildingBlock })], { sinks });
    const { store } = first;
    await first.send(nth(0));
    const [alert] = await first.alerts();
    await store.done(CLUSTER, 'alert', alert?.id ?? '', 1, 0);
    const evaluate = createEvaluator({
      store,
      detector: () => detectorOf(ruleDocument({ buildingBlock: !buildingBlock })),
      hashes: sha256Hashes,
      sinks,
      own: undefined,
    });
    await evaluate(CLUSTER, [nth(1)]);
    expect((await first.alerts())[0]?.state.count).toBe(2);
    expect(await entriesOf(store, CLUSTER, stateKeys.due('alert'))).toHaveLength(buildingBlock ? 0 : 1);
  },
);

test('the budget of the cluster does not limit an alert with high severity from its event', async () => {
  const mapped = ruleDocument({
    budget: { alertsPerHour: 1_000 },
    severityMapping: [{ field: 'user_agent.original', value: 'masscan/1.3', severity: 'critical' }],
    suppression: { by: ['source.ip'], windowMicros: HOUR, missingFields: 'suppress' },
  });
  const { send } = evaluation([mapped]);
  const from = (n: number, changes: RequestChanges = {}) =>
    nth(0, { id: `r-${n}`, sourceIPs: [`10.0.${n >> 8}.${n & 255}`], userAgent: 'curl', ...changes });
  const outcomes = await send(...Array.from({ length: 201 }, (_, n) => from(n)));
  expect(outcomes.at(199)).toBe('opened');
  expect(outcomes.at(200)).toBe('overflow');
  expect(await send(from(300, { userAgent: 'masscan/1.3' }))).toEqual(['opened']);
});

/** The writes of a batch on an empty store. */
function writesOf(...events: ReturnType<typeof batchOf>): readonly StateWrite[] {
  const { decisions } = detectorOf(newTerms).detect(CLUSTER, events);
  const sinks = [{ name: 'log', openingsOnly: true, coalesceMs: 0 }];
  const { step } = settle(decisions, { cluster: CLUSTER, hwm: NOON, sinks, hashes: sha256Hashes });
  const first = step([]);
  const last = first.kind === 'need' ? step([{ kind: 'newest', entries: [] }]) : first;
  expectKind(last, 'commit');
  return last.writes;
}

test('writes the alert first, then learned terms, then counts', () => {
  const keys = writesOf(nth(0)).map((one) => (one.kind === 'markDue' ? `due:${one.sink}` : one.key));
  const kinds = keys.map((key) => key.split(':', 1)[0]);
  expect(kinds.filter((kind, i) => kind !== kinds[i - 1])).toEqual([
    'alert',
    'alerts',
    'live',
    'opens',
    'due',
    'terms',
    'silent',
    'rule',
    'done',
    'cluster',
  ]);
  for (const key of keys) expect(writeRank(key)).toBeGreaterThanOrEqual(0);
});

test('keeps counted requests for an hour, or a day if the request goes on', () => {
  const keep = (stage: string) => {
    const done = writesOf(nth(0, { event: { stage } })).find((one) => one.kind === 'addMembers');
    return done?.kind === 'addMembers' ? done.keepMs : undefined;
  };
  expect(keep('ResponseComplete')).toBe(DONE_KEEP_MS);
  expect(keep('Panic')).toBe(DONE_KEEP_MS);
  expect(keep('RequestReceived')).toBe(DONE_KEEP_STARTED_MS);
  expect(keep('ResponseStarted')).toBe(DONE_KEEP_STARTED_MS);
});

test('an exec that ends hours later does not reopen its own alert', async () => {
  let now = NOON / 1_000;
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' }, { now: () => now });
  const send = async (event: DecodedEvent) => {
    const { decisions } = detectorOf(ruleDocument()).detect(CLUSTER, [event]);
    const { reads, step } = settle(decisions, { cluster: CLUSTER, hwm: event.at, sinks: [], hashes: sha256Hashes });
    return (await store.update(CLUSTER, reads, step)).outcomes;
  };
  expect(await send(nth(0, { id: 'exec', event: { stage: 'RequestReceived' } }))).toEqual(['opened']);
  now += (5 * HOUR) / 1_000;
  expect(await send(anonymousRequest({ id: 'exec', requestedAt: NOON, at: NOON + 5 * HOUR }))).toEqual(['duplicate']);
  await store.close();
});

test('a term is kept for its window and the lateness', async () => {
  const terms = writesOf(nth(0)).find((one) => one.kind === 'setScores' && one.key === termsKey);
  expect(terms?.kind === 'setScores' ? terms.keepMs : undefined).toBe((WEEK + LATENESS) / 1_000);
  const { send, store } = evaluation([newTerms]);
  const held = async () => (await entriesOf(store, CLUSTER, termsKey)).length;
  await send(anonymousRequest({ at: NOON }));
  await send(anonymousRequest({ at: NOON + WEEK + LATENESS, userAgent: 'b' }));
  expect(await held()).toBe(2);
  await send(anonymousRequest({ at: NOON + WEEK + LATENESS + 1, userAgent: 'c' }));
  expect(await held()).toBe(2); // the first is gone
});

test('at the limit, the oldest sighting is evicted, counted, and new again', async () => {
  const { send, store, last } = evaluation([newTerms]);
  const entries = Array.from({ length: TERM_CAP - 1 }, (_, i) => ({ member: `["old-${i}"]`, score: NOON - HOUR + i }));
  await write(store, CLUSTER, { kind: 'setScores', key: termsKey, mode: 'set', entries });
  const agent = (n: number, userAgent: string) => nth(n, { userAgent });
  await send(agent(0, 'a'));
  expect([...last().termsHeld.values()]).toEqual([TERM_CAP]);
  expect(await send(agent(1, 'old-0'), agent(2, 'b'), agent(3, 'c'))).toEqual(['known', 'opened', 'opened']);
  expect([...last().termsHeld.values()]).toEqual([TERM_CAP]);
  const oldest = await entriesOf(store, CLUSTER, termsKey);
  expect(oldest).toHaveLength(TERM_CAP);
  expect(oldest[0]?.member).toBe('["old-3"]'); // old-0 was seen again, old-1 and old-2 are gone
  const rule = stateKeys.rule(compiledRule(newTerms).rule.memoryKey);
  expect(await fieldsOf(store, CLUSTER, rule, 'evicted', 'matches')).toEqual(['2', '4']);
  expect(await send(agent(4, 'old-1'))).toEqual(['opened']);
});

test('an evicted term that was learned without an alert leaves nothing behind', async () => {
  const document = ruleDocument({ newTerms: { learningMicros: DAY } });
  const { send, store } = evaluation([document]);
  await send(nth(0, { userAgent: 'first' }));
  const entries = Array.from({ length: TERM_CAP - 1 }, (_, i) => ({ member: `["old-${i}"]`, score: NOON + HOUR + i }));
  await write(store, CLUSTER, { kind: 'setScores', key: termsKey, mode: 'set', entries });
  expect(await send(nth(1, { userAgent: 'second' }))).toEqual(['learning']);
  const silent = stateKeys.silent(compiledRule(document).rule.memoryKey);
  const [first, second] = await fieldsOf(store, CLUSTER, silent, '["first"]', '["second"]');
  expect(first).toBeUndefined();
  expect(second).toBeDefined();
});

test('rules and clusters are independent', async () => {
  const { send, alerts } = evaluation([
    newTerms,
    ruleDocument({ name: 'other', newTerms: {} }),
    ruleDocument({ name: 'third' }),
  ]);
  expect(await send(nth(0))).toEqual(['opened', 'opened', 'opened']);
  expect(await send(nth(1))).toEqual(['attached', 'attached', 'attached']);
  expect(await alerts()).toHaveLength(3);
});

test('the latest event time of a cluster only grows', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  const hwm = async () => (await fieldsOf(store, CLUSTER, stateKeys.cluster, 'hwm'))[0];
  await send(nth(5));
  await send(nth(1));
  expect(await hwm()).toBe(String(NOON + 5 * MINUTE));
});
