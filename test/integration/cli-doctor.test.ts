/** `doctor` as a person calls it where there is no cluster: what it says, how it ends, and what it refuses. */

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

test('given nothing it checks nothing, says how each check can be made, and does not call that fine', async () => {
  const { code, stdout, stderr } = await doctor([]);
  expect([code, stderr]).toEqual([3, '']);
  expect(stdout).toMatch(
    /^\? configuration +not checked: no configuration is given\n +also {2}rules, receiver-credentials, store/,
  );
  const { findings } = JSON.parse((await doctor(['-o', 'json'])).stdout) as Pick<DoctorRun, 'findings'>;
  // Something may listen on this machine where firstseen does.
  const here = findings.filter(({ check }) => check !== 'server');
  expect([here.length, ...new Set(here.map(({ severity }) => severity))]).toEqual([CHECKS.length - 1, 'unchecked']);
  expect(stdout).not.toContain('\u001b'); // colours in a pipe
});

test('a flag tells about its own part only', async () => {
  const { code, stdout } = await doctor(['--rules', 'rules', '--policy', 'deploy/audit-policy.yaml']);
  expect(code).toBe(3);
  const pack = readdirSync('rules').length;
  expect(stdout).toMatch(new RegExp(`^✓ rules +${pack} run`, 'm'));
  expect(stdout).toMatch(new RegExp(`^✓ audit-policy +${pack} of ${pack} rules can fire under it`, 'm'));
  expect(stdout).toMatch(
    /^\? configuration +not checked: no configuration is given\n +also {2}receiver-credentials, store\n/m,
  );
});

test('a broken configuration is an error, from whatever source', async () => {
  const { code, stdout } = await doctor([], '', { FIRSTSEEN_LISTEN: 'nowhere' });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ configuration +FIRSTSEEN_LISTEN: receiver\.listen: expected host:port/);
});

test('the kubeconfig of the webhook from standard input', async () => {
  const { code, stdout } = await doctor(['--webhook-kubeconfig', '-'], 'current-context: \u001b[31mred\n');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^✗ webhook-kubeconfig +standard input: expected YAML|^✗ webhook-kubeconfig +standard input: expected current-context/m,
  );
  expect(stdout).not.toContain('\u001b'); // what the file holds reaches the terminal
});

for (const [args, said] of [
  [['--kubeconfig', '/nonexistent'], /^--kubeconfig: \/nonexistent: there is no such file\n$/],
  [['--policy', '/nonexistent'], /^--policy: \/nonexistent: there is no such file\n$/],
  [['--connect', 'here'], /^--connect: expected HOST:PORT, such as /],
  [['--service-account', 'firstseen'], /^--service-account: expected NAMESPACE:NAME, such as /],
  [['--ops', '127.0.0.1:9444'], /^--ops: expected a URL such as /],
  [['-o', 'yaml'], /'yaml' is invalid\. Allowed choices are text, json/],
] as const) {
  test(`refuses ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await doctor(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });
}
