import { expect, test } from '@jest/globals';
import { evaluation } from '../../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import { compileRule } from '../compile-rule.ts';
import type { RuleDocument } from '../document.ts';
import { COMBINATION_CAP, HOUR, MINUTE, SECOND } from '../limits.ts';
import { formatRuleProblem } from '../rule-problem.ts';

const statsRule = (commands: string, changes: Partial<RuleDocument> = {}) =>
  ruleDocument({
    type: 'esql',
    language: 'esql',
    title: 'Groups',
    query: `FROM logs-* | ${commands}`,
    windowMicros: 6 * MINUTE,
    ...changes,
  });

const NAMES = `STATS names = COUNT_DISTINCT(kubernetes.audit.objectRef.name), all = VALUES(kubernetes.audit.objectRef.name)
  BY user.name | WHERE names >= 3`;

const get = (name: string, at = 0, changes: RequestChanges = {}) =>
  anonymousRequest({
    at: NOON + at * SECOND,
    id: `${name}-${at}`,
    ...changes,
    event: { verb: 'get', objectRef: { resource: 'secrets', namespace: 'default', name }, ...changes.event },
  });

test('every event after which the row of its group survives is a fire; the first opens an alert, the others join it', async () => {
  const { send, alerts, last } = evaluation([statsRule(NAMES)]);
  const outcomes = await send(get('a', 0), get('a', 1), get('b', 2), get('c', 3), get('c', 4));
  expect(outcomes).toEqual(['held', 'held', 'held', 'opened', 'attached']);
  const [alert, ...others] = await alerts();
  expect([others, alert?.state.count]).toEqual([[], 2]);
  expect(alert?.spec.groupBy).toEqual([{ field: 'user.name', value: 'system:anonymous' }]);
  expect(alert?.spec.results).toEqual([
    { field: 'names', value: '3' },
    { field: 'all', value: 'a, b, c' },
  ]);
  expect(alert?.spec.reason).toBe(
    'Groups: 4 events of user "system:anonymous" within 6m, names 3, all a, b, c; the last: system:anonymous get secrets default/c, allowed',
  );
  expect(alert?.state.evidence.map(({ auditID }) => auditID)).toEqual(['a-0', 'a-1', 'b-2', 'c-3', 'c-4']);
  expect(last().faults).toEqual([]);
});

test('it makes no difference in how many batches they come, and one that comes again counts once', async () => {
  const { send } = evaluation([statsRule(NAMES)]);
  const outcomes: string[] = [];
  for (const event of [get('a', 0), get('a', 0), get('b', 1), get('b', 1), get('c', 2), get('c', 2)]) {
    outcomes.push(...(await send(event)));
  }
  expect(outcomes).toEqual(['held', 'duplicate', 'held', 'duplicate', 'opened', 'duplicate']);
});

test('both ends of the window belong to it', async () => {
  const at = (last: number) => evaluation([statsRule(NAMES)]).send(get('a', 0), get('b', 10), get('c', last));
  expect((await at(360)).at(-1)).toEqual('opened');
  expect((await at(361)).at(-1)).toEqual('held');
});

test('null is a key, and several values are several groups', async () => {
  const { send, alerts } = evaluation([
    statsRule(
      'STATS n = COUNT(*) BY kubernetes.audit.impersonatedUser.username, kubernetes.audit.sourceIPs | WHERE n >= 2',
    ),
  ]);
  const ips = (...sourceIPs: readonly string[]) => ({ sourceIPs });
  expect(await send(get('a', 0, ips('10.0.0.1', '10.0.0.2')))).toEqual(['held', 'held']);
  expect(await send(get('b', 1, ips('10.0.0.2', '10.0.0.3')))).toEqual(['held', 'opened']); // the last hop first
  expect((await alerts())[0]?.spec.groupBy).toEqual([{ field: 'kubernetes.audit.sourceIPs', value: '10.0.0.2' }]);
});

test('beyond the cap of combinations the rest is one overflow decision, and the last hop is not in it', async () => {
  const { send, alerts } = evaluation([statsRule('STATS n = COUNT(*) BY kubernetes.audit.sourceIPs | WHERE n >= 2')]);
  const forged = Array.from({ length: COMBINATION_CAP + 10 }, (_, i) => `10.9.0.${i}`);
  const outcomes = await send(get('a', 0, { sourceIPs: [...forged, '203.0.113.9'] }));
  expect([outcomes.length, outcomes.at(-1)]).toEqual([COMBINATION_CAP + 1, 'overflow']);
  expect(await send(get('b', 1, { sourceIPs: ['203.0.113.9'] }))).toEqual(['opened']);
  expect(await alerts()).toHaveLength(2);
});

test('a bucket of time is a key as any other', async () => {
  const { send } = evaluation([
    statsRule('EVAL minute = DATE_TRUNC(1 minute, @timestamp) | STATS n = COUNT(*) BY minute | WHERE n >= 2'),
  ]);
  expect(await send(get('a', 0), get('b', 59), get('c', 60), get('d', 119))).toEqual([
    'held',
    'opened',
    'held',
    'opened',
  ]);
});

test('a condition that passes fires while it holds, and NOW() is the time of the event', async () => {
  const few = evaluation([statsRule('STATS n = COUNT(*) BY user.name | WHERE n > 1 AND n < 4')]);
  expect(await few.send(get('a', 0), get('b', 1), get('c', 2), get('d', 3))).toEqual([
    'held',
    'opened',
    'attached',
    'held',
  ]);
  const early = evaluation([
    statsRule('STATS first = MIN(@timestamp) BY user.name | WHERE first >= NOW() - 2 seconds', { windowMicros: HOUR }),
  ]);
  expect(await early.send(get('a', 0), get('b', 2), get('c', 3))).toEqual(['opened', 'attached', 'held']);
});

test('an event that comes late is judged in its place, and makes later ones fire', async () => {
  const { send, alerts } = evaluation([statsRule(NAMES)]);
  expect(await send(get('c', 60))).toEqual(['held']);
  expect(await send(get('b', 300))).toEqual(['held']);
  expect(await send(get('a', 30))).toEqual(['opened']);
  const [alert] = await alerts();
  expect([alert?.state.firstSeen, alert?.state.lastSeen]).toEqual([NOON + 30 * SECOND, NOON + 300 * SECOND]);
});

test('an event that comes late to a large group is judged up to the last row of its window', async () => {
  const { send } = evaluation([statsRule('STATS n = COUNT(*) BY user.name | WHERE n > 320')]);
  const outcomes = await send(...Array.from({ length: 320 }, (_, second) => get('a', second)));
  expect(new Set(outcomes)).toEqual(new Set(['held']));
  expect(await send(get('b', 1))).toEqual(['opened']); // there are enough only at the last of them
});

test('aggregates have conditions of their own, and what they are given is held as far as they need it', async () => {
  const { send, alerts } = evaluation([
    statsRule(`EVAL hop = kubernetes.audit.sourceIPs | MV_EXPAND hop
      | STATS rows = COUNT(*), mine = COUNT(hop) WHERE hop LIKE "10.*", agents = COUNT_DISTINCT(kubernetes.audit.userAgent),
          codes = SUM(kubernetes.audit.responseStatus.code), last = MAX(@timestamp) BY user.name
      | EVAL twice = rows * 2 | WHERE agents == 2 | DROP last`),
  ]);
  const long = 'x'.repeat(5_000);
  await send(
    get('a', 0, { sourceIPs: ['10.0.0.1', '192.0.2.1'], userAgent: `${long}1` }),
    get('b', 1, { sourceIPs: ['10.0.0.2'], userAgent: `${long}2` }),
  );
  expect((await alerts())[0]?.spec.results).toEqual([
    { field: 'rows', value: '3' },
    { field: 'mine', value: '2' },
    { field: 'agents', value: '2' },
    { field: 'codes', value: '600' },
    { field: 'twice', value: '6' },
  ]);
  const { pipeline } = compiledRule(statsRule(NAMES)).rule;
  expect(pipeline?.kind === 'groups' && pipeline.shape).toEqual([
    'keyword user.name',
    'COUNT_DISTINCT(kubernetes.audit.objectRef.name)',
    'VALUES(kubernetes.audit.objectRef.name)',
  ]);
});

test('a group that costs too much to judge is a failure of the rule; its rows are held, and the batch goes on', async () => {
  const dear = `STATS all = VALUES(kubernetes.audit.objectRef.name) BY user.name
    | EVAL t = REPEAT(MV_CONCAT(all, ","), 4000) | ${'GROK t "z%{DATA:part}z" | '.repeat(20)} WHERE part IS NULL`;
  const { send, last } = evaluation([statsRule(dear), statsRule('STATS n = COUNT(*) BY user.name', { name: 'other' })]);
  expect(await send(get('y'.repeat(200), 0))).toEqual(['held', 'opened']);
  expect(last().faults.map(({ rule, error }) => `${rule}: ${error}`)).toEqual([
    'anonymous: Error: the group cannot be evaluated: the query takes more than 2000000 steps',
  ]);
});

test('repeats are grouped by columns of the group only, also such as are no fields', () => {
  const problems = (by: readonly string[]) => {
    const suppression = { by, windowMicros: HOUR, missingFields: 'suppress' } as const;
    const document = statsRule('STATS n = COUNT(*) BY user.name, half = SUBSTRING(user.name, 1, 2)', { suppression });
    const result = compileRule(document, createFieldSlots(), sha256Hashes);
    return result.kind === 'ok' ? [] : result.problems.map(formatRuleProblem);
  };
  expect(problems(['user.name', 'half'])).toEqual([]);
  expect(problems(['source.ip']).join()).toMatch(/has only the fields of its group, which do not include source\.ip/);
});

test('an edit that changes what rows mean begins anew; one of what follows does not', () => {
  const memoryKey = (commands: string) => compiledRule(statsRule(commands)).rule.memoryKey;
  expect(memoryKey(NAMES)).toBe(memoryKey(NAMES.replace('>= 3', '>= 4')));
  expect(memoryKey(NAMES)).not.toBe(memoryKey(NAMES.replace('BY user.name', 'BY source.ip')));
  expect(memoryKey(NAMES)).not.toBe(
    memoryKey(NAMES.replace('COUNT_DISTINCT(kubernetes.audit.objectRef.name)', 'COUNT(event.action)')),
  );
});
