import { expect, test } from '@jest/globals';
import { evaluation } from '../../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { expectKind } from '../../../test/support/expect.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import { compileRule } from '../compile-rule.ts';
import { SECOND } from '../limits.ts';
import { formatRuleProblem } from '../rule-problem.ts';

const esqlRule = (commands: string) =>
  ruleDocument({ type: 'esql', language: 'esql', title: 'A row', query: `FROM logs-* METADATA _id | ${commands}` });

const EXEC = `WHERE kubernetes.audit.objectRef.subresource == "exec"
  | EVAL uri = URL_DECODE(kubernetes.audit.requestURI)
  | GROK uri "%{DATA}command=%{DATA:command}&%{GREEDYDATA}"
  | WHERE command RLIKE "(nc|ncat) .*"
  | EVAL tool = CASE(STARTS_WITH(command, "ncat"), "ncat", "nc")
  | KEEP command, tool, user.name`;

const exec = (command: string, changes: RequestChanges = {}) =>
  anonymousRequest({
    ...changes,
    event: {
      verb: 'create',
      requestURI: `/api/v1/namespaces/default/pods/web/exec?command=${encodeURIComponent(command)}&stdin=true`,
      objectRef: { resource: 'pods', subresource: 'exec', namespace: 'default', name: 'web' },
      ...changes.event,
    },
  });

/** True if the rule selects the request. */
function selects(commands: string, changes: RequestChanges = {}): boolean {
  return detectorOf(esqlRule(commands)).detect('c', [anonymousRequest(changes)]).matches.size > 0;
}

test('a row that gets through is an alert, which shows what the query made of the event', async () => {
  const { send, alerts } = evaluation([esqlRule(EXEC)]);
  const outcomes = await send(exec('ncat 10.0.0.9 4444'), exec('ls /tmp', { id: 'other' }));
  expect(outcomes).toEqual(['opened']);
  const [alert] = await alerts();
  expect(alert?.spec.groupBy).toEqual([
    { field: 'command', value: 'ncat 10.0.0.9 4444' },
    { field: 'tool', value: 'ncat' },
  ]);
  expect([alert?.spec.newTerms, alert?.spec.rule.type]).toEqual([undefined, 'esql']);
  expect(alert?.spec.reason).toBe('A row: system:anonymous create pods/exec default/web, allowed');
});

test('once a request; repeats by the same user, address and object join the alert', async () => {
  const { send, alerts } = evaluation([esqlRule(EXEC)]);
  const started = exec('nc -l 80', { id: 'a', event: { stage: 'ResponseStarted' } });
  const ended = exec('nc -l 80', { id: 'a', at: NOON + SECOND, requestedAt: NOON });
  const again = exec('nc -l 81', { id: 'b', at: NOON + 2 * SECOND });
  expect(await send(started, ended, again)).toEqual(['opened', 'duplicate', 'attached']);
  expect((await alerts()).map(({ state }) => state.count)).toEqual([2]);
});

test('several rows of one event are one alert, with the values of all of them', async () => {
  const { send, alerts } = evaluation([
    esqlRule('EVAL hop = kubernetes.audit.sourceIPs | MV_EXPAND hop | WHERE hop LIKE "10.*" | KEEP hop'),
  ]);
  await send(anonymousRequest({ sourceIPs: ['10.0.0.1', '192.0.2.1', '10.0.0.2'] }));
  expect((await alerts()).map(({ spec }) => spec.groupBy)).toEqual([[{ field: 'hop', value: '10.0.0.1, 10.0.0.2' }]]);
});

test('hostile values are cut where they are shown', async () => {
  const { send, alerts } = evaluation([esqlRule('EVAL agent = CONCAT(kubernetes.audit.userAgent, "!") | KEEP agent')]);
  await send(anonymousRequest({ userAgent: `\u001b[2J${'x'.repeat(100_000)}` }));
  const value = (await alerts())[0]?.spec.groupBy?.[0]?.value ?? '';
  expect(value.length).toBeGreaterThan(100);
  expect(value.length).toBeLessThanOrEqual(512);
});

test('the conditions right behind FROM decide which events a rule is looked at for, and never wrongly leave one out', () => {
  const users = (condition: string) =>
    ['eve', 'bob', ''].filter((username) => selects(`WHERE ${condition}`, { username }));
  expect(users('user.name == "eve"')).toEqual(['eve']);
  expect(users('user.name != "eve"')).toEqual(['bob']);
  expect(users('user.name IS NULL OR user.name IN ("bob")')).toEqual(['bob', '']);
  expect(users('NOT user.name LIKE "e*"')).toEqual(['bob']);
  expect(users('NOT user.name LIKE "*"')).toEqual(['']);
  expect(users('NOT (user.name == "eve" AND event.action == "list")')).toEqual(['bob']);
  expect(users('KQL("not user.name: eve")')).toEqual(['bob', '']);
  expect(users('STARTS_WITH(user.name, "b") OR COALESCE(user.name, "none") == "none"')).toEqual(['bob', '']);
  expect(selects('WHERE source.ip == "203.0.113.7"', { sourceIPs: ['203.0.113.7', '::ffff:203.0.113.7'] })).toBe(true);
  expect(selects('WHERE kubernetes.audit.sourceIPs == "a"', { sourceIPs: ['a', 'b'] })).toBe(false);
});

test('a name that a command gives anew is not the field any more', () => {
  expect(selects('EVAL user.name = "eve" | WHERE user.name == "eve"', { username: 'bob' })).toBe(true);
  expect(selects('RENAME user.name AS who | WHERE who == "bob"', { username: 'bob' })).toBe(true);
});

test('NOW() is the time of the event', () => {
  expect(selects('WHERE @timestamp == NOW()')).toBe(true);
});

test('what costs too much counts as a failure of the rule, and the event goes on to the others', () => {
  const dear = `${'GROK kubernetes.audit.userAgent "z%{DATA:part}z" | '.repeat(30)}WHERE part IS NULL`;
  const detector = detectorOf(esqlRule(dear), { ...ruleDocument(), name: 'cheap' });
  const { faults, decisions } = detector.detect('c', [anonymousRequest({ userAgent: 'y'.repeat(200_000) })]);
  expect([faults.map(({ rule }) => rule), decisions.map(({ rule }) => rule.document.name)]).toEqual([
    ['anonymous'],
    ['cheap'],
  ]);
});

test('what a rule cannot honour is refused by name, with its place', () => {
  const problem = (query: string) => {
    const document = ruleDocument({ type: 'esql', language: 'esql', query });
    const result = compileRule(document, createFieldSlots(), sha256Hashes);
    return result.kind === 'ok' ? '' : result.problems.map(formatRuleProblem).join('\n');
  };
  expect(problem('ROW a = 1')).toMatch(/a rule reads events/);
  expect(problem('FROM logs-* | WHERE user.nam == "a"')).toMatch(
    /unknown column `user\.nam`\n.*\n.*\n.*did you mean user\.name\?/,
  );
  expect(problem('FROM logs-* | LIMIT 5 | STATS n = COUNT(*)')).toMatch(/LIMIT before STATS/);
  expect(problem('FROM logs-* | STATS n = COUNT(*) BY user.name | STATS m = MAX(n)')).toMatch(/a second STATS/);
  expect(problem('FROM logs-* | LIMIT 0')).toMatch(/could never fire/);
  expect(problem('FROM logs-* METADATA _id | WHERE event.ingested IS NOT NULL AND process.name IS NULL')).toBe('');
  expectKind(compiledRule(esqlRule('LIMIT 5')).rule.pipeline, 'events');
});
