import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
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
  expect(problems).toEqual([]);
  return rules[0] ?? fail('no rule');
}

/** Where a problem at this line and column of the query is shown. */
function queryPlace(source: string, line: number, column: number): string {
  const problem = { message: 'm', line, column };
  const found = ruleOf(source).problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
  return `${found.place?.line}:${found.place?.column} ${found.message}`;
}

test('a file may hold several rules, comments, and nothing', () => {
  const source = `# first\n---\n${RULE}---\n# empty\n---\n${RULE.replace('a-rule', 'b-rule')}...\n`;
  expect(readYamlRules('r.yaml', source).rules.map(({ document }) => document.name)).toEqual(['a-rule', 'b-rule']);
  expect(readYamlRules('r.yaml', '')).toEqual({ rules: [], problems: [], sigma: [] });
  expect(readYamlRules('r.yaml', '# nothing\n')).toEqual({ rules: [], problems: [], sigma: [] });
});

test('a wrong value is shown at its place, a missing one at what should hold it', () => {
  const source = RULE.replace('severity: low', 'severity: hihg').replace('  title: A rule\n', '');
  expect(shown(source)).toEqual([
    'r.yaml:5:1: a-rule: missing spec.title: expected text\n  spec:\n  ^',
    'r.yaml:7:13: a-rule: expected one of low, medium, high, critical, found "hihg"\n' +
      '    severity: hihg\n              ^\n  hint: did you mean high?',
  ]);
});

test('an unknown key is shown at the key', () => {
  expect(shown(RULE.replace('  type: query', '  type: query\n  sevrity: low'))).toEqual([
    'r.yaml:8:3: a-rule: unknown key "sevrity"\n    sevrity: low\n    ^\n  hint: did you mean severity?',
  ]);
});

test('a problem in a query is shown where the file holds that line as it is', () => {
  expect(queryPlace(RULE, 1, 15)).toBe('10:19 m');
  expect(queryPlace(RULE, 2, 3)).toBe('11:7 m');
  const short = (query: string) => RULE.replace(/ {2}query: [\s\S]*$/, `  query: ${query}\n`);
  expect(queryPlace(short('user.name:alice'), 1, 11)).toBe('9:20 m');
  expect(queryPlace(short(`'user.name: "alice"'`), 1, 12)).toBe('9:22 m');
  expect(queryPlace(RULE.replaceAll('\n', '\r\n'), 2, 3)).toBe('11:7 m');
});

test('elsewhere it is shown at the query, with its place in the text', () => {
  const folded = RULE.replace('query: |', 'query: >').replace('      user.name', '    user.name');
  expect(queryPlace(folded, 1, 30)).toBe('9:10 m (line 1, column 30 of the text)');
  const escaped = RULE.replace(/ {2}query: [\s\S]*$/, '  query: "user.name: \\"alice\\""\n');
  expect(queryPlace(escaped, 1, 12)).toBe('9:10 m (line 1, column 12 of the text)');
});

test('aliases stand for values, whose places are those of the anchor', () => {
  const tests = `  tests:
    - { name: one, expect: fire, event: &event { verb: get } }
    - { name: two, expect: silent, events: [*event, *event] }
`;
  const rule = ruleOf(RULE + tests);
  expect(rule.document.tests[1]?.events).toEqual([{ verb: 'get' }, { verb: 'get' }]);
  expect(rule.place(['spec', 'tests', 1, 'events', 0, 'verb'])).toEqual({ line: 13, column: 56 });
});

test('broken YAML, duplicate keys, tags and bombs are problems with a place', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c]\n`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a: [1\nb: 2\n', /^r\.yaml:2:1: /],
    ['a: 1\na: 2\n', /^r\.yaml:2:1: the key a is used twice/],
    ['a: &a { b: 1 }\nc: { <<: *a }\n', /^r\.yaml:2:6: merge keys \(<<\) are not part of YAML 1\.2/],
    ['? [a]\n: 1\n', /^r\.yaml:1:3: expected a key, found a collection/],
    ['a: !!js/function 1\n', /^r\.yaml:1:4: Unresolved tag/],
    ['a: *nowhere\n', /^r\.yaml:1:4: there is no anchor &nowhere/],
    ['- a\n- b\n', /^r\.yaml:1:1: expected a DetectionRule, found a list/],
    ['just text\n', /^r\.yaml:1:1: expected a DetectionRule, found "just text"/],
    [bomb, /^r\.yaml:1:1: its aliases expand to too many nodes/],
    [`a: ${'['.repeat(100_000)}`, /^r\.yaml:1:\d+: this YAML is nested too deeply/],
  ];
  for (const [source, expected] of cases) expect(shown(source)[0] ?? 'nothing').toMatch(expected);
});

test('a broken rule does not stop its neighbours', () => {
  const { rules, problems } = readYamlRules('r.yaml', `${RULE}---\nkind: [\n---\n${RULE.replace('a-rule', 'b-rule')}`);
  expect(problems.length).toBeGreaterThan(0);
  expect(rules[0]?.document.name).toBe('a-rule');
});

test('a text that is no rule at all is read in time that grows with its length, and not listed whole', () => {
  const source = Array.from({ length: 50_000 }, (_, index) => `key${index}: 1\n`).join('');
  const { problems } = readYamlRules('r.yaml', source);
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message ?? '').toMatch(/^there are more problems from here on$/);
});
