import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Hashes } from '../ingest/hashes.ts';
import { compileLoaded } from './compile-loaded.ts';
import { readRules } from './load.ts';
import type { JudgedRule } from './rule-verdict.ts';

const RULE = {
  rule_id: 'one',
  name: 'A rule',
  type: 'query',
  index: ['logs-*'],
  query: 'kubernetes.audit.verb: delete',
  severity: 'high',
  risk_score: 73,
};

function judged(change: object): JudgedRule {
  const loaded = readRules('e.ndjson', '.ndjson', JSON.stringify({ ...RULE, ...change }));
  const { verdicts } = compileLoaded(loaded, sha256Hashes);
  assert.equal(verdicts.length, 1);
  return verdicts[0] ?? assert.fail();
}

const verdict = (change: object) => [judged(change).verdict, ...judged(change).why];

test('a rule runs, and what is general or only worth knowing is no difference', () => {
  assert.deepEqual(judged({ max_signals: 50, timestamp_override: 'event.ingested' }), {
    name: 'a-rule',
    type: 'query',
    file: 'e.ndjson',
    line: 1,
    verdict: 'runs',
    why: [],
    notes: ['max_signals 50 in each run of 5m is a budget of 600 alerts an hour'],
    problems: [],
  });
  assert.deepEqual(verdict({ enabled: false }), ['runs']);
});

test('a difference of this rule is stated', () => {
  assert.deepEqual(verdict({ alert_suppression: { group_by: ['user.name'] } }), [
    'runs with a stated difference',
    "alert_suppression is per run of the rule in Elastic; here it lasts 5m, the rule's interval",
  ]);
});

test('a rule that can never fire says what it lacks', () => {
  const never = (query: string, change: object = {}) => verdict({ query, ...change });
  const audit = 'kubernetes.audit.verb: get';
  assert.deepEqual(never(`${audit} and process.name: bash and container.id: *`), [
    'needs other data',
    'can never fire: no audit event has process.name, container.id',
  ]);
  assert.deepEqual(never(`${audit} and event.dataset: aws.cloudtrail`), [
    'needs other data',
    'can never fire: event.dataset is always kubernetes.audit_logs',
  ]);
  const decision = 'kubernetes.audit.annotations.authorization_k8s_io/decision: allow';
  assert.deepEqual(never(`${audit} and ${decision} and kubernetes.audit.stage: RequestReceived`), [
    'can never fire',
    'can never fire: no request can be all that its query asks for',
  ]);
  const user = 'kubernetes.audit.user.username';
  assert.equal(never(`${user}: eve and not ${user}: eve`)[0], 'can never fire', 'no data would help');
  assert.deepEqual(never(`${audit} and kubernetes.audit.responseStatus.code: 4*`), [
    'can never fire',
    'can never fire: its conditions exclude each other, or compare a wildcard with what is no text: for 4* write >= 400 and < 500',
  ]);
  const newTerms = { type: 'new_terms', new_terms_fields: ['user.domain'], history_window_start: 'now-7d' };
  assert.deepEqual(never(audit, newTerms), ['needs other data', 'can never fire: no audit event has user.domain']);
  assert.deepEqual(never(`${audit} or process.name: bash`), ['runs'], 'the other branch may');
  assert.deepEqual(never('kubernetes.audit.objectRef.resorce: secrets'), [
    'needs other data',
    'can never fire: no audit event has kubernetes.audit.objectRef.resorce (did you mean kubernetes.audit.objectRef.resource?)',
  ]);
  assert.match(judged({ query: `${audit} or process.name: bash` }).notes.join(), /^process\.name never has a value/);
});

test('a sequence needs each of its events, and what joins them', () => {
  const eql = (query: string, change: object = {}) => verdict({ type: 'eql', language: 'eql', query, ...change });
  const audit = 'any where kubernetes.audit.verb == "get"';
  assert.deepEqual(eql(`sequence by user.name [${audit}] [${audit}]`), ['runs']);
  assert.deepEqual(eql(`sequence [${audit}] [process where true]`), [
    'needs other data',
    'can never fire: no event can be number 2 of its sequence: no audit event has event.category',
  ]);
  assert.deepEqual(eql(`sequence by ?host.id [${audit}] [${audit}]`), ['runs']);
  assert.deepEqual(
    eql(`sequence by host.id [${audit}] [${audit}]`)[1],
    'can never fire: no event can be number 1 of its sequence: no audit event has host.id',
  );
  assert.deepEqual(
    eql('process where kubernetes.audit.verb == "get"')[1],
    'can never fire: no audit event has event.category',
  );
  const severity_mapping = [{ field: 'user.name', operator: 'equals', value: 'eve', severity: 'critical' }];
  const query = `sequence by user.name [${audit}] [${audit}]`;
  assert.match(
    judged({ type: 'eql', language: 'eql', query, severity_mapping }).notes.join(),
    /^the event says nothing about severity, .* where a sequence alerts, as in Elastic$/,
  );
});

test('what the format itself knows never to match is said', () => {
  const sigma = `title: Exec\nlogsource: { product: kubernetes, service: audit }\nlevel: high
detection: { selection: { verb: exec, objectRef.resource: pods }, condition: selection }\n`;
  const { verdicts } = compileLoaded(readRules('s.yml', '.yml', sigma), sha256Hashes);
  const never = 'can never fire: verb is never exec on a request for a resource';
  assert.deepEqual([verdicts[0]?.verdict, verdicts[0]?.why], ['can never fire', [never]]);
});

test('other data come before what is not supported, and what is invalid before both', () => {
  assert.deepEqual(verdict({ type: 'esql', language: 'lucene', query: 'from logs-aws* | limit 1' }), [
    'needs other data',
    'needs other data: logs-aws*; firstseen has Kubernetes audit events only',
    'language lucene is not supported by this version; supported: kuery, eql, esql',
  ]);
  const [name, ...why] = verdict({ type: 'machine_learning', language: 'lucene' });
  assert.deepEqual([name, why.length], ['not supported', 2]);
  assert.deepEqual(verdict({ severity: 'hot' }), [
    'invalid',
    'expected one of low, medium, high, critical, found "hot"',
  ]);
  assert.deepEqual(verdict({ query: 'kubernetes.audit.verb:' })[0], 'invalid');
});

test('a construct that is right in Elastic is not supported, and shown with its place in the query', () => {
  const index = ['logs-kubernetes.audit_logs-*'];
  const kql = (query: string) => verdict({ query, index });
  const eql = (query: string) => verdict({ type: 'eql', language: 'eql', query, index });
  const audit = 'any where kubernetes.audit.verb == "get"';
  const constructs = [
    kql('masscan'),
    kql('*: masscan'),
    kql('kubernetes.audit.requestObject: { kind: Pod }'),
    kql('kubernetes.*.verb: get'),
    kql('@timestamp > now-1d'),
    eql(`sample by user.name [${audit}] [${audit}]`),
    eql(`sequence by user.name with maxspan=1m [${audit}] ![${audit}]`),
    eql(`sequence by user.name [${audit}] [${audit}] | tail 1`),
  ];
  for (const [name, why = ''] of constructs) {
    assert.equal(name, 'not supported', why);
    assert.match(why, /(?:is|are) not supported.*\(line 1, column \d+ of the text\)$/);
  }
  const [problem] = judged({ query: 'kubernetes.audit.verb: get and\n  kubernetes.*.verb: get' }).problems;
  assert.deepEqual(problem?.excerpt, { text: '  kubernetes.*.verb: get', caret: 2 });
  assert.equal(kql('kubernetes.*.verb: get and user.nam: x')[0], 'invalid', 'and a mistake is one');
});

test('in a rule of our own form such a construct is a mistake', () => {
  const yaml = `apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: { name: a }
spec: { title: A, type: query, severity: low, query: masscan }\n`;
  const { verdicts } = compileLoaded(readRules('a.yaml', '.yaml', yaml), sha256Hashes);
  assert.equal(verdicts[0]?.verdict, 'invalid');
});

test('the problems of one rule are one verdict, those of two are two', () => {
  const broken = [
    { ...RULE, severity: 'hot', risk_score: 'x' },
    { ...RULE, name: 'Another', severity: 'hot' },
  ];
  const text = `${broken.map((rule) => JSON.stringify(rule)).join('\n')}\nnot json\n`;
  const { verdicts, problems } = compileLoaded(readRules('e.ndjson', '.ndjson', text), sha256Hashes);
  assert.equal(problems.length, 4);
  assert.deepEqual(verdicts.map((one) => `${one.line} ${one.name}: ${one.why.length}`).sort(), [
    '1 a-rule: 2',
    '2 another: 1',
    '3 -: 1',
  ]);
});
