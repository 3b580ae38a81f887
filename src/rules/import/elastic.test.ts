import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { fail } from '../../../test/support/fail.ts';
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
  return result.kind === 'document' ? result : fail(JSON.stringify(result));
}

function refused(change: object): readonly string[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'unsupported'
    ? result.reasons.map(({ kind, name }) => `${kind} ${name}`)
    : fail(JSON.stringify(result));
}

function problems(change: object): readonly DocumentProblem[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'invalid' ? result.problems : fail(JSON.stringify(result));
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
  expect(document.name).toBe('pods-deleted-at-night');
  expect(document.title).toBe(RULE.name);
  expect(document.description).toBe('Pods went away.');
  expect(document.id).toBe(RULE.rule_id);
  expect(document.version).toBe('7');
  expect(document.query).toBe(RULE.query);
  expect(document.triage).toBe('Ask who was on duty.');
  expect(document.falsePositives).toEqual(['A clean-up job.']);
  expect([document.severity, document.riskScore, document.enabled]).toEqual(['high', 73, true]);
  expect(notes).toEqual([]);
});

test('a rule is named after its file, else after itself, else after its id', () => {
  expect(imported(RULE, 'impact_pods_deleted').document.name).toBe('impact-pods-deleted');
  expect(imported({ ...RULE, name: 'Удалены' }).document.name).toBe(RULE.rule_id);
});

test('new terms come as a table of pairs (TOML) or flat (NDJSON)', () => {
  const expected = { fields: ['user.name', 'source.ip'], windowMicros: 10 * DAY, learningMicros: 0 };
  expect(imported({ ...RULE, type: 'new_terms', new_terms: NEW_TERMS }).document.newTerms).toEqual(expected);
  const flat = {
    ...RULE,
    type: 'new_terms',
    new_terms_fields: NEW_TERMS.value,
    history_window_start: 'now-10d',
    enabled: false,
  };
  const result = importElasticRule(flat);
  expectKind(result, 'document');
  expect(result.document.newTerms).toEqual(expected);
  expect(result.document.enabled).toBe(false);
});

test('a rule without a severity is of medium severity, and says so', () => {
  const { severity: _, risk_score: __, ...rule } = RULE;
  const { document, notes } = imported(rule);
  expect([document.severity, document.riskScore]).toEqual(['medium', 47]);
  expect(notes).toEqual(['the rule has no severity: medium is assumed']);
});

test('a rule of low severity learns first, and says so', () => {
  const { document, differences } = imported({ ...RULE, type: 'new_terms', severity: 'low', new_terms: NEW_TERMS });
  expect(document.newTerms?.learningMicros).toBe(DAY);
  expect(differences).toEqual(['learns for 1d on each cluster before it alerts']);
});

test('the history has to start before the search', () => {
  const flat = { type: 'new_terms', new_terms_fields: ['user.name'] };
  const [late, ...more] = problems({ ...flat, history_window_start: 'now-5m', from: 'now-5m' });
  expect(late?.path).toEqual(['rule', 'history_window_start']);
  expect(late?.message ?? '').toMatch(/starts at now-5m, but it must start before the search, which starts at now-5m/);
  expect(more).toEqual([]);
  for (const start of ['now-7d/d', '2026-01-01', 7, undefined]) {
    expect(problems({ ...flat, history_window_start: start })[0]?.message ?? '').toMatch(
      /^expected a start of the history/,
    );
  }
  const [from] = problems({ ...flat, history_window_start: 'now-7d', from: 'yesterday' });
  expect(from?.path).toEqual(['rule', 'from']);
  const [long] = problems({ ...flat, history_window_start: 'now-1y' });
  expect(long?.message ?? '').toMatch(/expected a duration from 1m to 90d, found "365d"/);
  expect(long?.path).toEqual(['rule', 'history_window_start']);
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
  expect(threat.map(({ tactic, technique }) => `${tactic.id} ${technique?.id ?? '-'}`)).toEqual([
    'TA0040 T1485',
    'TA0040 T1499',
    'TA0040 T1499.001',
    'TA0040 -',
  ]);
});

test('other types, languages and data are refused by name, each with its place', () => {
  expect(refused({ type: 'machine_learning' })).toEqual(['type machine_learning']);
  expect(refused({ type: 'threat_match' })).toEqual(['type threat_match']);
  expect(refused({ type: 'saved_query', saved_id: 'x' })).toEqual(['type saved_query', 'setting saved_id']);
  expect(refused({ language: 'lucene' })).toEqual(['language lucene']);
  expect(refused({ index: ['logs-aws*', 'filebeat-*'] })).toEqual(['data logs-aws*, filebeat-*']);
  expect(refused({ index: ['logs-*'], query: 'process.name: nsenter' })).toEqual(['data logs-*']);
  expect(refused({ index: undefined, query: 'process.name: nsenter' })).toEqual(['data the default indices']);
  expect(refused({ index: undefined, data_view_id: 'dv', query: 'a: b' })).toEqual(['data data view dv']);
});

test.each(['sequence [any where true] [any where true]', '// first\n/* then */ sequence by a [b where c]'])(
  'what joins events needs all of its data; what looks at one event does not: %j',
  (query) => {
    const both = ['logs-endpoint.events.*', 'logs-kubernetes.audit_logs-*'];
    const refusedData = (change: object) => refused(change).filter((reason) => reason.startsWith('data'));
    const eql = { type: 'eql', language: 'eql', index: both };
    expect(refusedData({ ...eql, query })).toEqual(['data logs-endpoint.events.*']);
  },
);

test('a reason says what to do, and where it stands', () => {
  const reasonsOf = (change: object) => {
    const rule = { ...RULE, ...change };
    const result = importElasticRule({ rule });
    return result.kind === 'unsupported' ? result.reasons : fail(JSON.stringify(result));
  };
  const [lucene] = reasonsOf({ language: 'lucene' });
  expect(lucene?.hint ?? '').toMatch(/^write the query in KQL/);
  expect(lucene && reasonPath({ rule: RULE }, lucene)).toEqual(['rule', 'language']);
  const filters = [{ query: { match_all: {} } }, { query: { script: {} } }];
  const [filter] = reasonsOf({ filters });
  expect(filter && reasonPath({ rule: RULE }, filter)).toEqual(['rule', 'filters', 1]);
  const [data] = reasonsOf({ index: undefined, data_view_id: 'dv', query: 'a: b' });
  expect(data?.path).toEqual(['data_view_id']);
});

test('audit events may be read from a broader index; other indices beside them make a difference', () => {
  expect(imported({ ...RULE, index: ['logs-*'] }).differences).toEqual([]);
  expect(imported({ ...RULE, index: undefined }).differences).toEqual([]);
  const { differences } = imported({ ...RULE, index: ['logs-kubernetes.audit_logs-*', 'logs-aws*'] });
  expect(differences).toEqual(['only audit events are read, not logs-aws*']);
  expect(imported({ ...RULE, index: undefined, data_view_id: 'dv' }).notes).toEqual([
    'the data view dv is assumed to hold audit events',
  ]);
});

test('a setting that decides what matches is never left out', () => {
  expect(refused({ filters: [{ query: { query_string: { query: 'a' } } }] })).toEqual(['setting filters']);
  expect(refused({ event_category_override: 'my.category' })).toEqual(['setting event_category_override']);
  expect(refused({ hunting_scope: 'prod' })).toEqual(['setting hunting_scope']);
  expect(refused({ constructor: 'x' })).toEqual(['setting constructor']);
  expect(problems({ exceptions_list: [{ id: 'x', list_id: 'y' }] })[0]?.message ?? '').toMatch(
    /exception list y is missing/,
  );
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
  expectKind(result, 'document');
  expect(result.document.exceptions.map(({ query, reason }) => [query, reason])).toEqual([
    ['user.name: "ci"', 'filter of the rule: not (user.name: "ci")'],
    ['user.name: "cd"', 'Ours'],
  ]);
  expect(elasticPath(rule, ['spec', 'exceptions', 0, 'query'])).toEqual(['filters']);
  expect(elasticPath(rule, ['spec', 'exceptions', 1, 'query'])).toEqual(['exceptions_list']);
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
  expect([notes, differences]).toEqual([[], []]);
  expect(document).toEqual(imported(RULE).document);
});

test('what is done after a match and not here is a difference; a filter that is switched off is noted', () => {
  const { notes, differences } = imported({
    ...RULE,
    actions: [{ id: 'a' }],
    response_actions: [{}],
    to: 'now-1m',
    filters: [{ meta: { disabled: true } }],
  });
  expect(differences.map((difference) => difference.split(' ')[0])).toEqual(['actions', 'response_actions', 'to']);
  expect(notes).toEqual(['1 filters are disabled in Kibana and left out']);
});

test('another time than that of the event is stated, or refused where no event has it', () => {
  const override = (timestamp_override: unknown, changes: object = {}) => ({ timestamp_override, ...changes });
  const received = override('kubernetes.audit.requestReceivedTimestamp');
  expect(imported({ ...RULE, ...received }).differences.join()).toMatch(/^timestamp_override is ignored/);
  expect(imported({ ...RULE, ...override('event.created') }).differences).toEqual([]); // Elastic falls back to @timestamp
  const strict = override('event.created', { timestamp_override_fallback_disabled: true });
  expect(refused(strict)).toEqual(['setting timestamp_override']);
});

test('an empty query selects everything, and the setup is part of the guide', () => {
  const { document, notes } = imported({ ...RULE, query: '', note: 'Look.', setup: 'Send audit logs.' });
  expect(document.query).toBe('*: *');
  expect(notes).toEqual(['the query is empty, so it selects every audit event']);
  expect(document.triage).toBe('Look.\n\n## Setup\n\nSend audit logs.');
  expect(imported({ ...RULE, setup: 'Send.' }).document.triage).toBe('## Setup\n\nSend.');
  expect(imported({ ...RULE, note: 'Look. Send.', setup: 'Send.' }).document.triage).toBe('Look. Send.');
});

test('problems lead to the setting as Elastic names it', () => {
  const found = problems({ risk_score: 'many', severity: 'hot', name: 7, tags: [1], query: 7 });
  expect(found.map(({ path }) => path.join('.')).sort()).toEqual([
    'rule.name',
    'rule.query',
    'rule.risk_score',
    'rule.severity',
    'rule.tags.0',
  ]);
  expect(elasticPath({ rule: { new_terms: {} } }, ['spec', 'newTerms', 'fields', 1])).toEqual([
    'rule',
    'new_terms',
    'value',
    1,
  ]);
  expect(elasticPath({}, ['spec', 'newTerms', 'fields', 1])).toEqual(['new_terms_fields', 1]);
});

test('no value makes it throw', () => {
  for (const value of [undefined, null, 'x', [], {}, { rule: null }, { rule: [] }, { rule: {} }]) {
    expect(importElasticRule(value).kind).not.toBe('document');
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
  expect(importElasticRule(odd).kind).toBe('invalid');
  expect(importElasticRule({ ...odd, filters: 'x' }).kind).toBe('unsupported');
  expect(importElasticRule({ ...RULE, type: 'new_terms', new_terms: { history_window_start: {} } }).kind).toBe(
    'invalid',
  );
});

test('one of Elastic’s rules is told from a resource', () => {
  expect(isElasticRule({ rule: RULE })).toBe(true);
  expect(isElasticRule(RULE)).toBe(true);
  expect(isElasticRule({ apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule' })).toBe(false);
  expect(isElasticRule(null)).toBe(false);
});
