/** With a fake cluster; test/e2e/alert-commands.test.ts uses a real one. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CLUSTER } from '../../../test/support/evaluation.ts';
import { expectKind } from '../../../test/support/expect.ts';
import { fail } from '../../../test/support/fail.ts';
import { quietIo } from '../../../test/support/quiet-io.ts';
import { hostileAlert, sampleAlert } from '../../../test/support/sample-alert.ts';
import { createTemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { alertResource, alertStatus } from '../../kubernetes/alert-resource.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import { compileRule } from '../../rules/compile-rule.ts';
import { parseDetectionRule } from '../../rules/rule-schema.ts';
import { stateKeys } from '../../rules/state-keys.ts';
import { openSqliteState } from '../../state/sqlite/sqlite-state.ts';
import { readAlert } from '../alerts/alert-object.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { CommandError } from '../io.ts';
import { type ExplainSources, explainAlert } from './explain-alert.ts';
import { formatAlertExplanation } from './format-alert-explanation.ts';
import { nextCommands } from './next-commands.ts';

const RULE = {
  apiVersion: 'firstseen.dev/v1alpha1',
  kind: 'DetectionRule',
  metadata: { name: 'anonymous-request-unusual-agent' },
  spec: {
    title: 'Anonymous request',
    description: 'Somebody without credentials asks.',
    type: 'new_terms',
    language: 'kuery',
    query: 'user.name: "system:anonymous"',
    severity: 'medium',
    riskScore: 47,
    newTerms: { fields: ['user_agent.original'], window: '7d' },
    falsePositives: ['A probe of your own'],
    triage: '1. Look.\n2. Ask.\u001b[2J',
  },
};
const alert = sampleAlert({ id: 'one' });
const objectOf = (record = alert) => readAlert({ ...alertResource(record), status: alertStatus(record.state) });

const event = (auditID: string, time: string, more: object = {}) => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/default/pods',
  verb: 'list',
  user: { username: 'system:anonymous' },
  sourceIPs: ['203.0.113.7'],
  userAgent: 'masscan/1.3',
  responseStatus: { code: 200 },
  requestReceivedTimestamp: time,
  stageTimestamp: time,
  ...more,
});

const folder = createTemporaryFolder('explain-alert');
const log = join(folder, 'audit.log');
const opener = alert.spec.request;
writeFileSync(
  log,
  [
    event(opener.auditID ?? '', '2026-03-01T12:00:00.000009Z'), // the same ID at another time
    event(opener.auditID ?? '', opener.time),
    event('near', '2026-03-01T12:01:00.000000Z', {
      requestURI: '/api/v1/secrets\u202e',
      responseStatus: { code: 403 },
    }),
    event('far', '2026-03-01T13:00:00.000000Z'),
    event('other', '2026-03-01T12:01:00.000000Z', { sourceIPs: ['192.0.2.1'] }),
    event('repeat', '2026-03-01T14:00:00.000000Z', { sourceIPs: ['192.0.2.1'] }), // evidence of one alert below
  ]
    .map((each) => JSON.stringify(each))
    .join('\n'),
);

const io = quietIo();
const clusterOf = (...objects: readonly { readonly metadata: { readonly name: string } }[]): ClusterClient => ({
  call: async () => fail('only single objects are asked for'),
  find: async ({ path }) => objects.find(({ metadata }) => path.endsWith(`/${metadata.name}`)),
});
const explain = (changes: Partial<ExplainSources> = {}, name = 'one') =>
  explainAlert(
    name,
    {
      cluster: clusterOf(objectOf(), RULE),
      rulePaths: [],
      state: undefined,
      logs: [],
      spanMicros: 300_000_000,
      ...changes,
    },
    io,
  );
const STYLE = { signs: false, all: false };

test('without state and logs: the match, what to do, and the missing inputs', async () => {
  const text = formatAlertExplanation(await explain(), STYLE);
  expect(text.split('\n').filter((line) => /^[A-Z]/.test(line))).toEqual([
    'About the rule',
    'What matched',
    'False positives',
    'What to do',
    'Not checked',
    'Next',
  ]);
  expect(text).toMatch(
    /^one: Anonymous request\nmedium, Open, once, last seen 2026-03-01T12:00:00.000001Z\n\nuser agent "masscan/,
  );
  expect(text).toMatch(
    /user_agent\.original: masscan\/1\.3\n {2}the condition of the rule \(kuery\):\n {4}user\.name: "system:anonymous"\n/,
  );
  expect(text).toMatch(/What to do\n {2}1\. Look\.\n {2}2\. Ask\.\\u\{1b\}\[2J\n/);
  expect(text).toMatch(/Pass --config FILE or --state .*\n.*Pass --log FILE/);
});

test('with a log: each condition with its values, and other requests from the same address', async () => {
  const explained = await explain({ logs: [log] });
  expect(explained.event?.matched).toBe(true);
  expect(explained.event?.event.time).toBe(opener.time); // not the other event with the same audit ID
  const around = explained.around?.events.map(({ uri, code }) => `${uri} ${code}`);
  expect(around).toEqual(['/api/v1/secrets\u202e 403']);
  const text = formatAlertExplanation(explained, STYLE);
  expect(text).toMatch(/\[holds\] user\.name .*system:anonymous/);
  expect(text).toMatch(
    /Around the alert\n {2}2026-03-01T12:01:00 {2}system:anonymous {2}list \/api\/v1\/secrets\\u\{202e\} {2}403 {2}203\.0\.113\.7/,
  );
  const elsewhere = await explain({
    logs: [log],
    cluster: clusterOf(objectOf(sampleAlert({ id: 'one', spec: { request: { ...opener, auditID: 'gone' } } })), RULE),
  });
  expect(elsewhere.notes).toContainEqual(expect.stringMatching(/^The log lacks the request/));
});

test('of many requests, the same user comes first, then the nearest in time', async () => {
  const busy = join(folder, 'busy.log');
  const second = (n: number) => `2026-03-01T12:01:${String(n).padStart(2, '0')}.000000Z`;
  const others = Array.from({ length: 40 }, (_, n) => event(`o${n}`, second(n), { user: { username: 'proxy' } }));
  const own = Array.from({ length: 15 }, (_, n) => event(`a${n}`, second(n + 40)));
  writeFileSync(busy, [...others, ...own].map((each) => JSON.stringify(each)).join('\n'));
  const { around } = await explain({ logs: [busy] });
  const times = (user: string) => around?.events.filter((each) => each.user === user).map(({ time }) => time);
  expect(times('system:anonymous')).toHaveLength(15);
  expect(times('proxy')).toEqual(Array.from({ length: 5 }, (_, n) => second(n)));
  expect(around?.more).toBe(35);
});

test('evidence is shown and marked, however far in time', async () => {
  const evidence = [{ time: '2026-03-01T14:00:00.000000Z', auditID: 'repeat', requestKey: 'x' }];
  const repeated = sampleAlert({ id: 'one', state: { evidence, count: 2 } });
  const explained = await explain({ logs: [log], cluster: clusterOf(objectOf(repeated), RULE) });
  expect(explained.around?.events.map(({ isEvidence }) => isEvidence)).toEqual([false, true]);
  expect(formatAlertExplanation(explained, STYLE)).toMatch(
    /\n {2}2026-03-01T14:00:00 \* {2}system:anonymous .*\n {2}\* marks evidence of the alert\n/,
  );
});

test('with the state: the number of known terms and the nearest', async () => {
  const path = join(folder, 'state.db');
  const parsed = parseDetectionRule(RULE);
  expectKind(parsed, 'ok');
  const compiled = compileRule(parsed.document, createFieldSlots(), sha256Hashes);
  expectKind(compiled, 'ok');
  const seen = (agent: string, minutes: number) => ({
    member: JSON.stringify([agent]),
    score: alert.state.firstSeen + minutes * 60_000_000,
  });
  const entries = [seen('kubectl/v1.29.3', -60), seen('masscan/1.2', -5), seen('masscan/1.3', 0), seen('later/1.0', 5)];
  const store = openSqliteState({ kind: 'sqlite', path }, {});
  await store.update(CLUSTER, [], () => ({
    kind: 'commit',
    writes: [{ kind: 'setScores', key: stateKeys.terms(compiled.rule.memoryKey), mode: 'set', entries }],
    result: undefined,
  }));
  const busy = await explain({ state: { kind: 'sqlite', path } });
  expectKind(busy.terms, 'unknown');
  expect(busy.terms.why).toMatch(/in use by another process/);
  await store.close();

  const { terms } = await explain({ state: { kind: 'sqlite', path } });
  expectKind(terms, 'known');
  expect(terms).toMatchObject({ count: 4, before: 2 });
  expect(terms.nearest[0]?.values).toEqual(['masscan/1.2']);
});

test('a missing alert is an error; a missing, forbidden or invalid rule is a note', async () => {
  await expect(explain({}, 'two')).rejects.toThrow(
    expect.objectContaining({
      name: 'CommandError',
      message: 'alert not found: two\n  hint: `firstseen alerts list` prints the names',
      exitCode: 1,
    }),
  );
  const notes = async (...rules: readonly (typeof RULE)[]) =>
    (await explain({ cluster: clusterOf(objectOf(), ...rules) })).notes.join(' ');
  const refused = clusterOf(objectOf());
  const find: ClusterClient['find'] = async (call) => {
    if (call.path.includes('/alerts/')) return refused.find(call);
    throw new CommandError('the API server refused: forbidden\n  hint: a role');
  };
  const { notes: told } = await explain({ cluster: { ...refused, find } });
  expect(told[0]).toBe('The rule in the cluster: the API server refused: forbidden.');
  expect(await notes()).toMatch(/The rule is neither in the cluster nor in --rules/);
  expect(await notes({ ...RULE, spec: { ...RULE.spec, query: 'user.name: (' } })).toMatch(
    /The current version of the rule does not compile/,
  );
});

test('the next three commands are safe to paste for any names', () => {
  const request = { ...opener, resource: 'deployments', apiGroup: 'apps', name: 'a b;rm' };
  const spec = { actor: { user: "o'neil $(id)" }, request };
  expect(nextCommands(objectOf(sampleAlert({ id: 'one', spec }))).map(({ command }) => command)).toEqual([
    `firstseen alerts list --since 7d --user 'o'\\''neil $(id)'`,
    "kubectl get deployments.apps 'a b;rm' -n default -o yaml",
    'firstseen alerts ack one',
  ]);
  const taken = readAlert({ ...objectOf(), status: { phase: 'Acknowledged' } });
  expect(nextCommands(taken)[2]).toEqual({
    what: 'close it, or if it is expected: firstseen except one --reason WHY',
    command: 'firstseen alerts close one',
  });
  const secret = sampleAlert({ id: 'one', spec: { request: { ...opener, resource: 'secrets', name: 'x' } } });
  expect(nextCommands(objectOf(secret))[1]?.command).toBe('kubectl describe secrets x -n default'); // shows no values
  for (const { command } of nextCommands(objectOf(hostileAlert()))) expect(command).not.toMatch(/\p{C}/u);
});
