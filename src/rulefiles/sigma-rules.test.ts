import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { formatFileProblem } from './file-problem.ts';
import { loadRuleFiles, readRules } from './load.ts';

const RULE = `title: Secrets read
id: 6f2a1a1e-0000-4000-8000-000000000001
name: secrets_read
logsource:
    product: kubernetes
    service: audit
detection:
    selection:
        verb: get
        objectRef.resource: secrets
    filter_system:
        user.username|startswith: 'system:'
    condition: selection and not filter_system
level: high
`;
const RESOURCE = `apiVersion: firstseen.dev/v1alpha1
kind: DetectionRule
metadata: { name: beside }
spec: { title: Beside, type: query, severity: low, query: "event.action: get" }
`;
const CORRELATION = `title: Many secrets read
correlation:
    type: event_count
    rules: secrets_read
    group-by: [user.username]
    timespan: 10m
    condition:
        gte: 5
level: critical
`;

function shown(source: string): readonly string[] {
  return readRules('r.yml', '.yml', source).problems.map(formatFileProblem);
}

test('a Sigma rule and a DetectionRule may stand in one file', () => {
  const { rules, problems } = readRules('audit_secrets.yml', '.yml', `${RULE}---\n${RESOURCE}`);
  expect(problems).toEqual([]);
  expect(rules.map(({ document }) => [document.name, document.language])).toEqual([
    ['beside', 'kuery'],
    ['audit-secrets', 'eql'],
  ]);
  const rule = rules[1];
  expect(rule?.place(['spec', 'query'])).toEqual({ line: 8, column: 5 });
  expect(rule?.place(['spec', 'severity'])).toEqual({ line: 14, column: 8 });
});

test('a mistake in a condition has a caret in the condition', () => {
  expect(shown(RULE.replace('not filter_system', 'not filter_sytem'))).toEqual([
    'r.yml:13:34: secrets-read: unknown detection filter_sytem\n' +
      '      condition: selection and not filter_sytem\n' +
      '                                   ^\n' +
      '  hint: did you mean filter_system?',
  ]);
});

test('a construct without an equal is refused by name, with a caret', () => {
  const source = RULE.replace("user.username|startswith: 'system:'", "user.username|re: 'a(?=b)'");
  const { problems } = readRules('r.yml', '.yml', source);
  expect(problems.map(formatFileProblem)).toEqual([
    'r.yml:12:29: secrets-read: lookahead cannot be matched in linear time, so it is not supported\n' +
      "          user.username|re: 'a(?=b)'\n" +
      '                              ^\n' +
      '  hint: write out the alternatives, or exclude with a separate detection and `not`',
  ]);
  expect(problems[0]?.unsupported?.map(({ kind, name }) => [kind, name])).toEqual([['construct', 'lookahead']]);
});

test('other data is refused at the log source', () => {
  expect(shown(RULE.replace('service: audit', 'service: kubelet'))).toEqual([
    'r.yml:5:5: secrets-read: needs other data: product kubernetes, service kubelet; firstseen has Kubernetes audit events only\n' +
      '      product: kubernetes\n' +
      '      ^',
  ]);
});

test('a long list of problems is cut', () => {
  const many = Array.from({ length: 60 }, (_, index) => `        f${index}|nope: 1\n`).join('');
  const found = shown(RULE.replace('        verb: get\n', many));
  expect(found).toHaveLength(21);
  expect(found.at(-1) ?? '').toMatch(/there are more problems from here on/);
});

test('a correlation finds its rules in other files, and they raise no alerts of their own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sigma-'));
  try {
    await mkdir(join(folder, 'more'));
    await writeFile(join(folder, 'a_correlation.yml'), CORRELATION);
    await writeFile(join(folder, 'more', 'rule.yml'), RULE);
    const missing = await loadRuleFiles([join(folder, 'a_correlation.yml')]);
    expect(missing.problems.map(formatFileProblem)).toEqual([
      `${join(folder, 'a_correlation.yml')}:4:12: many-secrets-read: no rule with the name or the id secrets_read is loaded\n` +
        '      rules: secrets_read\n' +
        '             ^\n' +
        '  hint: load the file with that rule together with this one',
    ]);
    const alone = await loadRuleFiles([join(folder, 'more')]);
    expect(alone.rules.map(({ document }) => document.name)).toEqual(['rule']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
