import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
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
  expect(verdicts).toHaveLength(1);
  return verdicts[0] ?? fail();
}

const verdict = (change: object) => [judged(change).verdict, ...judged(change).why];

test('a rule runs, and what is general or only worth knowing is no difference', () => {
  expect(judged({ max_signals: 50, timestamp_override: 'event.ingested' })).toEqual({
    name: 'a-rule',
    type: 'query',
    file: 'e.ndjson',
    line: 1,
    verdict: 'runs',
    why: [],
    notes: ['max_signals 50 for each run of 5m becomes a budget of 600 alerts an hour'],
    problems: [],
  });
  expect(verdict({ enabled: false })).toEqual(['runs']);
});

test('a difference of this rule is stated', () => {
  expect(verdict({ alert_suppression: { group_by: ['user.name'] } })).toEqual([
    'runs with a stated difference',
    "alert_suppression lasts one run of the rule in Elastic; here it lasts 5m, the rule's interval",
  ]);
});

test('a rule that can never fire says what it lacks', () => {
  const never = (query: string, change: object = {}) => verdict({ query, ...change });
  const audit = 'kubernetes.audit.verb: get';
  expect(never(`${audit} and process.name: bash and container.id: *`)).toEqual([
    'needs other data',
    'can never fire: no audit event has process.name, container.id',
  ]);
  expect(never(`${audit} and event.dataset: aws.cloudtrail`)).toEqual([
    'needs other data',
    'can never fire: event.dataset is always kubernetes.audit_logs',
  ]);
  const decision = 'kubernetes.audit.annotations.authorization_k8s_io/decision: allow';
  expect(never(`${audit} and ${decision} and kubernetes.audit.stage: RequestReceived`)).toEqual([
    'can never fire',
    'can never fire: no request can meet all conditions of its query',
  ]);
  const user = 'kubernetes.audit.user.username';
  expect(never(`${user}: eve and not ${user}: eve`)[0]).toBe('can never fire'); // no data would help
  expect(never(`${audit} and kubernetes.audit.responseStatus.code: 4*`)).toEqual([
    'can never fire',
    'can never fire: its conditions contradict each other, or use a wildcard on a field that is not text: for 4* write >= 400 and < 500',
  ]);
  const newTerms = { type: 'new_terms', new_terms_fields: ['user.domain'], history_window_start: 'now-7d' };
  expect(never(audit, newTerms)).toEqual(['needs other data', 'can never fire: no audit event has user.domain']);
  expect(never(`${audit} or process.name: bash`)).toEqual(['runs']); // the other branch may
  expect(never('kubernetes.audit.objectRef.resorce: secrets')).toEqual([
    'needs other data',
    'can never fire: no audit event has kubernetes.audit.objectRef.resorce (did you mean kubernetes.audit.objectRef.resource?)',
  ]);
  expect(judged({ query: `${audit} or process.name: bash` }).notes.join()).toMatch(/^process\.name never has a value/);
});

test('a sequence needs each of its events, and what joins them', () => {
  const eql = (query: string, change: object = {}) => verdict({ type: 'eql', language: 'eql', query, ...change });
  const audit = 'any where kubernetes.audit.verb == "get"';
  expect(eql(`sequence by user.name [${audit}] [${audit}]`)).toEqual(['runs']);
  expect(eql(`sequence [${audit}] [process where true]`)).toEqual([
    'needs other data',
    'can never fire: no event can be number 2 of its sequence: no audit event has event.category',
  ]);
  expect(eql(`sequence by ?host.id [${audit}] [${audit}]`)).toEqual(['runs']);
  expect(eql(`sequence by host.id [${audit}] [${audit}]`)[1]).toEqual(
    'can never fire: no event can be number 1 of its sequence: no audit event has host.id',
  );
  expect(eql('process where kubernetes.audit.verb == "get"')[1]).toEqual(
    'can never fire: no audit event has event.category',
  );
  const severity_mapping = [{ field: 'user.name', operator: 'equals', value: 'eve', severity: 'critical' }];
  const query = `sequence by user.name [${audit}] [${audit}]`;
  expect(judged({ type: 'eql', language: 'eql', query, severity_mapping }).notes.join()).toMatch(
    /^a sequence ignores overrides of severity, risk score and title, as in Elastic$/,
  );
});

test('what the format itself knows never to match is said', () => {
  const sigma = `title: Exec\nlogsource: { product: kubernetes, service: audit }\nlevel: high
detection: { selection: { verb: exec, objectRef.resource: pods }, condition: selection }\n`;
  const { verdicts } = compileLoaded(readRules('s.yml', '.yml', sigma), sha256Hashes);
  const never = 'can never fire: verb is never exec on a request for a resource';
  expect([verdicts[0]?.verdict, verdicts[0]?.why]).toEqual(['can never fire', [never]]);
});

test('other data come before what is not supported, and what is invalid before both', () => {
  expect(verdict({ type: 'esql', language: 'lucene', query: 'from logs-aws* | limit 1' })).toEqual([
    'needs other data',
    'needs other data: logs-aws*; firstseen has Kubernetes audit events only',
    'language lucene is not supported by this version; supported: kuery, eql, esql',
  ]);
  const [name, ...why] = verdict({ type: 'machine_learning', language: 'lucene' });
  expect([name, why.length]).toEqual(['not supported', 2]);
  expect(verdict({ severity: 'hot' })).toEqual(['invalid', 'expected one of low, medium, high, critical, found "hot"']);
  expect(verdict({ query: 'kubernetes.audit.verb:' })[0]).toEqual('invalid');
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
    expect([why, name]).toEqual([why, 'not supported']);
    expect(why).toMatch(/(?:is|are) not supported.*\(line 1, column \d+ of the text\)$/);
  }
  const [problem] = judged({ query: 'kubernetes.audit.verb: get and\n  kubernetes.*.verb: get' }).problems;
  expect(problem?.excerpt).toEqual({ text: '  kubernetes.*.verb: get', caret: 2 });
  expect(kql('kubernetes.*.verb: get and user.nam: x')[0]).toBe('invalid'); // and a mistake is one
});

test('in a rule of our own form such a construct is a mistake', () => {
  const yaml = `apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: { name: a }
spec: { title: A, type: query, severity: low, query: masscan }\n`;
  const { verdicts } = compileLoaded(readRules('a.yaml', '.yaml', yaml), sha256Hashes);
  expect(verdicts[0]?.verdict).toBe('invalid');
});

test('the problems of one rule are one verdict, those of two are two', () => {
  const broken = [
    { ...RULE, severity: 'hot', risk_score: 'x' },
    { ...RULE, name: 'Another', severity: 'hot' },
  ];
  const text = `${broken.map((rule) => JSON.stringify(rule)).join('\n')}\nnot json\n`;
  const { verdicts, problems } = compileLoaded(readRules('e.ndjson', '.ndjson', text), sha256Hashes);
  expect(problems).toHaveLength(4);
  expect(verdicts.map((one) => `${one.line} ${one.name}: ${one.why.length}`).sort()).toEqual([
    '1 a-rule: 2',
    '2 another: 1',
    '3 -: 1',
  ]);
});
