/** `rules explain`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXEC = join(ROOT, 'rules', 'exec-into-pod.yaml');
const VECTORS = join(ROOT, 'test', 'conformance', 'vectors', 'rules');

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(['rules', 'explain', ...args]);
}

describe('rules explain', () => {
  test('a rule of the pack', async () => {
    const { code, stdout, stderr } = await firstseen('anonymous-request-unusual-agent');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^anonymous-request-unusual-agent: Anonymous request/);
    expect(stdout).toMatch(/^type new_terms, from \S*anonymous-request-unusual-agent\.yaml:\d+$/m);
    expect(stdout).toMatch(
      /^ {2}It alerts on a value of user_agent\.original that no matching event had in the 7d before\./m,
    );
    expect(stdout).toMatch(
      /^ {2}level Metadata, stages \S+, .*: every request by system:anonymous, system:unauthenticated$/m,
    );
  });

  test('a rule by its id, as JSON', async () => {
    const id = '7b1f0000-0000-4000-8000-000000000002';
    const { code, stdout } = await firstseen(id, '--rules', VECTORS, '-o', 'json');
    expect(code).toBe(0);
    const { name, verdict, selects } = JSON.parse(stdout);
    expect(name).toBe('query-array');
    expect(verdict).toBe('runs');
    expect(selects.words).toEqual([
      'all of these hold:',
      '- kubernetes.audit.verb is "escalate"',
      '- kubernetes.audit.user.groups is "ops"',
      '- no value of kubernetes.audit.user.groups is "robots"',
    ]);
  });

  test('a disabled rule', async () => {
    const file = join(createTemporaryFolder('explain'), 'off.yaml');
    writeFileSync(file, readFileSync(EXEC, 'utf8').replace('\nspec:\n', '\nspec:\n  enabled: false\n'));
    const { code, stdout } = await firstseen('exec-into-pod', '--rules', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}runs, disabled$/m);
  });

  test('a rule that can never fire', async () => {
    const file = join(createTemporaryFolder('explain'), 'never.yaml');
    writeFileSync(
      file,
      readFileSync(EXEC, 'utf8').replace('verb: (get or create)', 'verb: get\n    and process.name: sh'),
    );
    const { code, stdout } = await firstseen('exec-into-pod', '--rules', file);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^Verdict\n {2}needs other data\n {2}- can never fire: no audit event has process\.name$/m);
  });

  test('an unknown name gives the nearest one', async () => {
    const { code, stdout, stderr } = await firstseen('exec-in-pod');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('no rule is named "exec-in-pod"\n  hint: did you mean exec-into-pod?\n');
    const far = await firstseen('something-else-altogether');
    expect(far.stderr).toMatch(/hint: `firstseen rules list` prints their names/);
  });

  test('a rule that does not load', async () => {
    const file = join(createTemporaryFolder('explain'), 'bad.yaml');
    writeFileSync(
      file,
      readFileSync(EXEC, 'utf8').replace('and kubernetes.audit.verb', 'and and kubernetes.audit.verb'),
    );
    const { code, stderr } = await firstseen('exec-into-pod', '--rules', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+: /);
    expect(stderr).toMatch(/the rule exec-into-pod does not load; fix the problems above\n$/);
  });
});
