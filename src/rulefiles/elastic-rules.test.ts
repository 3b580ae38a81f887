import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNdjsonRules, readTomlRule } from './elastic-rules.ts';
import { formatFileProblem } from './file-problem.ts';
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
  const { rules, problems } = readTomlRule('r.toml', TOML, 'impact_pods_deleted');
  assert.deepEqual(problems, []);
  const [rule] = rules;
  assert.equal(rule?.document.name, 'impact-pods-deleted');
  assert.deepEqual(rule?.document.newTerms?.fields, ['user.name']);
  assert.deepEqual(rule?.place(['spec', 'severity']), { line: 13, column: 12 });
  assert.deepEqual(rule?.place(['spec', 'newTerms', 'window']), { line: 31, column: 9 });
  assert.deepEqual(rule?.place(['spec', 'newTerms', 'fields', 0]), { line: 28, column: 1 });
  const problem = { message: 'm', line: 2, column: 3 };
  const found = rule?.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  assert.deepEqual(found?.place, { line: 17, column: 3 });
});

test('a query on one line is found too', () => {
  const source = TOML.replace(/query = '''[^']*'''/, `query = 'kubernetes.audit.verb: delete'`);
  const [rule] = readTomlRule('r.toml', source, 'r').rules;
  const problem = { message: 'm', line: 1, column: 24 };
  const found = rule?.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  assert.deepEqual(found?.place, { line: 15, column: 33 });
});

test('what is wrong is shown at its place', () => {
  assert.deepEqual(shown(readTomlRule('r.toml', TOML.replace('"high"', '"hihg"').replace('now-7d', 'now-5m'), 'r')), [
    'r.toml:31:9: the history starts at now-5m, which is not before the search, from now-6m\n  value = "now-5m"\n          ^',
    'r.toml:13:12: expected one of low, medium, high, critical, found "hihg"\n  severity = "hihg"\n             ^\n' +
      '  hint: did you mean high?',
  ]);
});

test('a rule that cannot run here is refused by name', () => {
  const loaded = readTomlRule('r.toml', TOML.replace('"new_terms"\n', '"eql"\n'), 'r');
  assert.deepEqual(shown(loaded), [
    'r.toml:10:8: pods-deleted: rule type eql is not supported by this version; supported: query, new_terms\n' +
      '  type = "eql"\n         ^',
  ]);
  assert.deepEqual(
    loaded.problems[0]?.unsupported?.map(({ kind, name }) => [kind, name]),
    [['type', 'eql']],
  );
});

test('broken TOML is a problem with a place', () => {
  assert.match(
    shown(readTomlRule('r.toml', '[rule]\nname = "a\n', 'r')).join(),
    /^r\.toml:2:\d+: Invalid TOML document/,
  );
  assert.match(
    shown(readTomlRule('r.toml', '[__proto__]\na = 1\n', 'r')).join(),
    /^r\.toml:\d+:\d+: Invalid TOML document/,
  );
  assert.match(shown(readTomlRule('r.toml', `a = ${'['.repeat(5_000)}`, 'r')).join(), /^r\.toml:1:\d+: Invalid TOML/);
  assert.match(shown(readTomlRule('r.toml', '', 'r')).join(), /^r\.toml:1:1: /);
});

test('an export gives a rule a line, without its counts and lists', () => {
  const rule = {
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
  const lines = [
    rule,
    { ...rule, rule_id: 'two', type: 'threshold' },
    { list_id: 'l', type: 'detection' },
    { exported_count: 2 },
  ];
  const source = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnot json\n`;
  const { rules, problems } = readNdjsonRules('e.ndjson', source);
  assert.deepEqual(
    rules.map(({ document }) => [document.name, document.id]),
    [['pods-deleted', 'one']],
  );
  assert.deepEqual(
    problems.map(({ place, message }) => `${place?.line} ${message}`),
    ['2 rule type threshold is not supported by this version; supported: query, new_terms', '5 this line is not JSON'],
  );
});
