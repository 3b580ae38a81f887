import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, fieldsOf, hashOf, write } from '../../test/support/state-access.ts';
import { createAlertLifecycle } from '../alerts/lifecycle.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { RuleDocument, ThresholdDocument } from '../rules/document.ts';
import { GROUP_CAP, HOUR, LATENESS, MINUTE, ROW_CAP, SECOND } from '../rules/limits.ts';
import { LET_GO, stateKeys } from '../rules/state-keys.ts';
import { settle } from './settle.ts';

const WINDOW = 5 * MINUTE;

/** Three requests of a user within five minutes. */
function thresholdRule(threshold: Partial<ThresholdDocument> = {}, changes: Partial<RuleDocument> = {}): RuleDocument {
  return ruleDocument({
    type: 'threshold',
    title: 'Many requests',
    query: 'event.action: list',
    threshold: { fields: ['user.name'], value: 3, cardinality: [], windowMicros: WINDOW, ...threshold },
    ...changes,
  });
}

const rule = thresholdRule();
const { memoryKey } = compiledRule(rule).rule;
const groupsKey = stateKeys.groups(memoryKey);

/** The n-th request of a test, a second after the one before. */
const nth = (n: number, changes: RequestChanges = {}) => anonymousRequest({ at: NOON + n * SECOND, ...changes });

const count = (outcomes: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

test('holds events until there are enough, and uses each for one alert', async () => {
  const { send, alerts } = evaluation([rule]);
  const outcomes = await send(...[0, 1, 2, 3, 4, 5, 6].map((n) => nth(n)));
  expect(outcomes).toEqual(['held', 'held', 'opened', 'held', 'held', 'attached', 'held']);
  const [alert, ...others] = await alerts();
  expect(alert?.state.count).toBe(2);
  expect(others).toEqual([]);
  expect(alert?.state.firstSeen).toBe(NOON);
  expect(alert?.state.lastSeen).toBe(NOON + 5 * SECOND);
  expect(alert?.state.evidence.map(({ auditID }) => auditID)).toEqual(
    [0, 1, 2, 3, 4, 5].map((n) => nth(n).event.auditID),
  );
});

test('the number of batches does not matter', async () => {
  const { send } = evaluation([rule]);
  const outcomes: string[] = [];
  for (const n of [0, 1, 2, 3, 4, 5]) outcomes.push(...(await send(nth(n))));
  expect(outcomes).toEqual(['held', 'held', 'opened', 'held', 'held', 'attached']);
});

test('the alert has group and counts, and describes the event that completed it', async () => {
  const cardinality = [{ field: 'user_agent.original', value: 2 }];
  const { send, alerts } = evaluation([thresholdRule({ fields: ['user.name', 'source.ip'], cardinality })]);
  await send(nth(0, { userAgent: 'a' }), nth(1, { userAgent: 'b' }), nth(2, { userAgent: 'b' }));
  const [alert] = await alerts();
  expect(alert?.spec.groupBy).toEqual([
    { field: 'user.name', value: 'system:anonymous' },
    { field: 'source.ip', value: '203.0.113.7' },
  ]);
  expect(alert?.spec.results).toEqual([
    { field: 'count', value: '3' },
    { field: 'cardinality(user_agent.original)', value: '2' },
  ]);
  expect(alert?.spec.newTerms).toBeUndefined();
  expect(alert?.spec.display.newTerm).toBe('');
  expect(alert?.spec.request.auditID).toBe(nth(2).event.auditID);
  expect(alert?.spec.reason).toBe(
    'Many requests: 3 events of user "system:anonymous", source IP "203.0.113.7" within 5m, 2 different user agent; ' +
      'the last: system:anonymous list pods in default, allowed',
  );
});

test('groups count separately and have their own alerts', async () => {
  const { send, alerts } = evaluation([rule]);
  const outcomes = await send(
    ...[0, 1, 2, 3].flatMap((n) => ['eve', 'bob'].map((username) => nth(n, { username, id: `${username}-${n}` }))),
  );
  expect(count(outcomes)).toEqual({ held: 6, opened: 2 });
  expect(await alerts()).toHaveLength(2);
});

test('each stage of a request counts once', async () => {
  const { send } = evaluation([rule]);
  const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete'].map((stage, i) =>
    nth(i, { id: 'exec', requestedAt: NOON, event: { stage } }),
  );
  expect(await send(...stages)).toEqual(['held', 'held', 'opened']);
  expect(await send(...stages)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  const nameless = anonymousRequest({ event: { auditID: '' } });
  expect(await send(nameless, nameless)).toEqual(['held', 'held']); // told apart by their place
});

test('late: older than window and lateness allow', async () => {
  const { send } = evaluation([rule]);
  await send(anonymousRequest({ at: NOON }));
  expect(await send(anonymousRequest({ at: NOON - WINDOW - LATENESS }))).toEqual(['held']);
  expect(await send(anonymousRequest({ at: NOON - WINDOW - LATENESS - 1 }))).toEqual(['late']);
  const { send: sendAtOnce } = evaluation([rule]);
  const hourly = [0, 1, 2].map((hours) => anonymousRequest({ at: NOON + hours * HOUR }));
  expect(await sendAtOnce(...hourly)).toEqual(['held', 'held', 'held']); // a batch does not make its own events late
});

test('a late event completes its group', async () => {
  const { send, alerts } = evaluation([rule]);
  expect(await send(nth(0), nth(4))).toEqual(['held', 'held']);
  expect(await send(nth(2))).toEqual(['opened']);
  const [alert] = await alerts();
  expect(alert?.state.openedAt).toBe(NOON + 4 * SECOND);
  expect(alert?.state.lastSeen).toBe(NOON + 4 * SECOND);
});

test('drops expired rows when their group has an event', async () => {
  const { send, store } = evaluation([rule]);
  const group = async () => (await entriesOf(store, CLUSTER, groupsKey))[0]?.member ?? '';
  await send(nth(0));
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS }));
  const key = stateKeys.rows(memoryKey, await group());
  expect((await hashOf(store, CLUSTER, key)).size).toBe(2);
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS + 1 }));
  expect((await hashOf(store, CLUSTER, key)).size).toBe(3); // what was reached before decides
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS + 2 }));
  expect((await hashOf(store, CLUSTER, key)).size).toBe(3); // one came, one went
});

test('overflow: events without a budget are not used, and fire when there is budget again', async () => {
  const { send, alerts } = evaluation([thresholdRule({}, { budget: { alertsPerHour: 1 } })]);
  const [eve, bob] = ['eve', 'bob'].map((username) => (n: number) => nth(n, { username, id: `${username}-${n}` }));
  expectPresent(eve);
  expectPresent(bob);
  expect(await send(eve(0), eve(1), eve(2))).toEqual(['held', 'held', 'opened']);
  const late = 3_600 - 2;
  expect(await send(bob(late), bob(late + 1), bob(late + 2))).toEqual(['held', 'held', 'overflow']);
  expect(await send(bob(late + 5))).toEqual(['opened']);
  const opened = (await alerts()).find(({ spec }) => !spec.overflow && spec.actor.user === 'bob');
  expect(opened?.state.evidence).toHaveLength(4);
  expect(opened?.spec.results?.[0]?.value).toBe('4');
});

test('a closed alert takes no repeats: the next event opens another', async () => {
  const { send, alerts, store } = evaluation([rule]);
  await send(nth(0), nth(1), nth(2));
  const [first] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, first?.id ?? '', 'Closed');
  expect(await send(nth(3), nth(4), nth(5))).toEqual(['held', 'held', 'opened']);
  expect(new Set((await alerts()).map(({ id }) => id)).size).toBe(2);
});

test('the alert of a group takes repeats for an hour, or for the window of the rule', async () => {
  const suppression = { by: [], windowMicros: MINUTE, missingFields: 'suppress' } as const;
  const { send } = evaluation([
    thresholdRule({ value: 1 }),
    thresholdRule({ value: 1 }, { name: 'brief', suppression }),
  ]);
  await send(nth(0));
  expect(await send(nth(59))).toEqual(['attached', 'attached']);
  expect(await send(nth(60))).toEqual(['attached', 'opened']);
  expect(await send(nth(3_600))).toEqual(['opened', 'opened']);
});

test('suppression fields can merge several groups into one alert', async () => {
  const suppression = { by: ['user.name'], windowMicros: HOUR, missingFields: 'doNotSuppress' } as const;
  const { send } = evaluation([thresholdRule({ fields: ['user.name', 'source.ip'], value: 1 }, { suppression })]);
  const from = (n: number, ...sourceIPs: readonly string[]) => nth(n, { sourceIPs });
  expect(await send(from(0, '10.0.0.1'), from(1, '10.0.0.2'))).toEqual(['opened', 'attached']);
  expect(await send(from(2, '10.0.0.3', '10.0.0.4'))).toEqual(['attached', 'attached']); // a group is a decision
});

test('a full group drops and reports its oldest rows, and does not count them again', async () => {
  const { send, alerts, store } = evaluation([thresholdRule({ value: ROW_CAP, windowMicros: HOUR })]);
  const events = Array.from({ length: ROW_CAP + 3 }, (_, n) => nth(n));
  const { rule: full } = compiledRule(thresholdRule({ value: ROW_CAP, windowMicros: HOUR }));
  expect(count(await send(...events.slice(0, ROW_CAP - 1)))).toEqual({ held: ROW_CAP - 1 });
  expect(await send(...events.slice(ROW_CAP - 1, ROW_CAP))).toEqual(['opened']);
  expect(await send(...events.slice(ROW_CAP))).toEqual(['held', 'held', 'held']);
  const [group] = await entriesOf(store, CLUSTER, stateKeys.groups(full.memoryKey));
  const rows = await hashOf(store, CLUSTER, stateKeys.rows(full.memoryKey, group?.member ?? ''));
  expect(rows.size).toBe(ROW_CAP + 1);
  expect(JSON.parse(rows.get(LET_GO) ?? '')).toEqual([3, NOON, NOON + 2 * SECOND]);
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(full.memoryKey), 'letGo')).toEqual(['3']);
  expect(await send(...events.slice(0, 2))).toEqual(['late', 'late']); // sent again
  expect((await alerts())[0]?.state.count).toBe(1);
});

test('an alert of a full group names the dropped rows', async () => {
  const { send, alerts, store } = evaluation([thresholdRule({ value: 400, windowMicros: HOUR })]);
  const events = Array.from({ length: 1_200 }, (_, n) => nth(n));
  expect(count(await send(...events.slice(0, 1_100)))).toEqual({ held: 1_098, opened: 1, attached: 1 });
  const [first] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, first?.id ?? '', 'Closed');
  expect(count(await send(...events.slice(1_100)))).toEqual({ held: 99, opened: 1 });
  const second = (await alerts()).find(({ id }) => id !== first?.id);
  expect(second?.spec.reason ?? '').toMatch(
    /^too many events to keep, 200 from 2026-03-01T12:00:00\.000000Z to 2026-03-01T12:03:19\.000000Z are left out; Many/,
  );
  expect(first?.spec.reason ?? '').not.toMatch(/left out/);
});

test('beyond the limit, drops and counts the group longest without an event', async () => {
  const { send, store } = evaluation([rule]);
  const entries = Array.from({ length: GROUP_CAP }, (_, i) => ({ member: `group-${i}`, score: NOON + i }));
  await write(store, CLUSTER, { kind: 'setScores', key: groupsKey, mode: 'set', entries });
  await write(store, CLUSTER, {
    kind: 'setFields',
    key: stateKeys.rows(memoryKey, 'group-0'),
    mode: 'set',
    fields: { [LET_GO]: '[1,2,3]' },
  });
  expect(await send(nth(1))).toEqual(['held']);
  expect([...(await hashOf(store, CLUSTER, stateKeys.rows(memoryKey, 'group-0')))]).toEqual([]);
  const held = await entriesOf(store, CLUSTER, groupsKey);
  expect(held).toHaveLength(GROUP_CAP);
  expect(held[0]?.member).toBe('group-1');
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(memoryKey), 'evicted')).toEqual(['1']);
});

test('combinations beyond the limit are one overflow and count once', async () => {
  const { send } = evaluation([thresholdRule({ fields: ['source.ip'] })]);
  const sourceIPs = Array.from({ length: 120 }, (_, i) => `10.0.0.${i}`);
  expect(count(await send(nth(0, { sourceIPs })))).toEqual({ held: 100, overflow: 1 });
  expect(count(await send(nth(0, { sourceIPs })))).toEqual({ duplicate: 101 });
});

test('only rules with rows read rows', () => {
  const reads = (document: RuleDocument) => {
    const { decisions } = detectorOf(document).detect(CLUSTER, [nth(0)]);
    const { reads } = settle(decisions, { cluster: CLUSTER, hwm: NOON, sinks: [], hashes: sha256Hashes });
    return reads.map(({ kind, key }) => `${kind} ${key.split(':')[0]}`);
  };
  expect(reads(ruleDocument())).toEqual(['fields cluster', 'fields live', 'members done']);
  expect(reads(rule)).toEqual(['fields cluster', 'fields live', 'hash rows', 'scores groups', 'size groups']);
});

test('a threshold without fields counts everything together', async () => {
  const { send, alerts } = evaluation([thresholdRule({ fields: [] })]);
  const users = ['a', 'b', 'c'].map((username, n) => nth(n, { username }));
  expect(await send(...users)).toEqual(['held', 'held', 'opened']);
  const [alert] = await alerts();
  expect(alert?.spec.groupBy).toBeUndefined();
  expect(alert?.spec.results).toEqual([{ field: 'count', value: '3' }]);
});
