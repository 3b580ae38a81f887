import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import { fail } from '../../test/support/fail.ts';
import type { RuleDocument } from './document.ts';
import type { DocumentProblem } from './document-problem.ts';
import { DAY, HOUR, MINUTE } from './limits.ts';
import { parseDetectionRule } from './rule-schema.ts';

const MINIMAL = { title: 'A rule', type: 'query', query: 'event.action: create', severity: 'medium' };
const NEW_TERMS = { ...MINIMAL, type: 'new_terms', newTerms: { fields: ['user.name'], window: '7d' } };

function resource(spec: unknown, name = 'a-rule'): unknown {
  return { apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule', metadata: { name }, spec };
}

function documentOf(spec: unknown): RuleDocument {
  const parsed = parseDetectionRule(resource(spec));
  expectKind(parsed, 'ok');
  return parsed.kind === 'ok' ? parsed.document : fail();
}

function problemsOf(value: unknown): readonly DocumentProblem[] {
  const parsed = parseDetectionRule(value);
  return parsed.kind === 'invalid' ? parsed.problems : fail('expected problems');
}

/** The one problem of a spec, as `path: message (hint)`. */
function problemOf(spec: unknown): string {
  const problems = problemsOf(resource(spec)).map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

test('a minimal rule gets every default', () => {
  expect(documentOf(MINIMAL)).toEqual({
    name: 'a-rule',
    title: 'A rule',
    description: '',
    enabled: true,
    type: 'query',
    language: 'kuery',
    query: 'event.action: create',
    sequenceOrder: 'time',
    severity: 'medium',
    riskScore: 47,
    severityMapping: [],
    riskScoreMapping: [],
    buildingBlock: false,
    budget: { alertsPerHour: 20 },
    exceptions: [],
    threat: [],
    references: [],
    falsePositives: [],
    triage: '',
    tags: [],
    tests: [],
  });
});

test('a full rule keeps everything that it says', () => {
  const threat = [
    { tactic: { id: 'TA0001', name: 'Initial Access' }, technique: { id: 'T1078.001', name: 'Default Accounts' } },
    { tactic: { id: 'TA0003', name: 'Persistence' } },
  ];
  const texts = { references: ['https://example.org'], falsePositives: ['Backups.'], triage: 'Look.', tags: ['rbac'] };
  const spec = {
    ...NEW_TERMS,
    ...texts,
    threat,
    enabled: false,
    version: '3',
    id: 'e3b0c442',
    language: 'kuery',
    riskScore: 50,
    newTerms: { fields: ['user.name', 'source.ip'], window: '36h', learning: { until: '24h' } },
    suppression: { by: ['user.name'], window: '30m', missingFields: 'doNotSuppress' },
    budget: { alertsPerHour: 5 },
    exceptions: [
      { query: 'user.name: a', reason: 'known', expires: '2027-01-31' },
      { query: 'user.name: b', reason: 'known', starts: '2027-01-30', expires: '2027-01-31T12:00:00+02:00' },
      { query: 'user.name: c', reason: 'known' },
    ],
    tests: [
      { name: 'one', event: { verb: 'get' }, expect: 'match' },
      { name: 'two', events: [{ verb: 'get' }, { verb: 'list' }], expect: 'silent' },
    ],
  };
  const document = documentOf(spec);
  const { enabled, version, id, riskScore, references, falsePositives, triage, tags } = document;
  expect({ enabled, version, id, riskScore }).toEqual({ enabled: false, version: '3', id: 'e3b0c442', riskScore: 50 });
  expect({ references, falsePositives, triage, tags }).toEqual(texts);
  expect(document.threat).toEqual(threat);
  expect(document.newTerms).toEqual({
    fields: ['user.name', 'source.ip'],
    windowMicros: 36 * HOUR,
    learningMicros: DAY,
  });
  expect(document.suppression).toEqual({ by: ['user.name'], windowMicros: HOUR / 2, missingFields: 'doNotSuppress' });
  expect(document.budget).toEqual({ alertsPerHour: 5 });
  expect(document.exceptions.map(({ startsAt, expiresAt }) => [startsAt, expiresAt])).toEqual([
    [undefined, Date.UTC(2027, 0, 31) * 1_000],
    [Date.UTC(2027, 0, 30) * 1_000, Date.UTC(2027, 0, 31, 10) * 1_000],
    [undefined, undefined],
  ]);
  expect(document.tests.map(({ events }) => events.length)).toEqual([1, 2]);
});

test('the risk score and the learning time follow from the severity', () => {
  const seen = ['low', 'medium', 'high', 'critical'].map((severity) => {
    const { riskScore, newTerms } = documentOf({ ...NEW_TERMS, severity });
    return [riskScore, newTerms?.learningMicros];
  });
  expect(seen).toEqual([
    [21, DAY],
    [47, 0],
    [73, 0],
    [99, 0],
  ]);
  const eager = { fields: ['user.name'], window: '7d', learning: { until: '0s' } };
  expect(documentOf({ ...NEW_TERMS, severity: 'low', newTerms: eager }).newTerms?.learningMicros).toBe(0);
});

test('suppression lasts an hour, or the window of the terms, if it does not say how long', () => {
  const suppression = { by: ['user.name'] };
  expect(documentOf({ ...MINIMAL, suppression }).suppression?.windowMicros).toBe(HOUR);
  expect(documentOf({ ...NEW_TERMS, suppression }).suppression?.windowMicros).toBe(7 * DAY);
});

test('a rule as the API server returns it is a rule', () => {
  const metadata = { name: 'a-rule', uid: 'x', generation: 2, managedFields: [{}], labels: { team: 'a' } };
  const value = { ...Object(resource(MINIMAL)), metadata, status: { conditions: [] } };
  expect(parseDetectionRule(value).kind).toBe('ok');
});

test('types and languages that there are elsewhere, or that are still to come, are refused by name', () => {
  const expected =
    'spec.type: rule type threat_match is not supported by this version; supported: query, new_terms, threshold, eql, esql';
  expect(problemOf({ ...MINIMAL, type: 'threat_match' })).toBe(expected);
  const language = 'spec.language: language lucene is not supported by this version; supported: kuery, eql, esql';
  expect(problemOf({ ...MINIMAL, language: 'lucene' })).toBe(language);
});

test('a rule in ES|QL is of that type and no other, and may say how far it looks back', () => {
  const esql = { ...MINIMAL, type: 'esql', query: 'FROM logs-*' };
  expect(documentOf(esql).language).toBe('esql');
  expect(documentOf({ ...esql, window: '9m' }).windowMicros).toBe(9 * MINUTE);
  expect(problemOf({ ...esql, language: 'kuery' })).toMatch(
    /a rule of type esql must be written in esql, found "kuery"/,
  );
  expect(problemOf({ ...MINIMAL, language: 'esql' })).toMatch(
    /a rule of type query must be written in kuery or eql, found esql/,
  );
  const exceptions = [{ query: 'FROM logs-*', language: 'esql', reason: 'r' }];
  expect(problemOf({ ...esql, exceptions })).toMatch(/exceptions\.0\.language/);
});

test('an exception may have lists of values', () => {
  const lists = [{ field: 'user.name', values: ['a'] }];
  const withLists = (change: object) => ({ ...MINIMAL, exceptions: [{ query: 'a: b', reason: 'r', ...change }] });
  const read = parseDetectionRule(resource(withLists({ lists })));
  expectKind(read, 'ok');
  expect(read.document.exceptions[0]?.lists).toEqual([
    { field: 'user.name', type: 'keyword', values: ['a'], excluded: false },
  ]);
  expect(problemOf(withLists({ lists: [{ ...lists[0], type: 'ips' }] }))).toMatch(
    /^spec\.exceptions\.0\.lists\.0\.type: expected one of keyword, ip, ip_range, text, wildcard, found "ips"/,
  );
  const long = Array.from({ length: 10_001 }, String);
  expect(problemOf(withLists({ lists: [{ ...lists[0], values: long }] }))).toMatch(/at most 10000 items, found 10001$/);
});

const THRESHOLD = { type: 'threshold', threshold: { field: ['user.name'], value: 3 } };

test('a threshold counts within 5 minutes, over no field and no different values, if it does not say', () => {
  expect(documentOf({ ...MINIMAL, type: 'threshold', threshold: { value: 3 } }).threshold).toEqual({
    fields: [],
    value: 3,
    cardinality: [],
    windowMicros: 5 * MINUTE,
  });
  const cardinality = [{ field: 'source.ip', value: 2 }];
  const whole = documentOf({
    ...MINIMAL,
    ...THRESHOLD,
    threshold: { ...THRESHOLD.threshold, cardinality, window: '1h' },
  });
  expect(whole.threshold).toEqual({ fields: ['user.name'], value: 3, cardinality, windowMicros: HOUR });
});

test('the language follows from the type, and a rule of type eql has no other', () => {
  expect(documentOf({ ...MINIMAL, ...THRESHOLD }).language).toBe('kuery');
  expect(documentOf({ ...MINIMAL, ...THRESHOLD, language: 'eql' }).language).toBe('eql');
  const eql = documentOf({ ...MINIMAL, type: 'eql', window: '10m', sequenceOrder: 'any' });
  expect([eql.language, eql.windowMicros, eql.sequenceOrder]).toEqual(['eql', 10 * MINUTE, 'any']);
  expect(problemOf({ ...MINIMAL, type: 'eql', language: 'kuery' })).toBe(
    'spec.language: a rule of type eql must be written in eql, found "kuery" (remove language, or change type)',
  );
});

test.each<readonly [Record<string, unknown>, string]>([
  [
    { type: 'threshold' },
    'spec.threshold: missing: a rule of type threshold needs threshold (write threshold: { field: [user.name], value: 10, window: 5m })',
  ],
  [
    { threshold: { value: 3 } },
    'spec.threshold: threshold does not apply to a rule of type query (write type: threshold)',
  ],
  [
    { ...THRESHOLD, window: '5m' },
    'spec.window: window does not apply to a rule of type threshold (write threshold.window)',
  ],
  [{ window: '5m' }, 'spec.window: window does not apply to a rule of type query (write type: eql or esql)'],
  [
    { ...THRESHOLD, sequenceOrder: 'any' },
    'spec.sequenceOrder: sequenceOrder does not apply to a rule of type threshold (write type: eql)',
  ],
  [
    { ...THRESHOLD, newTerms: NEW_TERMS.newTerms },
    'spec.newTerms: newTerms does not apply to a rule of type threshold (write type: new_terms)',
  ],
])(
  'settings that belong to another type are refused, and those that a type needs are asked for: %s',
  (changes, message) => {
    expect(problemOf({ ...MINIMAL, ...changes })).toBe(message);
  },
);

test('suppression may give the window alone', () => {
  const { suppression } = documentOf({ ...MINIMAL, ...THRESHOLD, suppression: { window: '2h' } });
  expect(suppression).toEqual({ by: [], windowMicros: 2 * HOUR, missingFields: 'suppress' });
});

test.each<readonly [Record<string, unknown>, string]>([
  [{ sevrity: 'low' }, 'spec.sevrity: unknown key "sevrity" (did you mean severity?)'],
  [
    { severity: 'hihg' },
    'spec.severity: expected one of low, medium, high, critical, found "hihg" (did you mean high?)',
  ],
  [{ title: undefined }, 'spec.title: missing spec.title: expected text'],
  [{ title: '  ' }, 'spec.title: expected some text, found none'],
  [{ title: 'x'.repeat(201) }, 'spec.title: expected at most 200 characters, found 201'],
  [{ version: 3 }, 'spec.version: expected text, found 3 (write "3", in quotes)'],
  [{ enabled: 'yes' }, 'spec.enabled: expected true or false, found "yes"'],
  [{ riskScore: 101 }, 'spec.riskScore: expected a number of at most 100, found 101'],
  [{ riskScore: 1.5 }, 'spec.riskScore: expected a whole number, found 1.5'],
  [{ tags: 'rbac' }, 'spec.tags: expected a list, found "rbac"'],
  [{ budget: { alertsPerHour: 0 } }, 'spec.budget.alertsPerHour: expected a number of at least 1, found 0'],
  [
    { budget: { perHour: 1, alertsPerHour: 1 } },
    'spec.budget.perHour: unknown key "perHour" (known keys: alertsPerHour)',
  ],
  [{ suppression: { by: [] } }, 'spec.suppression.by: expected at least 1 item, found 0'],
  [
    { suppression: { by: ['user.name'], window: 'an hour' } },
    'spec.suppression.window: expected a duration such as 7d, 36h or 30m, found "an hour"',
  ],
  [
    { exceptions: [{ query: 'a: b', reason: 'r', expires: '2027-02-30' }] },
    'spec.exceptions.0.expires: expected a time such as 2027-01-31T12:00:00Z, or a date, found "2027-02-30"',
  ],
  [
    { exceptions: [{ query: 'a: b', reason: 'r', starts: '2027-02-01', expires: '2027-01-31' }] },
    'spec.exceptions.0.expires: expected a time after starts (2027-02-01), found "2027-01-31"',
  ],
  [{ exceptions: [{ query: 'a: b' }] }, 'spec.exceptions.0.reason: missing spec.exceptions[0].reason: expected text'],
  [
    { threat: [{ tactic: { id: 'T1078', name: 'x' } }] },
    'spec.threat.0.tactic.id: expected an id such as TA0001, found "T1078"',
  ],
  [{ tests: [{ name: 'a', expect: 'fire' }] }, 'spec.tests.0: expected either event or events'],
  [{ tests: [{ name: 'a', expect: 'fire', event: 'x' }] }, 'spec.tests.0.event: expected an audit event'],
  [
    { tests: [{ name: 'a', expect: 'fire', event: {}, events: [{}] }] },
    'spec.tests.0: expected either event or events',
  ],
])('a message says what was expected, what was found, and what was probably meant: %s', (change, expected) => {
  expect(problemOf({ ...MINIMAL, ...change })).toBe(expected);
});

test('newTerms belongs to new_terms, with its own bounds', () => {
  const change = (newTerms: unknown) => problemOf({ ...NEW_TERMS, newTerms });
  expect(change(undefined)).toMatch(/^spec\.newTerms: missing: a rule of type new_terms needs newTerms/);
  expect(problemOf({ ...NEW_TERMS, type: 'query' })).toMatch(/^spec\.newTerms: newTerms does not apply/);
  const { fields } = NEW_TERMS.newTerms;
  expect(change({ fields, window: '30s' })).toMatch(/window: expected a duration from 1m to 90d, found "30s"$/);
  expect(change({ fields, window: '91d' })).toMatch(/from 1m to 90d, found "91d"$/);
  expect(change({ fields: ['a', 'b', 'c', 'd'], window: '7d' })).toMatch(/expected at most 3 items, found 4$/);
  expect(change({ fields: ['a', 'b', 'a'], window: '7d' })).toBe('spec.newTerms.fields.2: this field is listed twice');
});

test('names of firstseen’s own rules are refused', () => {
  const [problem] = problemsOf(resource(MINIMAL, 'firstseen-tamper-rules'));
  expect(problem?.message ?? '').toMatch(/^expected another name: the prefix firstseen-tamper- is reserved/);
});

test('a name that Kubernetes would refuse comes with one that it takes', () => {
  const [problem] = problemsOf(resource(MINIMAL, 'Exec into_a pod'));
  expect(problem?.path).toEqual(['metadata', 'name']);
  expect(problem?.hint).toBe('write exec-into-a-pod');
});

test('all problems come at once', () => {
  const problems = problemsOf({ kind: 'Rule', spec: { type: 'new_terms', severity: 1, foo: 1, bar: 2 }, extra: true });
  const paths = problems.map(({ path }) => path.join('.')).sort();
  expect(paths).toEqual([
    'apiVersion',
    'extra',
    'kind',
    'metadata',
    'spec.bar',
    'spec.foo',
    'spec.newTerms',
    'spec.query',
    'spec.severity',
    'spec.title',
  ]);
});

test('no value makes it throw, and what it shows cannot break a terminal', () => {
  for (const value of [
    undefined,
    null,
    1,
    '',
    [],
    [[]],
    new Map(),
    { spec: null },
    { spec: [] },
    JSON.parse('{"__proto__":1}'),
  ]) {
    expect(problemsOf(value).length).toBeGreaterThan(0);
  }
  const [problem] = problemsOf(resource({ ...MINIMAL, severity: '\u001b[2J\u202e\ud800' }));
  expect(problem?.message ?? '').toMatch(/found "\\u001b\[2J\\u\{202e\}\\ud800"$/);
});

test('__proto__ is refused as a field to normalize, not left out without a word', () => {
  const newTerms = { fields: ['user.name'], window: '7d', normalize: JSON.parse('{"__proto__":"lowercase"}') };
  expect(problemsOf(resource({ ...MINIMAL, type: 'new_terms', newTerms }))).toEqual([
    expect.objectContaining({
      path: ['spec', 'newTerms', 'normalize', '__proto__'],
      message: '__proto__ is not a field',
    }),
  ]);
});

test('an exception among rules is told by its kind alone, with where it belongs', () => {
  const problems = problemsOf({
    kind: 'RuleException',
    spec: { rules: ['a-rule'], query: 'user.name: (', reason: 'x' },
  });
  expect(problems.map(({ path, message }) => [path, message])).toEqual([
    [['kind'], 'expected DetectionRule, found "RuleException"'],
  ]);
  expect(problems[0]?.hint ?? '').toMatch(/^apply a RuleException to the cluster .* spec\.exceptions of the rule$/);
});
