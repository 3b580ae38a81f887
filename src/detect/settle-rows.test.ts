import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
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
const { state } = compiledRule(rule).rule;
const groupsKey = stateKeys.groups(state);

/** The n-th request of a test, a second after the one before. */
const nth = (n: number, changes: RequestChanges = {}) => anonymousRequest({ at: NOON + n * SECOND, ...changes });

const count = (outcomes: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

test('held until there are enough; what an alert stands on is used up', async () => {
  const { send, alerts } = evaluation([rule]);
  const outcomes = await send(...[0, 1, 2, 3, 4, 5, 6].map((n) => nth(n)));
  assert.deepEqual(outcomes, ['held', 'held', 'opened', 'held', 'held', 'attached', 'held']);
  const [alert, ...others] = await alerts();
  assert.deepEqual([alert?.state.count, others], [2, []]);
  assert.deepEqual([alert?.state.firstSeen, alert?.state.lastSeen], [NOON, NOON + 5 * SECOND]);
  assert.deepEqual(
    alert?.state.evidence.map(({ auditID }) => auditID),
    [0, 1, 2, 3, 4, 5].map((n) => nth(n).event.auditID),
  );
});

test('it does not matter in how many batches they come', async () => {
  const { send } = evaluation([rule]);
  const outcomes: string[] = [];
  for (const n of [0, 1, 2, 3, 4, 5]) outcomes.push(...(await send(nth(n))));
  assert.deepEqual(outcomes, ['held', 'held', 'opened', 'held', 'held', 'attached']);
});

test('the alert has the group and the counts, and is about the event that completed it', async () => {
  const cardinality = [{ field: 'user_agent.original', value: 2 }];
  const { send, alerts } = evaluation([thresholdRule({ fields: ['user.name', 'source.ip'], cardinality })]);
  await send(nth(0, { userAgent: 'a' }), nth(1, { userAgent: 'b' }), nth(2, { userAgent: 'b' }));
  const [alert] = await alerts();
  assert.deepEqual(alert?.spec.groupBy, [
    { field: 'user.name', value: 'system:anonymous' },
    { field: 'source.ip', value: '203.0.113.7' },
  ]);
  assert.deepEqual(alert?.spec.results, [
    { field: 'count', value: '3' },
    { field: 'cardinality(user_agent.original)', value: '2' },
  ]);
  assert.equal(alert?.spec.newTerms, undefined);
  assert.equal(alert?.spec.display.newTerm, '');
  assert.equal(alert?.spec.request.auditID, nth(2).event.auditID);
  assert.equal(
    alert?.spec.reason,
    'Many requests: 3 events of user "system:anonymous", source IP "203.0.113.7" within 5m, 2 different user agent; ' +
      'the last: system:anonymous list pods in default, allowed',
  );
});

test('groups do not count for each other, and have alerts of their own', async () => {
  const { send, alerts } = evaluation([rule]);
  const outcomes = await send(
    ...[0, 1, 2, 3].flatMap((n) => ['eve', 'bob'].map((username) => nth(n, { username, id: `${username}-${n}` }))),
  );
  assert.deepEqual(count(outcomes), { held: 6, opened: 2 });
  assert.equal((await alerts()).length, 2);
});

test('each stage of a request is an event that counts, and each counts once', async () => {
  const { send } = evaluation([rule]);
  const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete'].map((stage, i) =>
    nth(i, { id: 'exec', requestedAt: NOON, event: { stage } }),
  );
  assert.deepEqual(await send(...stages), ['held', 'held', 'opened']);
  assert.deepEqual(await send(...stages), ['duplicate', 'duplicate', 'duplicate']);
  const nameless = anonymousRequest({ event: { auditID: '' } });
  assert.deepEqual(await send(nameless, nameless), ['held', 'held'], 'told apart by their place');
});

test('late: older than the window and the lateness allow, and not before', async () => {
  const { send } = evaluation([rule]);
  await send(anonymousRequest({ at: NOON }));
  assert.deepEqual(await send(anonymousRequest({ at: NOON - WINDOW - LATENESS })), ['held']);
  assert.deepEqual(await send(anonymousRequest({ at: NOON - WINDOW - LATENESS - 1 })), ['late']);
  const { send: sendAtOnce } = evaluation([rule]);
  const hourly = [0, 1, 2].map((hours) => anonymousRequest({ at: NOON + hours * HOUR }));
  assert.deepEqual(await sendAtOnce(...hourly), ['held', 'held', 'held'], 'a batch does not make its own events late');
});

test('an event that comes late completes what it belongs to', async () => {
  const { send, alerts } = evaluation([rule]);
  assert.deepEqual(await send(nth(0), nth(4)), ['held', 'held']);
  assert.deepEqual(await send(nth(2)), ['opened']);
  const [alert] = await alerts();
  assert.deepEqual([alert?.state.openedAt, alert?.state.lastSeen], [NOON + 4 * SECOND, NOON + 4 * SECOND]);
});

test('rows that no window can need any more go, when their group has an event', async () => {
  const { send, store } = evaluation([rule]);
  const group = async () => (await entriesOf(store, CLUSTER, groupsKey))[0]?.member ?? '';
  await send(nth(0));
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS }));
  const key = stateKeys.rows(state, await group());
  assert.equal((await hashOf(store, CLUSTER, key)).size, 2);
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS + 1 }));
  assert.equal((await hashOf(store, CLUSTER, key)).size, 3, 'what was reached before decides');
  await send(anonymousRequest({ at: NOON + WINDOW + LATENESS + 2 }));
  assert.equal((await hashOf(store, CLUSTER, key)).size, 3, 'one came, one went');
});

test('overflow: without a budget nothing is used up, so that it fires when there is budget again', async () => {
  const { send, alerts } = evaluation([thresholdRule({}, { budget: { alertsPerHour: 1 } })]);
  const [eve, bob] = ['eve', 'bob'].map((username) => (n: number) => nth(n, { username, id: `${username}-${n}` }));
  assert.ok(eve && bob);
  assert.deepEqual(await send(eve(0), eve(1), eve(2)), ['held', 'held', 'opened']);
  const late = 3_600 - 2;
  assert.deepEqual(await send(bob(late), bob(late + 1), bob(late + 2)), ['held', 'held', 'overflow']);
  assert.deepEqual(await send(bob(late + 5)), ['opened']);
  const opened = (await alerts()).find(({ spec }) => !spec.overflow && spec.actor.user === 'bob');
  assert.deepEqual([opened?.state.evidence.length, opened?.spec.results?.[0]?.value], [4, '4']);
});

test('a closed alert takes nothing: what comes next opens another', async () => {
  const { send, alerts, store } = evaluation([rule]);
  await send(nth(0), nth(1), nth(2));
  const [first] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, first?.id ?? '', 'Closed');
  assert.deepEqual(await send(nth(3), nth(4), nth(5)), ['held', 'held', 'opened']);
  assert.equal(new Set((await alerts()).map(({ id }) => id)).size, 2);
});

test('the alert of a group takes what its group does for an hour, or as long as the rule says', async () => {
  const suppression = { by: [], windowMicros: MINUTE, missingFields: 'suppress' } as const;
  const { send } = evaluation([
    thresholdRule({ value: 1 }),
    thresholdRule({ value: 1 }, { name: 'brief', suppression }),
  ]);
  await send(nth(0));
  assert.deepEqual(await send(nth(59)), ['attached', 'attached']);
  assert.deepEqual(await send(nth(60)), ['attached', 'opened']);
  assert.deepEqual(await send(nth(3_600)), ['opened', 'opened']);
});

test('fields of the group may make one alert of several groups', async () => {
  const suppression = { by: ['user.name'], windowMicros: HOUR, missingFields: 'doNotSuppress' } as const;
  const { send } = evaluation([thresholdRule({ fields: ['user.name', 'source.ip'], value: 1 }, { suppression })]);
  const from = (n: number, ...sourceIPs: readonly string[]) => nth(n, { sourceIPs });
  assert.deepEqual(await send(from(0, '10.0.0.1'), from(1, '10.0.0.2')), ['opened', 'attached']);
  assert.deepEqual(await send(from(2, '10.0.0.3', '10.0.0.4')), ['attached', 'attached'], 'a group is a decision');
});

test('a full group lets its oldest rows go, says so, and does not count them again', async () => {
  const { send, alerts, store } = evaluation([thresholdRule({ value: ROW_CAP, windowMicros: HOUR })]);
  const events = Array.from({ length: ROW_CAP + 3 }, (_, n) => nth(n));
  const { rule: full } = compiledRule(thresholdRule({ value: ROW_CAP, windowMicros: HOUR }));
  assert.deepEqual(count(await send(...events.slice(0, ROW_CAP - 1))), { held: ROW_CAP - 1 });
  assert.deepEqual(await send(...events.slice(ROW_CAP - 1, ROW_CAP)), ['opened']);
  assert.deepEqual(await send(...events.slice(ROW_CAP)), ['held', 'held', 'held']);
  const [group] = await entriesOf(store, CLUSTER, stateKeys.groups(full.state));
  const rows = await hashOf(store, CLUSTER, stateKeys.rows(full.state, group?.member ?? ''));
  assert.equal(rows.size, ROW_CAP + 1);
  assert.deepEqual(JSON.parse(rows.get(LET_GO) ?? ''), [3, NOON, NOON + 2 * SECOND]);
  assert.deepEqual(await fieldsOf(store, CLUSTER, stateKeys.rule(full.state), 'letGo'), ['3']);
  assert.deepEqual(await send(...events.slice(0, 2)), ['late', 'late'], 'sent again');
  assert.equal((await alerts())[0]?.state.count, 1);
});

test('an alert of a group that was full says what is not in it', async () => {
  const { send, alerts, store } = evaluation([thresholdRule({ value: 400, windowMicros: HOUR })]);
  const events = Array.from({ length: 1_200 }, (_, n) => nth(n));
  assert.deepEqual(count(await send(...events.slice(0, 1_100))), { held: 1_098, opened: 1, attached: 1 });
  const [first] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, first?.id ?? '', 'Closed');
  assert.deepEqual(count(await send(...events.slice(1_100))), { held: 99, opened: 1 });
  const second = (await alerts()).find(({ id }) => id !== first?.id);
  assert.match(
    second?.spec.reason ?? '',
    /^too many events to hold, 200 from 2026-03-01T12:00:00\.000000Z to 2026-03-01T12:03:19\.000000Z are left out; Many/,
  );
  assert.doesNotMatch(first?.spec.reason ?? '', /left out/);
});

test('of too many groups the one that was longest without an event goes, and is counted', async () => {
  const { send, store } = evaluation([rule]);
  const entries = Array.from({ length: GROUP_CAP }, (_, i) => ({ member: `group-${i}`, score: NOON + i }));
  await write(store, CLUSTER, { kind: 'setScores', key: groupsKey, mode: 'set', entries });
  await write(store, CLUSTER, {
    kind: 'setFields',
    key: stateKeys.rows(state, 'group-0'),
    mode: 'set',
    fields: { [LET_GO]: '[1,2,3]' },
  });
  assert.deepEqual(await send(nth(1)), ['held']);
  assert.deepEqual([...(await hashOf(store, CLUSTER, stateKeys.rows(state, 'group-0')))], []);
  const held = await entriesOf(store, CLUSTER, groupsKey);
  assert.deepEqual([held.length, held[0]?.member], [GROUP_CAP, 'group-1']);
  assert.deepEqual(await fieldsOf(store, CLUSTER, stateKeys.rule(state), 'evicted'), ['1']);
});

test('combinations beyond the cap are one overflow, and are counted once', async () => {
  const { send } = evaluation([thresholdRule({ fields: ['source.ip'] })]);
  const sourceIPs = Array.from({ length: 120 }, (_, i) => `10.0.0.${i}`);
  assert.deepEqual(count(await send(nth(0, { sourceIPs }))), { held: 100, overflow: 1 });
  assert.deepEqual(count(await send(nth(0, { sourceIPs }))), { duplicate: 101 });
});

test('only rules that hold rows read any', () => {
  const reads = (document: RuleDocument) => {
    const { decisions } = detectorOf(document).detect(CLUSTER, [nth(0)]);
    const { reads } = settle(decisions, { cluster: CLUSTER, hwm: NOON, sinks: [], hashes: sha256Hashes });
    return reads.map(({ kind, key }) => `${kind} ${key.split(':')[0]}`);
  };
  assert.deepEqual(reads(ruleDocument()), ['fields cluster', 'fields live', 'members done']);
  assert.deepEqual(reads(rule), ['fields cluster', 'fields live', 'hash rows', 'scores groups', 'size groups']);
});

test('a threshold without fields may be counted over everything', async () => {
  const { send, alerts } = evaluation([thresholdRule({ fields: [] })]);
  const users = ['a', 'b', 'c'].map((username, n) => nth(n, { username }));
  assert.deepEqual(await send(...users), ['held', 'held', 'opened']);
  const [alert] = await alerts();
  assert.deepEqual([alert?.spec.groupBy, alert?.spec.results], [undefined, [{ field: 'count', value: '3' }]]);
});
