/** The `audit-policy` command. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const folder = createTemporaryFolder('cli-audit-policy');
const METADATA = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n';

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(['audit-policy', ...args]);
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('audit-policy', () => {
  test('--check accepts the printed policy', async () => {
    const made = await firstseen('--rules', 'rules', '--kubernetes-version', 'v1.37.1');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await firstseen('--rules', 'rules', '--check', file('made.yaml', made.stdout));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^RULE +SEES +WHY$/m);
    expect(stdout).toMatch(/^privileged-pod-created +full$/m);
    expect(stdout).not.toMatch(/partial|never/);
  });

  test('flags set the service account and the heartbeat', async () => {
    const { stdout } = await firstseen(
      '--rules',
      'rules/exec-into-pod.yaml',
      '--service-account',
      'security:watcher',
      '--heartbeat',
    );
    expect(stdout).toMatch(/users: \["system:serviceaccount:security:watcher"\]/);
    expect(stdout).not.toMatch(/serviceaccount:firstseen|group: "\*"/);
    expect(stdout).toMatch(/nonResourceURLs: \["\/firstseen-heartbeat\/\*"\]/);
  });

  test('a path of rules that does not exist', async () => {
    const { code, stdout, stderr } = await firstseen('--rules', 'rules', '--rules', join(folder, 'nope'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rules: .*nope: no such file or folder$/m);
  });

  test('--check fails and lists the rules that can never fire, with line and reason', async () => {
    const path = file('metadata.yaml', METADATA);
    const { code, stdout, stderr } = await firstseen('--rules', 'rules', '--check', path);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^privileged-pod-created +never +requests of pods, .* recorded at level Metadata \(line 4\);/m,
    );
    expect(stdout).toMatch(/^exec-into-pod +full$/m);
    expect(stderr).toMatch(/^\d+ of \d+ rules can never fire under .*metadata\.yaml; `firstseen audit-policy` prints/);
    const json = await firstseen('--rules', 'rules', '--check', path, '-o', 'json');
    const items = JSON.parse(json.stdout) as readonly { readonly rule: string; readonly verdict: string }[];
    const expected = new Map([
      ['anonymous-request-unusual-agent', 'full'],
      ['anonymous-scan', 'full'],
      ['cluster-admin-binding-created', 'partial'],
      ['exec-for-credentials', 'full'],
      ['exec-into-pod', 'full'],
      ['privileged-pod-created', 'never'],
      ['service-account-grants-then-execs', 'full'],
    ]);
    expect(items.filter(({ rule }) => expected.has(rule)).map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ...expected,
    ]);
  });

  test('an invalid policy is reported with its place', async () => {
    const broken = await firstseen('--rules', 'rules', '--check', file('broken.yaml', METADATA.replace('data', '')));
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(
      /broken\.yaml:4:12: expected None or Metadata or Request or RequestResponse, found "Meta"/,
    );
  });

  test.each([
    { args: ['--check', 'nowhere.yaml'], message: /^--check: nowhere\.yaml: there is no such file/ },
    {
      args: ['--kubernetes-version', 'newest'],
      message: /^--kubernetes-version: expected a version such as 1\.36, found "newest"/,
    },
    { args: ['--service-account', 'watcher'], message: /^--service-account: expected a namespace and a name/ },
    { args: ['-o', 'json'], message: /^-o json: expected yaml without --check/ },
  ])('usage error: $args', async ({ args, message }) => {
    const { code, stdout, stderr } = await firstseen('--rules', 'rules', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('an invalid rule, or no rule, gives no policy', async () => {
    const rule = file('rule.yaml', 'apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\n');
    const { code, stdout } = await firstseen('--rules', 'rules', '--rules', rule);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const none = await firstseen('--rules', createTemporaryFolder('no-rules'));
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/no enabled rule found/);
  });
});
