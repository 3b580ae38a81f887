import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFileProblem } from './file-problem.ts';
import type { LoadedRule } from './loaded-rule.ts';
import { readYamlRules } from './yaml-rules.ts';

const HEAD = `apiVersion: firstseen.dev/v1alpha1
kind: DetectionRule
metadata:
  name: a-rule
`;
const RULE = `${HEAD}spec:
  title: A rule
  type: query
  severity: low
  query: |
    event.action: create and
      user.name: alice
`;

function shown(source: string): readonly string[] {
  return readYamlRules('r.yaml', source).problems.map(formatFileProblem);
}

function ruleOf(source: string): LoadedRule {
  const { rules, problems } = readYamlRules('r.yaml', source);
  assert.deepEqual(problems, []);
  return rules[0] ?? assert.fail('no rule');
}

/** Where a problem at this line and column of the query is shown. */
function queryPlace(source: string, line: number, column: number): string {
  const problem = { message: 'm', line, column };
  const found = ruleOf(source).problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  return `${found.place?.line}:${found.place?.column} ${found.message}`;
}

test('a file may hold several rules, comments, and nothing', () => {
  const source = `# first\n---\n${RULE}---\n# empty\n---\n${RULE.replace('a-rule', 'b-rule')}...\n`;
  assert.deepEqual(
    readYamlRules('r.yaml', source).rules.map(({ document }) => document.name),
    ['a-rule', 'b-rule'],
  );
  assert.deepEqual(readYamlRules('r.yaml', ''), { rules: [], problems: [], sigma: [] });
  assert.deepEqual(readYamlRules('r.yaml', '# nothing\n'), { rules: [], problems: [], sigma: [] });
});

test('a wrong value is shown at its place, a missing one at what should hold it', () => {
  const source = RULE.replace('severity: low', 'severity: hihg').replace('  title: A rule\n', '');
  assert.deepEqual(shown(source), [
    'r.yaml:5:1: a-rule: missing spec.title: expected text\n  spec:\n  ^',
    'r.yaml:7:13: a-rule: expected one of low, medium, high, critical, found "hihg"\n' +
      '    severity: hihg\n              ^\n  hint: did you mean high?',
  ]);
});

test('an unknown key is shown at the key', () => {
  assert.deepEqual(shown(RULE.replace('  type: query', '  type: query\n  sevrity: low')), [
    'r.yaml:8:3: a-rule: unknown key "sevrity"\n    sevrity: low\n    ^\n  hint: did you mean severity?',
  ]);
});

test('a problem in a query is shown where the file holds that line as it is', () => {
  assert.equal(queryPlace(RULE, 1, 15), '10:19 m');
  assert.equal(queryPlace(RULE, 2, 3), '11:7 m');
  const short = (query: string) => RULE.replace(/ {2}query: [\s\S]*$/, `  query: ${query}\n`);
  assert.equal(queryPlace(short('user.name:alice'), 1, 11), '9:20 m');
  assert.equal(queryPlace(short(`'user.name: "alice"'`), 1, 12), '9:22 m');
  assert.equal(queryPlace(RULE.replaceAll('\n', '\r\n'), 2, 3), '11:7 m');
});

test('elsewhere it is shown at the query, with its place in the text', () => {
  const folded = RULE.replace('query: |', 'query: >').replace('      user.name', '    user.name');
  assert.equal(queryPlace(folded, 1, 30), '9:10 m (line 1, column 30 of the text)');
  const escaped = RULE.replace(/ {2}query: [\s\S]*$/, '  query: "user.name: \\"alice\\""\n');
  assert.equal(queryPlace(escaped, 1, 12), '9:10 m (line 1, column 12 of the text)');
});

test('aliases stand for values, whose places are those of the anchor', () => {
  const tests = `  tests:
    - { name: one, expect: fire, event: &event { verb: get } }
    - { name: two, expect: silent, events: [*event, *event] }
`;
  const rule = ruleOf(RULE + tests);
  assert.deepEqual(rule.document.tests[1]?.events, [{ verb: 'get' }, { verb: 'get' }]);
  assert.deepEqual(rule.place(['spec', 'tests', 1, 'events', 0, 'verb']), { line: 13, column: 56 });
});

test('broken YAML, duplicate keys, tags and bombs are problems with a place', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c]\n`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a: [1\nb: 2\n', /^r\.yaml:2:1: /],
    ['a: 1\na: 2\n', /^r\.yaml:2:1: the key a is there twice/],
    ['a: &a { b: 1 }\nc: { <<: *a }\n', /^r\.yaml:2:6: merge keys \(<<\) are no part of YAML 1\.2/],
    ['? [a]\n: 1\n', /^r\.yaml:1:3: expected a key, found a collection/],
    ['a: !!js/function 1\n', /^r\.yaml:1:4: Unresolved tag/],
    ['a: *nowhere\n', /^r\.yaml:1:4: no anchor &nowhere/],
    ['- a\n- b\n', /^r\.yaml:1:1: expected a DetectionRule, found a list/],
    ['just text\n', /^r\.yaml:1:1: expected a DetectionRule, found "just text"/],
    [bomb, /^r\.yaml:1:1: its aliases stand for too much/],
    [`a: ${'['.repeat(100_000)}`, /^r\.yaml:1:\d+: this YAML is nested too deeply/],
  ];
  for (const [source, expected] of cases) assert.match(shown(source)[0] ?? 'nothing', expected);
});

test('a broken rule does not stop its neighbours', () => {
  const { rules, problems } = readYamlRules('r.yaml', `${RULE}---\nkind: [\n---\n${RULE.replace('a-rule', 'b-rule')}`);
  assert.ok(problems.length > 0);
  assert.equal(rules[0]?.document.name, 'a-rule');
});

test('a text that is no rule at all is read in time that grows with its length, and not listed whole', () => {
  const source = Array.from({ length: 50_000 }, (_, index) => `key${index}: 1\n`).join('');
  const { problems } = readYamlRules('r.yaml', source);
  assert.equal(problems.length, 101);
  assert.match(problems.at(-1)?.message ?? '', /^there are more problems from here on$/);
});
