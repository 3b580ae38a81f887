import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluation } from '../../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { createFieldSlots } from '../../query/slots.ts';
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
  assert.deepEqual(outcomes, ['opened']);
  const [alert] = await alerts();
  assert.deepEqual(alert?.spec.groupBy, [
    { field: 'command', value: 'ncat 10.0.0.9 4444' },
    { field: 'tool', value: 'ncat' },
  ]);
  assert.deepEqual([alert?.spec.newTerms, alert?.spec.rule.type], [undefined, 'esql']);
  assert.equal(alert?.spec.reason, 'A row: system:anonymous create pods/exec default/web, allowed');
});

test('once a request; repeats by the same user, address and object join the alert', async () => {
  const { send, alerts } = evaluation([esqlRule(EXEC)]);
  const started = exec('nc -l 80', { id: 'a', event: { stage: 'ResponseStarted' } });
  const ended = exec('nc -l 80', { id: 'a', at: NOON + SECOND, requestedAt: NOON });
  const again = exec('nc -l 81', { id: 'b', at: NOON + 2 * SECOND });
  assert.deepEqual(await send(started, ended, again), ['opened', 'duplicate', 'attached']);
  assert.deepEqual(
    (await alerts()).map(({ state }) => state.count),
    [2],
  );
});

test('several rows of one event are one alert, with the values of all of them', async () => {
  const { send, alerts } = evaluation([
    esqlRule('EVAL hop = kubernetes.audit.sourceIPs | MV_EXPAND hop | WHERE hop LIKE "10.*" | KEEP hop'),
  ]);
  await send(anonymousRequest({ sourceIPs: ['10.0.0.1', '192.0.2.1', '10.0.0.2'] }));
  assert.deepEqual(
    (await alerts()).map(({ spec }) => spec.groupBy),
    [[{ field: 'hop', value: '10.0.0.1, 10.0.0.2' }]],
  );
});

test('hostile values are cut where they are shown', async () => {
  const { send, alerts } = evaluation([esqlRule('EVAL agent = CONCAT(kubernetes.audit.userAgent, "!") | KEEP agent')]);
  await send(anonymousRequest({ userAgent: `\u001b[2J${'x'.repeat(100_000)}` }));
  const value = (await alerts())[0]?.spec.groupBy?.[0]?.value ?? '';
  assert.ok(value.length > 100 && value.length <= 512, `${value.length}`);
});

test('the conditions right behind FROM decide which events a rule is looked at for, and never wrongly leave one out', () => {
  const users = (condition: string) =>
    ['eve', 'bob', ''].filter((username) => selects(`WHERE ${condition}`, { username }));
  assert.deepEqual(users('user.name == "eve"'), ['eve']);
  assert.deepEqual(users('user.name != "eve"'), ['bob']);
  assert.deepEqual(users('user.name IS NULL OR user.name IN ("bob")'), ['bob', '']);
  assert.deepEqual(users('NOT user.name LIKE "e*"'), ['bob']);
  assert.deepEqual(users('NOT user.name LIKE "*"'), ['']);
  assert.deepEqual(users('NOT (user.name == "eve" AND event.action == "list")'), ['bob']);
  assert.deepEqual(users('KQL("not user.name: eve")'), ['bob', '']);
  assert.deepEqual(users('STARTS_WITH(user.name, "b") OR COALESCE(user.name, "none") == "none"'), ['bob', '']);
  assert.equal(selects('WHERE source.ip == "203.0.113.7"', { sourceIPs: ['203.0.113.7', '::ffff:203.0.113.7'] }), true);
  assert.equal(selects('WHERE kubernetes.audit.sourceIPs == "a"', { sourceIPs: ['a', 'b'] }), false);
});

test('a name that a command gives anew is not the field any more', () => {
  assert.equal(selects('EVAL user.name = "eve" | WHERE user.name == "eve"', { username: 'bob' }), true);
  assert.equal(selects('RENAME user.name AS who | WHERE who == "bob"', { username: 'bob' }), true);
});

test('NOW() is the time of the event', () => {
  assert.equal(selects('WHERE @timestamp == NOW()'), true);
});

test('what costs too much counts as a failure of the rule, and the event goes on to the others', () => {
  const dear = `${'GROK kubernetes.audit.userAgent "z%{DATA:part}z" | '.repeat(30)}WHERE part IS NULL`;
  const detector = detectorOf(esqlRule(dear), { ...ruleDocument(), name: 'cheap' });
  const { faults, decisions } = detector.detect('c', [anonymousRequest({ userAgent: 'y'.repeat(200_000) })]);
  assert.deepEqual(
    [faults.map(({ rule }) => rule), decisions.map(({ rule }) => rule.document.name)],
    [['anonymous'], ['cheap']],
  );
});

test('what a rule cannot honour is refused by name, with its place', () => {
  const problem = (query: string) => {
    const document = ruleDocument({ type: 'esql', language: 'esql', query });
    const result = compileRule(document, createFieldSlots(), sha256Hashes);
    return result.kind === 'ok' ? '' : result.problems.map(formatRuleProblem).join('\n');
  };
  assert.match(problem('ROW a = 1'), /a rule is about events/);
  assert.match(
    problem('FROM logs-* | WHERE user.nam == "a"'),
    /unknown column `user\.nam`\n.*\n.*\n.*did you mean user\.name\?/,
  );
  assert.match(problem('FROM logs-* | LIMIT 5 | STATS n = COUNT(*)'), /LIMIT before STATS/);
  assert.match(problem('FROM logs-* | STATS n = COUNT(*) BY user.name | STATS m = MAX(n)'), /a second STATS/);
  assert.match(problem('FROM logs-* | LIMIT 0'), /could never fire/);
  assert.equal(problem('FROM logs-* METADATA _id | WHERE event.ingested IS NOT NULL AND process.name IS NULL'), '');
  assert.ok(compiledRule(esqlRule('LIMIT 5')).rule.pipeline?.kind === 'rows');
});
