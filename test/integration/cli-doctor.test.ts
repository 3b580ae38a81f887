/** `doctor` without a cluster. */

import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CHECKS } from '../../src/doctor/registry.ts';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import type { DoctorRun } from '../support/doctor.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const home = createTemporaryFolder('home');

function doctor(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const clean = { HOME: home, KUBECONFIG: undefined, FIRSTSEEN_CONFIG: undefined };
  return runCommand(['doctor', ...args], { env: { ...clean, ...env }, input });
}

test('without input, every check is skipped with a hint, and the exit code is 3', async () => {
  const { code, stdout, stderr } = await doctor([]);
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(stdout).toMatch(
    /^\? configuration +not checked: no configuration is given\n +also {2}rules, receiver-credentials, store/,
  );
  const { findings } = JSON.parse((await doctor(['-o', 'json'])).stdout) as Pick<DoctorRun, 'findings'>;
  // The server check may find another process on the default port.
  const severities = findings.filter(({ check }) => check !== 'server').map(({ severity }) => severity);
  expect(severities).toEqual(Array.from({ length: CHECKS.length - 1 }, () => 'unchecked'));
  expect(stdout).not.toContain('\u001b'); // no colours in a pipe
});

test('a flag enables only its own checks', async () => {
  const { code, stdout } = await doctor(['--rules', 'rules', '--policy', 'deploy/audit-policy.yaml']);
  expect(code).toBe(3);
  const pack = readdirSync('rules').length;
  expect(stdout).toMatch(new RegExp(`^✓ rules +${pack} run`, 'm'));
  expect(stdout).toMatch(new RegExp(`^✓ audit-policy +${pack} of ${pack} rules can fire under this policy`, 'm'));
  expect(stdout).toMatch(
    /^\? configuration +not checked: no configuration is given\n +also {2}receiver-credentials, store\n/m,
  );
});

test('an invalid environment variable is an error', async () => {
  const { code, stdout } = await doctor([], '', { FIRSTSEEN_LISTEN: 'nowhere' });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ configuration +FIRSTSEEN_LISTEN: receiver\.listen: expected host:port/);
});

test('the webhook kubeconfig can come from standard input', async () => {
  const { code, stdout } = await doctor(['--webhook-kubeconfig', '-'], 'current-context: \u001b[31mred\n');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^✗ webhook-kubeconfig +standard input: expected YAML|^✗ webhook-kubeconfig +standard input: expected current-context/m,
  );
  expect(stdout).not.toContain('\u001b'); // the content of the file is escaped
});

test.each([
  { args: ['--kubeconfig', '/nonexistent'], message: /^--kubeconfig: \/nonexistent: there is no such file\n$/ },
  { args: ['--policy', '/nonexistent'], message: /^--policy: \/nonexistent: there is no such file\n$/ },
  { args: ['--connect', 'here'], message: /^--connect: expected HOST:PORT, such as / },
  { args: ['--service-account', 'firstseen'], message: /^--service-account: expected NAMESPACE:NAME, such as / },
  { args: ['--ops', '127.0.0.1:9444'], message: /^--ops: expected a URL such as / },
  { args: ['-o', 'yaml'], message: /'yaml' is invalid\. Allowed choices are text, json/ },
])('refuses $args', async ({ args, message }) => {
  const { code, stdout, stderr } = await doctor(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
