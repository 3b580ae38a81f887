import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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
  assert.deepEqual(result, {
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
  assert.deepEqual(problemsOf(`${HEAD}rules:\n  - level: Metadat\n`), [
    'policy.yaml:4:12: expected None or Metadata or Request or RequestResponse, found "Metadat"\n    - level: Metadat\n             ^',
  ]);
  assert.deepEqual(problemsOf(`${HEAD}rules:\n  - level: None\n    verb: [get]\n`), [
    'policy.yaml:5:5: there is no verb in an audit policy\n      verb: [get]\n      ^\n  hint: kube-apiserver passes over it with a warning, so more is selected than is written; see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/',
  ]);
  assert.deepEqual(problemsOf(`${HEAD}rules:\n  - level: None\n    users: eve\n`), [
    'policy.yaml:5:12: expected a list, found "eve"\n      users: eve\n             ^',
  ]);
  assert.match(
    problemsOf(`${HEAD}rules:\n  - level: None\n    nonResourceURLs: [/x]\n    namespaces: [a]\n`).join(),
    /^policy.yaml:5:22: a rule is about resources and namespaces or about nonResourceURLs, not both/,
  );
});

test('what kube-apiserver refuses is refused', () => {
  const rule = (text: string) => problemsOf(`${HEAD}rules:\n  - level: None\n    ${text}\n`).join();
  assert.match(rule('nonResourceURLs: [healthz]'), /5:23: expected a path that begins with \//);
  assert.match(rule('nonResourceURLs: [/a*b]'), /expected a path that begins with \//);
  assert.match(rule('resources: [{group: apps/v1}]'), /expected an API group without a version/);
  assert.match(rule('resources: [{group: apps, resourceNames: [a]}]'), /expected resources beside the names/);
  assert.equal(rule('resources: [{group: "*"}, {group: ""}, {group: rbac.authorization.k8s.io}]'), '');
  assert.equal(rule('nonResourceURLs: ["*", /healthz*, /]'), '');
});

test('what is no policy at all is said to be none', () => {
  assert.match(problemsOf('').join(), /expected an audit policy, found nothing/);
  assert.match(problemsOf('- a').join(), /expected a mapping, found a list/);
  assert.match(problemsOf(`${HEAD}rules: []`).join(), /expected at least one rule/);
  assert.match(problemsOf(`${HEAD}rules: [{level: None}]\n---\n${HEAD}`).join(), /expected one document/);
  assert.match(problemsOf('a: [').join(), /^policy.yaml:1:\d+: /);
  assert.match(problemsOf('apiVersion: v1\nkind: Policy\nrules: [{level: None}]').join(), /expected audit.k8s.io\/v1/);
});

test('the policy that is shipped feeds every rule of the pack, and exec sessions whoever opens them', async () => {
  const shipped = parseAuditPolicy(readFileSync('deploy/audit-policy.yaml', 'utf8'));
  assert.ok(shipped.kind === 'ok');
  const { ready } = compileLoaded(await loadRuleFiles(['rules']), sha256Hashes);
  const coverage = policyCoverage(
    shipped.policy,
    ready.map(({ rule }) => rule),
  );
  const seen = Object.fromEntries(coverage.map(({ rule, verdict }) => [rule.document.name, verdict]));
  assert.ok(!Object.values(seen).includes('never'), JSON.stringify(seen));
  assert.equal(seen['exec-into-pod'], 'full');
  const groups = shipped.policy.rules.flatMap(({ resources }) => resources.map(({ group }) => group));
  assert.ok(!groups.includes('*'), 'before 1.36 kube-apiserver does not start with it');
});
