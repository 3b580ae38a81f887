import { expect, test } from '@jest/globals';
import { evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import type { RuleDocument, SuppressionDocument } from '../rules/document.ts';
import { HOUR, LATENESS, MINUTE, SECOND } from '../rules/limits.ts';

const SPAN = 5 * MINUTE;
const ITEMS = '[any where event.action == "create"] [any where event.action == "list"]';

/** Someone creates, and lists within five minutes. */
const sequenceRule = (changes: Partial<RuleDocument> = {}) =>
  ruleDocument({
    type: 'eql',
    language: 'eql',
    title: 'Create and list',
    query: `sequence by user.name with maxspan=5m ${ITEMS}`,
    ...changes,
  });

const verb =
  (name: string) =>
  (n: number, changes: RequestChanges = {}) =>
    anonymousRequest({
      at: NOON + n * SECOND,
      id: `${name}-${n}-${changes.username}`,
      ...changes,
      event: { verb: name, ...changes.event },
    });
const create = verb('create');
const list = verb('list');

test('events in order open an alert about the last one, with all as evidence', async () => {
  const { send, alerts } = evaluation([sequenceRule()]);
  expect(await send(create(0, { username: 'eve' }), list(60, { username: 'eve' }))).toEqual(['held', 'opened']);
  const [alert, ...others] = await alerts();
  expect(others).toEqual([]);
  expect(alert?.spec.rule.type).toBe('eql');
  expect(alert?.spec.request.auditID).toBe('list-60-eve');
  expect(alert?.spec.groupBy).toEqual([{ field: 'user.name', value: 'eve' }]);
  expect(alert?.spec.results).toEqual([{ field: 'count', value: '2' }]);
  expect(alert?.state.evidence.map(({ auditID }) => auditID)).toEqual(['create-0-eve', 'list-60-eve']);
  expect(alert?.state.firstSeen).toBe(NOON);
  expect(alert?.state.openedAt).toBe(NOON + MINUTE);
  expect(alert?.spec.reason).toBe(
    'Create and list: within 5m of user "eve": eve create pods in default, allowed, then eve list pods in default, allowed',
  );
});

test('another user, a late event or the wrong order does not complete it', async () => {
  const { send } = evaluation([sequenceRule()]);
  expect(await send(create(0, { username: 'eve' }), list(1, { username: 'bob' }))).toEqual(['held', 'held']);
  expect(await send(list(301, { username: 'eve' }))).toEqual(['held']);
  expect(await send(list(302, { username: 'amy' }), create(303, { username: 'amy' }))).toEqual(['held', 'held']);
});

test('a resent event changes nothing, and a used event completes no other sequence', async () => {
  const { send, alerts } = evaluation([sequenceRule()]);
  const events = [create(0), create(1), list(2), list(3)];
  expect(await send(...events)).toEqual(['held', 'held', 'opened', 'held']);
  expect(await send(...events)).toEqual(Array(4).fill('duplicate'));
  expect(await send(create(4), list(5))).toEqual(['held', 'attached']);
  expect((await alerts())[0]?.state.count).toBe(2);
});

test('a late event completes it, unless it is too late', async () => {
  const { send, alerts } = evaluation([sequenceRule()]);
  expect(await send(list(10))).toEqual(['held']);
  expect(await send(create(9))).toEqual(['opened']);
  const [alert] = await alerts();
  expect(alert?.state.lastSeen).toBe(NOON + 10 * SECOND);
  expect(alert?.spec.request.auditID).toBe('create-9-undefined');
  expect(await send(create(10 - (SPAN + LATENESS) / SECOND))).toEqual(['held']);
  expect(await send(create(9 - (SPAN + LATENESS) / SECOND))).toEqual(['late']);
});

test('records each sequence that a late event completes', async () => {
  const any = '[any where true]';
  const { send, alerts, last } = evaluation([
    sequenceRule({ query: `sequence by user.name with maxspan=4s ${any} ${any}` }),
  ]);
  expect(await send(list(1), list(9))).toEqual(['held', 'held']);
  expect(await send(list(5))).toEqual(['opened']);
  expect((await alerts())[0]?.state.count).toBe(2);
  const fires = [...last().fires.values()].flat().map(({ rows }) => rows.map(({ auditID }) => auditID));
  expect(fires).toEqual([
    ['list-1-undefined', 'list-5-undefined'],
    ['list-5-undefined', 'list-9-undefined'],
  ]);
});

test('an exception keeps an event out of every sequence', async () => {
  const exceptions = [{ query: 'any where user_agent.original == "robot"', language: 'eql', reason: 'known' } as const];
  const { send } = evaluation([sequenceRule({ exceptions })]);
  expect(await send(create(0, { userAgent: 'robot' }), list(1))).toEqual(['held']);
});

test('overflow: counts, and the next last event completes it when there is budget', async () => {
  const { send } = evaluation([sequenceRule({ budget: { alertsPerHour: 1 } })]);
  const as = (username: string) => ({ username });
  expect(await send(create(0, as('eve')), list(1, as('eve')))).toEqual(['held', 'opened']);
  expect(await send(create(3_590, as('bob')), list(3_595, as('bob')))).toEqual(['held', 'overflow']);
  expect(await send(list(3_602, as('bob')))).toEqual(['opened']);
});

test('accepts any order if the rule says so', async () => {
  const { send } = evaluation([sequenceRule({ sequenceOrder: 'any' })]);
  expect(await send(list(0), create(1))).toEqual(['held', 'opened']);
});

const suppressedBy = (by: readonly string[], missingFields: SuppressionDocument['missingFields'] = 'suppress') =>
  sequenceRule({ suppression: { by, windowMicros: HOUR, missingFields } });

test('groups repeats by the join values, or by fields with the same values in all events', async () => {
  const as = (username: string, userAgent: string | null = 'curl') => ({ username, userAgent });
  const pair = (n: number, changes: RequestChanges) => [create(n, changes), list(n + 1, changes)] as const;
  const byDefault = evaluation([sequenceRule()]);
  expect(await byDefault.send(...pair(0, as('eve')), ...pair(2, as('bob')), ...pair(4, as('eve')))).toEqual([
    'held',
    'opened',
    'held',
    'opened',
    'held',
    'attached',
  ]);
  const byAgent = evaluation([suppressedBy(['user_agent.original'])]);
  expect(await byAgent.send(...pair(0, as('eve')), ...pair(2, as('bob')), ...pair(4, as('amy', 'wget')))).toEqual([
    'held',
    'opened',
    'held',
    'attached',
    'held',
    'opened',
  ]);
});

test('events without a common value of the field share an alert, or get their own if the rule says so', async () => {
  const as = (username: string, userAgent: string | null) => ({ username, userAgent });
  const events = [
    create(0, as('eve', 'curl')),
    list(1, as('eve', 'wget')),
    create(2, as('bob', null)),
    list(3, as('bob', null)),
    create(4, as('amy', 'a')),
    list(5, as('amy', null)),
  ];
  const outcomes = async (rule: RuleDocument) =>
    (await evaluation([rule]).send(...events)).filter((each) => each !== 'held');
  expect(await outcomes(suppressedBy(['user_agent.original']))).toEqual(['opened', 'attached', 'attached']);
  const alone = suppressedBy(['user_agent.original'], 'doNotSuppress');
  expect(await outcomes(alone)).toEqual(['opened', 'opened', 'opened']);
});

test('values in another order are different values', async () => {
  const from = (...sourceIPs: readonly string[]) => ({ sourceIPs });
  const { send } = evaluation([suppressedBy(['source.ip'], 'doNotSuppress')]);
  const [a, b] = ['10.0.0.1', '10.0.0.2'];
  const outcomes = await send(
    create(0, from(a, b)),
    list(1, from(a, b)),
    create(2, from(b, a)),
    list(3, from(b, a)),
    create(4, from(a, b)),
    list(5, from(b, a)),
    create(6, from(a, b)),
    list(7, from(a, b)),
  );
  expect(outcomes.filter((each) => each !== 'held')).toEqual(['opened', 'opened', 'opened', 'attached']);
});
