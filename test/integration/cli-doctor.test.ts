/** `doctor` as a person calls it where there is no cluster: what it says, how it ends, and what it refuses. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKS } from '../../src/doctor/registry.ts';
import { type RunResult, runProcess } from '../support/child-process.ts';
import type { DoctorRun } from '../support/doctor.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const home = createTemporaryFolder('home');

function doctor(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const clean = { HOME: home, KUBECONFIG: undefined, FIRSTSEEN_CONFIG: undefined };
  return runProcess(process.execPath, [MAIN, 'doctor', ...args], { cwd: ROOT, env: { ...clean, ...env }, input });
}

test('given nothing it checks nothing, says how each check can be made, and does not call that fine', async () => {
  const { code, stdout, stderr } = await doctor([]);
  assert.deepEqual([code, stderr], [3, '']);
  assert.match(
    stdout,
    /^\? configuration +not checked: no configuration is given\n +also {2}rules, receiver-credentials, store/,
  );
  const { findings } = JSON.parse((await doctor(['-o', 'json'])).stdout) as Pick<DoctorRun, 'findings'>;
  // Something may listen on this machine where firstseen does.
  const here = findings.filter(({ check }) => check !== 'server');
  assert.deepEqual([here.length, ...new Set(here.map(({ severity }) => severity))], [CHECKS.length - 1, 'unchecked']);
  assert.ok(!stdout.includes('\u001b'), 'colours in a pipe');
});

test('a flag tells about its own part only', async () => {
  const { code, stdout } = await doctor(['--rules', 'rules', '--policy', 'deploy/audit-policy.yaml']);
  assert.equal(code, 3);
  const pack = readdirSync('rules').length;
  assert.match(stdout, new RegExp(`^✓ rules +${pack} run`, 'm'));
  assert.match(stdout, new RegExp(`^✓ audit-policy +${pack} of ${pack} rules can fire under it`, 'm'));
  assert.match(
    stdout,
    /^\? configuration +not checked: no configuration is given\n +also {2}receiver-credentials, store\n/m,
  );
});

test('a broken configuration is an error, from whatever source', async () => {
  const { code, stdout } = await doctor([], '', { FIRSTSEEN_LISTEN: 'nowhere' });
  assert.equal(code, 1);
  assert.match(stdout, /^✗ configuration +FIRSTSEEN_LISTEN: receiver\.listen: expected host:port/);
});

test('the kubeconfig of the webhook from standard input', async () => {
  const { code, stdout } = await doctor(['--webhook-kubeconfig', '-'], 'current-context: \u001b[31mred\n');
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^✗ webhook-kubeconfig +standard input: expected YAML|^✗ webhook-kubeconfig +standard input: expected current-context/m,
  );
  assert.ok(!stdout.includes('\u001b'), 'what the file holds reaches the terminal');
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
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, said);
  });
}
