import { expect, test } from '@jest/globals';
import { readTomlRule } from './elastic-rules.ts';
import { formatFileProblem } from './file-problem.ts';
import { readRules } from './load.ts';
import type { LoadedRules } from './loaded-rule.ts';

const TOML = `[metadata]
creation_date = "2026/01/01"

[rule]
name = "Pods Deleted"
description = """
Pods went away. query = "not this"
"""
rule_id = "9d2c1a9e-0000-4000-8000-000000000001"
type = "new_terms"
language = "kuery"
index = ["logs-kubernetes.audit_logs-*"]
severity = "high"
risk_score = 73
query = '''
kubernetes.audit.verb: delete and
  kubernetes.audit.objectRef.resource: pods
'''

[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0040"
name = "Impact"

[rule.new_terms]
field = "new_terms_fields"
value = ["user.name"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"
`;

function shown({ problems }: LoadedRules): readonly string[] {
  return problems.map(formatFileProblem);
}

test('a TOML rule loads under the name of its file, and knows where its values stand', () => {
  const { rules, problems } = readTomlRule('r.toml', TOML, { fileStem: 'impact_pods_deleted' });
  expect(problems).toEqual([]);
  const [rule] = rules;
  expect(rule?.document.name).toBe('impact-pods-deleted');
  expect(rule?.document.newTerms?.fields).toEqual(['user.name']);
  expect(rule?.place(['spec', 'severity'])).toEqual({ line: 13, column: 12 });
  expect(rule?.place(['spec', 'newTerms', 'window'])).toEqual({ line: 31, column: 9 });
  expect(rule?.place(['spec', 'newTerms', 'fields', 0])).toEqual({ line: 28, column: 1 });
  const problem = { message: 'm', line: 2, column: 3 };
  const found = rule?.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  expect(found?.place).toEqual({ line: 17, column: 3 });
});

test('a query on one line is found too', () => {
  const source = TOML.replace(/query = '''[^']*'''/, `query = 'kubernetes.audit.verb: delete'`);
  const [rule] = readTomlRule('r.toml', source, { fileStem: 'r' }).rules;
  const problem = { message: 'm', line: 1, column: 24 };
  const found = rule?.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  expect(found?.place).toEqual({ line: 15, column: 33 });
});

test('what is wrong is shown at its place', () => {
  expect(
    shown(readTomlRule('r.toml', TOML.replace('"high"', '"hihg"').replace('now-7d', 'now-5m'), { fileStem: 'r' })),
  ).toEqual([
    'r.toml:31:9: r: the history starts at now-5m, but it must start before the search, which starts at now-6m\n  value = "now-5m"\n          ^',
    'r.toml:13:12: r: expected one of low, medium, high, critical, found "hihg"\n  severity = "hihg"\n             ^\n' +
      '  hint: did you mean high?',
  ]);
});

test('a rule that cannot run here is refused by name, each reason at its place', () => {
  const source = TOML.replace('"new_terms"\n', '"esql"\n')
    .replace('language = "kuery"', 'language = "lucene"')
    .replace('kubernetes.audit_logs', 'aws.cloudtrail');
  const loaded = readTomlRule('r.toml', source.replace("query = '''\n", "query = '''\nfrom logs-aws* |\n"), {
    fileStem: 'r',
  });
  expect(shown(loaded)).toEqual([
    'r.toml:11:12: r: language lucene is not supported by this version; supported: kuery, eql, esql\n' +
      '  language = "lucene"\n             ^\n' +
      '  hint: write the query in KQL: field: value, and, or, not, * as a wildcard',
    "r.toml:15:9: r: needs other data: logs-aws*; firstseen has Kubernetes audit events only\n  query = '''\n          ^",
  ]);
  expect(
    loaded.problems.map(({ unsupported = [], ruleType }) => [
      ...unsupported.map(({ kind, name }) => `${kind} ${name}`),
      ruleType,
    ]),
  ).toEqual([
    ['language lucene', 'esql'],
    ['data logs-aws*', 'esql'],
  ]);
});

test('broken TOML is a problem with a place', () => {
  expect(shown(readTomlRule('r.toml', '[rule]\nname = "a\n', { fileStem: 'r' })).join()).toMatch(
    /^r\.toml:2:\d+: r: Invalid TOML document: control[\s\S]*\n {2}hint: is a closing quotation mark missing\?$/,
  );
  expect(shown(readTomlRule('r.toml', '[__proto__]\na = 1\n', { fileStem: 'r' })).join()).toMatch(
    /^r\.toml:\d+:\d+: r: Invalid TOML document/,
  );
  expect(shown(readTomlRule('r.toml', `a = ${'['.repeat(5_000)}`, { fileStem: 'r' })).join()).toMatch(
    /^r\.toml:1:\d+: r: Invalid TOML/,
  );
  expect(shown(readTomlRule('r.toml', '', { fileStem: 'r' })).join()).toMatch(
    /^r\.toml:1:1: r: expected a rule, found a mapping|^r\.toml:1:1: /,
  );
});

const EXPORTED = {
  rule_id: 'one',
  name: 'Pods Deleted',
  type: 'query',
  language: 'kuery',
  index: ['logs-kubernetes.audit_logs-*'],
  query: 'kubernetes.audit.verb: delete',
  severity: 'high',
  risk_score: 73,
  filters: [],
};

function exported(...lines: readonly (object | string)[]): LoadedRules {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return readRules('e.ndjson', '.ndjson', `${text}\n`);
}

test('an export gives a rule a line, without its counts, lists and connectors', () => {
  const { rules, problems } = exported(
    EXPORTED,
    { ...EXPORTED, rule_id: 'two', name: 'Two', type: 'machine_learning' },
    { list_id: 'l', type: 'detection' },
    { id: 'c', type: 'action', attributes: { actionTypeId: '.email' }, references: [] },
    { id: 'o', type: 'alert', attributes: {} },
    { exported_count: 2, exported_rules_count: 2 },
    'not json',
    { ...EXPORTED, rule_id: 'three', name: 'Three', severity: 'hot' },
  );
  expect(rules.map(({ document }) => [document.name, document.id])).toEqual([['pods-deleted', 'one']]);
  expect(problems.map(({ place, rule, message }) => `${place?.line} ${rule}: ${message.split(';')[0]}`)).toEqual([
    '5 undefined: this is a saved object of Kibana, not an exported rule',
    '7 undefined: this line is not JSON',
    '2 two: rule type machine_learning is not supported by this version',
    '8 three: expected one of low, medium, high, critical, found "hot"',
  ]);
});

test('the items of an exception list are those that name it, wherever they stand in the export', () => {
  const item = (value: string, changes: object = {}) => ({
    item_id: value,
    list_id: 'noise',
    namespace_type: 'single',
    name: value,
    entries: [{ field: 'user.name', type: 'match', operator: 'included', value }],
    ...changes,
  });
  const reference = { id: 'x', list_id: 'noise', type: 'detection', namespace_type: 'single' };
  const rule = { ...EXPORTED, exceptions_list: [reference] };
  const { rules, problems } = exported(
    item('a'),
    rule,
    { list_id: 'noise', namespace_type: 'single', type: 'detection' },
    item('b'),
    item('c', { namespace_type: 'agnostic' }),
    item('d', { list_id: 'other' }),
  );
  expect(problems).toEqual([]);
  expect(rules[0]?.document.exceptions.map(({ query }) => query)).toEqual(['user.name: "a"', 'user.name: "b"']);
  const [missing] = exported(rule).problems;
  expect(missing?.rule).toBe('pods-deleted');
  expect(missing?.message ?? '').toMatch(/^the exception list noise is missing/);
});

test('more exceptions than a resource holds load from a file', () => {
  const items = Array.from({ length: 150 }, (_, n) => ({
    item_id: n,
    list_id: 'noise',
    name: `${n}`,
    entries: [{ field: 'user.name', type: 'match', operator: 'included', value: `${n}` }],
  }));
  const { rules } = exported({ ...EXPORTED, exceptions_list: [{ list_id: 'noise' }] }, ...items);
  expect(rules[0]?.document.exceptions).toHaveLength(150);
});

test('a line of an export that is none of what Kibana exports is said to be that', () => {
  const { rules, problems } = readRules('e.ndjson', '.ndjson', '{"a":1}\n');
  expect(rules).toHaveLength(0);
  expect(problems[0]?.message).toBe('expected a rule, an exception list or the counts of an export');
});
