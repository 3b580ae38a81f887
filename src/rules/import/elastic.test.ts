import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleDocument } from '../document.ts';
import type { DocumentProblem } from '../document-problem.ts';
import { DAY, HOUR, MINUTE } from '../limits.ts';
import { elasticPath, importElasticRule, isElasticRule } from './elastic.ts';

const RULE = {
  name: 'Pods Deleted at Night',
  description: '\nPods went away.\n',
  rule_id: '9d2c1a9e-0000-4000-8000-000000000001',
  type: 'query',
  language: 'kuery',
  index: ['logs-kubernetes.audit_logs-*'],
  query: 'kubernetes.audit.verb: delete and kubernetes.audit.objectRef.resource: pods',
  severity: 'high',
  risk_score: 73,
};
const NEW_TERMS = {
  field: 'new_terms_fields',
  value: ['user.name', 'source.ip'],
  history_window_start: [{ field: 'history_window_start', value: 'now-10d' }],
};

function imported(rule: unknown, fileStem?: string): { document: RuleDocument; notes: readonly string[] } {
  const result = importElasticRule({ rule }, fileStem === undefined ? {} : { fileStem });
  return result.kind === 'document' ? result : assert.fail(JSON.stringify(result));
}

function refused(change: object): readonly string[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'unsupported'
    ? result.reasons.map(({ kind, name }) => `${kind} ${name}`)
    : assert.fail(JSON.stringify(result));
}

function problems(change: object): readonly DocumentProblem[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'invalid' ? result.problems : assert.fail(JSON.stringify(result));
}

test('a query rule keeps its identity, its texts and its query', () => {
  const { document, notes } = imported({
    ...RULE,
    version: 7,
    note: 'Ask who was on duty.',
    false_positives: ['\n  A clean-up job.\n  '],
    references: ['https://example.org/pods'],
    tags: ['Domain: Kubernetes'],
    author: ['Us'],
    license: 'Apache-2.0',
    timestamp_override: 'event.ingested',
  });
  assert.equal(document.name, 'pods-deleted-at-night');
  assert.equal(document.title, RULE.name);
  assert.equal(document.description, 'Pods went away.');
  assert.equal(document.id, RULE.rule_id);
  assert.equal(document.version, '7');
  assert.equal(document.query, RULE.query);
  assert.equal(document.triage, 'Ask who was on duty.');
  assert.deepEqual(document.falsePositives, ['A clean-up job.']);
  assert.deepEqual([document.severity, document.riskScore, document.enabled], ['high', 73, true]);
  assert.deepEqual(notes, []);
});

test('a rule is named after its file, else after itself, else after its id', () => {
  assert.equal(imported(RULE, 'impact_pods_deleted').document.name, 'impact-pods-deleted');
  assert.equal(imported({ ...RULE, name: 'Удалены' }).document.name, RULE.rule_id);
});

test('new terms come as a table of pairs (TOML) or flat (NDJSON)', () => {
  const expected = { fields: ['user.name', 'source.ip'], windowMicros: 10 * DAY, learningMicros: 0 };
  assert.deepEqual(imported({ ...RULE, type: 'new_terms', new_terms: NEW_TERMS }).document.newTerms, expected);
  const flat = {
    ...RULE,
    type: 'new_terms',
    new_terms_fields: NEW_TERMS.value,
    history_window_start: 'now-10d',
    enabled: false,
  };
  const result = importElasticRule(flat);
  assert.ok(result.kind === 'document');
  assert.deepEqual(result.document.newTerms, expected);
  assert.equal(result.document.enabled, false);
});

test('a rule of low severity learns first, and a note says so', () => {
  const { document, notes } = imported({ ...RULE, type: 'new_terms', severity: 'low', new_terms: NEW_TERMS });
  assert.equal(document.newTerms?.learningMicros, DAY);
  assert.deepEqual(notes, ['learns for 1d on each cluster before it alerts']);
});

test('the history has to start before the search', () => {
  const flat = { type: 'new_terms', new_terms_fields: ['user.name'] };
  const [late, ...more] = problems({ ...flat, history_window_start: 'now-5m', from: 'now-5m' });
  assert.deepEqual(late?.path, ['rule', 'history_window_start']);
  assert.match(late?.message ?? '', /starts at now-5m, which is not before the search, from now-5m/);
  assert.deepEqual(more, []);
  for (const start of ['now-7d/d', '2026-01-01', 7, undefined]) {
    assert.match(
      problems({ ...flat, history_window_start: start })[0]?.message ?? '',
      /^expected a start of the history/,
    );
  }
  const [from] = problems({ ...flat, history_window_start: 'now-7d', from: 'yesterday' });
  assert.deepEqual(from?.path, ['rule', 'from']);
  const [long] = problems({ ...flat, history_window_start: 'now-1y' });
  assert.match(long?.message ?? '', /expected a duration from 1m to 90d, found "365d"/);
  assert.deepEqual(long?.path, ['rule', 'history_window_start']);
});

test('every tactic, technique and subtechnique becomes a threat', () => {
  const tactic = { id: 'TA0040', name: 'Impact', reference: 'https://attack.mitre.org/tactics/TA0040/' };
  const subtechnique = [{ id: 'T1499.001', name: 'OS Exhaustion Flood', reference: 'x' }];
  const technique = [
    { id: 'T1485', name: 'Data Destruction', reference: 'x' },
    { id: 'T1499', name: 'Endpoint Denial of Service', reference: 'x', subtechnique },
  ];
  const { threat } = imported({
    ...RULE,
    threat: [{ framework: 'MITRE ATT&CK', tactic, technique }, { tactic }],
  }).document;
  assert.deepEqual(
    threat.map(({ tactic, technique }) => `${tactic.id} ${technique?.id ?? '-'}`),
    ['TA0040 T1485', 'TA0040 T1499', 'TA0040 T1499.001', 'TA0040 -'],
  );
});

test('alert suppression is mapped', () => {
  const suppression = {
    group_by: ['user.name'],
    duration: { value: 5, unit: 'h' },
    missing_fields_strategy: 'doNotSuppress',
  };
  assert.deepEqual(imported({ ...RULE, alert_suppression: suppression }).document.suppression, {
    by: ['user.name'],
    windowMicros: 5 * HOUR,
    missingFields: 'doNotSuppress',
  });
  const perRun = imported({ ...RULE, alert_suppression: { group_by: ['user.name'] }, interval: '9m' });
  assert.equal(perRun.document.suppression?.windowMicros, 9 * MINUTE);
  assert.match(perRun.notes.join(), /per run of the rule in Elastic; here it lasts 9m/);
});

test('other types, languages and data are refused by name', () => {
  assert.deepEqual(refused({ type: 'threshold', threshold: { field: [], value: 3 } }), [
    'type threshold',
    'setting threshold',
  ]);
  assert.deepEqual(refused({ type: 'eql', language: 'eql' }), ['type eql', 'language eql']);
  assert.deepEqual(refused({ type: 'machine_learning' }), ['type machine_learning']);
  assert.deepEqual(refused({ language: 'lucene' }), ['language lucene']);
  assert.deepEqual(refused({ index: ['logs-aws*', 'filebeat-*'] }), ['data logs-aws*, filebeat-*']);
  assert.deepEqual(refused({ index: ['logs-*'], query: 'process.name: nsenter' }), ['data logs-*']);
  assert.deepEqual(refused({ index: undefined, query: 'process.name: nsenter' }), ['data the default indices']);
  assert.deepEqual(refused({ index: undefined, data_view_id: 'dv', query: 'a: b' }), ['data data view dv']);
  const both = ['logs-endpoint.events.*', 'logs-kubernetes.audit_logs-*'];
  assert.deepEqual(refused({ type: 'eql', language: 'eql', index: both }), [
    'type eql',
    'language eql',
    'data logs-endpoint.events.*',
  ]);
});

test('audit events may be read from a broader index, and other indices beside them are noted', () => {
  assert.deepEqual(imported({ ...RULE, index: ['logs-*'] }).notes, []);
  assert.deepEqual(imported({ ...RULE, index: undefined }).notes, []);
  const { notes } = imported({ ...RULE, index: ['logs-kubernetes.audit_logs-*', 'logs-aws*'] });
  assert.deepEqual(notes, ['only audit events are read, not logs-aws*']);
});

test('a setting that decides what matches is never left out', () => {
  assert.deepEqual(refused({ filters: [{ query: { match_all: {} } }] }), ['setting filters']);
  assert.deepEqual(refused({ exceptions_list: [{ id: 'x', list_id: 'y' }] }), ['setting exceptions_list']);
  assert.deepEqual(refused({ hunting_scope: 'prod' }), ['setting hunting_scope']);
  assert.deepEqual(refused({ constructor: 'x' }), ['setting constructor']);
});

test('a setting that only follows a match is noted, unless it says nothing', () => {
  const silent = {
    filters: [],
    exceptions_list: [],
    severity_mapping: [],
    actions: [],
    max_signals: 100,
    to: 'now',
    throttle: null,
  };
  assert.deepEqual(imported({ ...RULE, ...silent }).notes, []);
  const { notes } = imported({
    ...RULE,
    max_signals: 500,
    severity_mapping: [{ field: 'event.severity', operator: 'equals', value: '3', severity: 'low' }],
    rule_name_override: 'user.name',
    filters: [{ meta: { disabled: true } }],
  });
  assert.deepEqual(
    notes.map((note) => note.split(' ')[0]),
    ['max_signals', 'severity_mapping', 'rule_name_override', 'filters'],
  );
});

test('problems lead to the setting as Elastic names it', () => {
  const found = problems({ risk_score: 'many', severity: 'hot', name: 7, tags: [1], query: '' });
  assert.deepEqual(found.map(({ path }) => path.join('.')).sort(), [
    'rule.name',
    'rule.query',
    'rule.risk_score',
    'rule.severity',
    'rule.tags.0',
  ]);
  assert.deepEqual(elasticPath({ rule: { new_terms: {} } }, ['spec', 'newTerms', 'fields', 1]), [
    'rule',
    'new_terms',
    'value',
    1,
  ]);
  assert.deepEqual(elasticPath({}, ['spec', 'newTerms', 'fields', 1]), ['new_terms_fields', 1]);
});

test('no value makes it throw', () => {
  for (const value of [undefined, null, 'x', [], {}, { rule: null }, { rule: [] }, { rule: {} }]) {
    assert.notEqual(importElasticRule(value).kind, 'document');
  }
  const odd = {
    ...RULE,
    threat: [null, { tactic: 3, technique: 'x' }],
    false_positives: 'x',
    alert_suppression: 3,
    index: 4,
  };
  assert.equal(importElasticRule(odd).kind, 'invalid');
  assert.equal(
    importElasticRule({ ...RULE, type: 'new_terms', new_terms: { history_window_start: {} } }).kind,
    'invalid',
  );
});

test('one of Elastic’s rules is told from a resource', () => {
  assert.ok(isElasticRule({ rule: RULE }));
  assert.ok(isElasticRule(RULE));
  assert.ok(!isElasticRule({ apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule' }));
  assert.ok(!isElasticRule(null));
});
