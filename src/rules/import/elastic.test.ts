import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleDocument } from '../document.ts';
import type { DocumentProblem } from '../document-problem.ts';
import { DAY } from '../limits.ts';
import { elasticPath, importElasticRule, isElasticRule, reasonPath } from './elastic.ts';

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

interface Imported {
  readonly document: RuleDocument;
  readonly notes: readonly string[];
  readonly differences: readonly string[];
}

function imported(rule: unknown, fileStem?: string): Imported {
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

test('a rule without a severity is of medium severity, and says so', () => {
  const { severity: _, risk_score: __, ...rule } = RULE;
  const { document, notes } = imported(rule);
  assert.deepEqual([document.severity, document.riskScore], ['medium', 47]);
  assert.deepEqual(notes, ['it has no severity: medium is assumed']);
});

test('a rule of low severity learns first, and says so', () => {
  const { document, differences } = imported({ ...RULE, type: 'new_terms', severity: 'low', new_terms: NEW_TERMS });
  assert.equal(document.newTerms?.learningMicros, DAY);
  assert.deepEqual(differences, ['learns for 1d on each cluster before it alerts']);
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

test('other types, languages and data are refused by name, each with its place', () => {
  assert.deepEqual(refused({ type: 'machine_learning' }), ['type machine_learning']);
  assert.deepEqual(refused({ type: 'threat_match' }), ['type threat_match']);
  assert.deepEqual(refused({ type: 'saved_query', saved_id: 'x' }), ['type saved_query', 'setting saved_id']);
  assert.deepEqual(refused({ language: 'lucene' }), ['language lucene']);
  assert.deepEqual(refused({ index: ['logs-aws*', 'filebeat-*'] }), ['data logs-aws*, filebeat-*']);
  assert.deepEqual(refused({ index: ['logs-*'], query: 'process.name: nsenter' }), ['data logs-*']);
  assert.deepEqual(refused({ index: undefined, query: 'process.name: nsenter' }), ['data the default indices']);
  assert.deepEqual(refused({ index: undefined, data_view_id: 'dv', query: 'a: b' }), ['data data view dv']);
});

test('what joins events needs all of its data; what looks at one event does not', () => {
  const both = ['logs-endpoint.events.*', 'logs-kubernetes.audit_logs-*'];
  const refusedData = (change: object) => refused(change).filter((reason) => reason.startsWith('data'));
  const eql = { type: 'eql', language: 'eql', index: both };
  for (const query of [
    'sequence [any where true] [any where true]',
    '// first\n/* then */ sequence by a [b where c]',
  ]) {
    assert.deepEqual(refusedData({ ...eql, query }), ['data logs-endpoint.events.*'], query);
  }
});

test('a reason says what to do, and where it stands', () => {
  const reasonsOf = (change: object) => {
    const rule = { ...RULE, ...change };
    const result = importElasticRule({ rule });
    return result.kind === 'unsupported' ? result.reasons : assert.fail(JSON.stringify(result));
  };
  const [lucene] = reasonsOf({ language: 'lucene' });
  assert.match(lucene?.hint ?? '', /^write the query in KQL/);
  assert.deepEqual(lucene && reasonPath({ rule: RULE }, lucene), ['rule', 'language']);
  const filters = [{ query: { match_all: {} } }, { query: { script: {} } }];
  const [filter] = reasonsOf({ filters });
  assert.deepEqual(filter && reasonPath({ rule: RULE }, filter), ['rule', 'filters', 1]);
  const [data] = reasonsOf({ index: undefined, data_view_id: 'dv', query: 'a: b' });
  assert.deepEqual(data?.path, ['data_view_id']);
});

test('audit events may be read from a broader index; other indices beside them make a difference', () => {
  assert.deepEqual(imported({ ...RULE, index: ['logs-*'] }).differences, []);
  assert.deepEqual(imported({ ...RULE, index: undefined }).differences, []);
  const { differences } = imported({ ...RULE, index: ['logs-kubernetes.audit_logs-*', 'logs-aws*'] });
  assert.deepEqual(differences, ['only audit events are read, not logs-aws*']);
  assert.deepEqual(imported({ ...RULE, index: undefined, data_view_id: 'dv' }).notes, [
    'the data view dv is taken to hold the audit events',
  ]);
});

test('a setting that decides what matches is never left out', () => {
  assert.deepEqual(refused({ filters: [{ query: { query_string: { query: 'a' } } }] }), ['setting filters']);
  assert.deepEqual(refused({ event_category_override: 'my.category' }), ['setting event_category_override']);
  assert.deepEqual(refused({ hunting_scope: 'prod' }), ['setting hunting_scope']);
  assert.deepEqual(refused({ constructor: 'x' }), ['setting constructor']);
  assert.match(problems({ exceptions_list: [{ id: 'x', list_id: 'y' }] })[0]?.message ?? '', /exception list y is not/);
});

test('filters and the items of lists are exceptions, filters first', () => {
  const rule = {
    ...RULE,
    filters: [{ meta: { negate: true }, query: { match_phrase: { 'user.name': 'ci' } } }],
    exceptions_list: [{ list_id: 'noise', type: 'rule_default', namespace_type: 'single' }],
  };
  const item = { name: 'Ours', entries: [{ field: 'user.name', type: 'match', operator: 'included', value: 'cd' }] };
  const lists = { items: () => [item], values: () => undefined, valuesPlace: () => '' };
  const result = importElasticRule(rule, { lists });
  assert.ok(result.kind === 'document', JSON.stringify(result));
  assert.deepEqual(
    result.document.exceptions.map(({ query, reason }) => [query, reason]),
    [
      ['user.name: "ci"', 'filter of the rule: not (user.name: "ci")'],
      ['user.name: "cd"', 'Ours'],
    ],
  );
  assert.deepEqual(elasticPath(rule, ['spec', 'exceptions', 0, 'query']), ['filters']);
  assert.deepEqual(elasticPath(rule, ['spec', 'exceptions', 1, 'query']), ['exceptions_list']);
});

test('settings that are empty, or say what holds without them, say nothing', () => {
  const silent = {
    filters: [],
    exceptions_list: [],
    severity_mapping: [{ field: '', operator: 'equals', value: '', severity: 'low' }],
    risk_score_mapping: [{ field: '', operator: 'equals', value: '' }],
    rule_name_override: '',
    actions: [],
    max_signals: 100,
    to: 'now',
    throttle: null,
    timestamp_override: 'event.ingested',
    event_category_override: 'event.category',
  };
  const { document, notes, differences } = imported({ ...RULE, ...silent });
  assert.deepEqual([notes, differences], [[], []]);
  assert.deepEqual(document, imported(RULE).document);
});

test('what is done after a match and not here is a difference; a filter that is switched off is noted', () => {
  const { notes, differences } = imported({
    ...RULE,
    actions: [{ id: 'a' }],
    response_actions: [{}],
    to: 'now-1m',
    filters: [{ meta: { disabled: true } }],
  });
  assert.deepEqual(
    differences.map((difference) => difference.split(' ')[0]),
    ['actions', 'response_actions', 'to'],
  );
  assert.deepEqual(notes, ['1 of its filters switched off in Kibana: left out']);
});

test('another time than that of the event is stated, or refused where no event has it', () => {
  const override = (timestamp_override: unknown, changes: object = {}) => ({ timestamp_override, ...changes });
  const received = override('kubernetes.audit.requestReceivedTimestamp');
  assert.match(imported({ ...RULE, ...received }).differences.join(), /^timestamp_override is not applied/);
  assert.deepEqual(
    imported({ ...RULE, ...override('event.created') }).differences,
    [],
    'Elastic falls back to @timestamp',
  );
  const strict = override('event.created', { timestamp_override_fallback_disabled: true });
  assert.deepEqual(refused(strict), ['setting timestamp_override']);
});

test('an empty query selects everything, and the setup is part of the guide', () => {
  const { document, notes } = imported({ ...RULE, query: '', note: 'Look.', setup: 'Send audit logs.' });
  assert.equal(document.query, '*: *');
  assert.deepEqual(notes, ['its query is empty, and so selects every audit event']);
  assert.equal(document.triage, 'Look.\n\n## Setup\n\nSend audit logs.');
  assert.equal(imported({ ...RULE, setup: 'Send.' }).document.triage, '## Setup\n\nSend.');
  assert.equal(imported({ ...RULE, note: 'Look. Send.', setup: 'Send.' }).document.triage, 'Look. Send.');
});

test('problems lead to the setting as Elastic names it', () => {
  const found = problems({ risk_score: 'many', severity: 'hot', name: 7, tags: [1], query: 7 });
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
    exceptions_list: 'x',
    severity_mapping: 'x',
    max_signals: {},
  };
  assert.equal(importElasticRule(odd).kind, 'invalid');
  assert.equal(importElasticRule({ ...odd, filters: 'x' }).kind, 'unsupported');
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
