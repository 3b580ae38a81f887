import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { policyCoverage } from '../policy/policy-coverage.ts';
import { parseAuditPolicy } from './audit-policy-file.ts';
import { compileLoaded } from './compile-loaded.ts';
import { formatFileProblem } from './file-problem.ts';
import { loadRuleFiles } from './load.ts';

function problemsOf(text: string): readonly string[] {
  const result = parseAuditPolicy(text, 'policy.yaml');
  return result.kind === 'ok' ? [] : result.problems.map(formatFileProblem);
}

const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

test('a policy comes with what is left out filled in, and its rules know their lines', () => {
  const result = parseAuditPolicy(
    `${HEAD}omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n  - level: None\n    users: [a]\n    resources:\n      - group: apps\n  # a comment\n  - level: Metadata\n`,
  );
  const nothing = { userGroups: [], verbs: [], namespaces: [], nonResourceURLs: [], omitStages: [] };
  expect(result).toEqual({
    kind: 'ok',
    policy: {
      omitStages: ['RequestReceived'],
      rules: [
        {
          ...nothing,
          level: 'None',
          users: ['a'],
          resources: [{ group: 'apps', resources: [], resourceNames: [] }],
          line: 6,
        },
        { ...nothing, level: 'Metadata', users: [], resources: [], line: 11 },
      ],
    },
  });
});

test('what is wrong is told with its place, and what would be right', () => {
  expect(problemsOf(`${HEAD}rules:\n  - level: Metadat\n`)).toEqual([
    'policy.yaml:4:12: expected None or Metadata or Request or RequestResponse, found "Metadat"\n    - level: Metadat\n             ^',
  ]);
  expect(problemsOf(`${HEAD}rules:\n  - level: None\n    verb: [get]\n`)).toEqual([
    'policy.yaml:5:5: unknown key verb in an audit policy\n      verb: [get]\n      ^\n  hint: kube-apiserver ignores it with a warning, so the rule selects more than intended; see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/',
  ]);
  expect(problemsOf(`${HEAD}rules:\n  - level: None\n    users: eve\n`)).toEqual([
    'policy.yaml:5:12: expected a list, found "eve"\n      users: eve\n             ^',
  ]);
  expect(problemsOf(`${HEAD}rules:\n  - level: None\n    nonResourceURLs: [/x]\n    namespaces: [a]\n`).join()).toMatch(
    /^policy.yaml:5:22: a rule selects by resources and namespaces or by nonResourceURLs, not both/,
  );
});

test('what kube-apiserver refuses is refused', () => {
  const rule = (text: string) => problemsOf(`${HEAD}rules:\n  - level: None\n    ${text}\n`).join();
  expect(rule('nonResourceURLs: [healthz]')).toMatch(/5:23: expected a path that begins with \//);
  expect(rule('nonResourceURLs: [/a*b]')).toMatch(/expected a path that begins with \//);
  expect(rule('resources: [{group: apps/v1}]')).toMatch(/expected an API group without a version/);
  expect(rule('resources: [{group: apps, resourceNames: [a]}]')).toMatch(
    /expected resources, because resourceNames are given/,
  );
  expect(rule('resources: [{group: "*"}, {group: ""}, {group: rbac.authorization.k8s.io}]')).toBe('');
  expect(rule('nonResourceURLs: ["*", /healthz*, /]')).toBe('');
});

test('what is no policy at all is said to be none', () => {
  expect(problemsOf('').join()).toMatch(/expected an audit policy, found nothing/);
  expect(problemsOf('- a').join()).toMatch(/expected a mapping, found a list/);
  expect(problemsOf(`${HEAD}rules: []`).join()).toMatch(/expected at least one rule/);
  expect(problemsOf(`${HEAD}rules: [{level: None}]\n---\n${HEAD}`).join()).toMatch(/expected one document/);
  expect(problemsOf('a: [').join()).toMatch(/^policy.yaml:1:\d+: /);
  expect(problemsOf('apiVersion: v1\nkind: Policy\nrules: [{level: None}]').join()).toMatch(
    /expected audit.k8s.io\/v1/,
  );
});

test('the policy that is shipped feeds every rule of the pack, and exec sessions whoever opens them', async () => {
  const shipped = parseAuditPolicy(readFileSync('deploy/audit-policy.yaml', 'utf8'));
  expectKind(shipped, 'ok');
  const { ready } = compileLoaded(await loadRuleFiles(['rules']), sha256Hashes);
  const coverage = policyCoverage(
    shipped.policy,
    ready.map(({ rule }) => rule),
  );
  const seen = Object.fromEntries(coverage.map(({ rule, verdict }) => [rule.document.name, verdict]));
  expect(Object.values(seen)).not.toContain('never');
  expect(seen['exec-into-pod']).toBe('full');
  const groups = shipped.policy.rules.flatMap(({ resources }) => resources.map(({ group }) => group));
  expect(groups).not.toContain('*'); // before 1.36 kube-apiserver does not start with it
});
