import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProcess, startProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const DEMO = join(import.meta.dirname, '..', 'demo', 'demo.ts');
const folder = createTemporaryFolder('cli-demo');

/** A folder for the temporary files of one run, to see what stays. */
function temporary(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test('the demo shows what it says it shows, without colours in a pipe, and leaves nothing behind', async () => {
  const tmp = temporary('whole');
  const env = { TMPDIR: tmp, FIRSTSEEN_LISTEN: 'nonsense', FORCE_COLOR: undefined };
  const { code, stdout, stderr } = await runProcess(process.execPath, [DEMO], { cwd: tmp, env });
  assert.deepEqual([code, stderr], [0, ''], stdout);
  assert.match(
    stdout,
    /ALERT {3}medium {2}anonymous-request-unusual-agent\n +user agent "masscan\/1\.3" not seen in 7d/,
  );
  assert.match(stdout, /^high +cluster-admin-binding-created /m);
  assert.match(stdout, /^Everything came as expected/m);
  assert.ok(!stdout.includes('\u001b') && !stdout.includes('undefined'), stdout);
  assert.deepEqual(readdirSync(tmp), []);
});

test('also when it is interrupted', async () => {
  const tmp = temporary('interrupted');
  const demo = await startProcess(process.execPath, [DEMO], { env: { TMPDIR: tmp } });
  await waitFor(() => readdirSync(tmp).some((name) => name.includes('demo')), { what: 'the server', intervalMs: 5 });
  demo.kill('SIGINT');
  assert.deepEqual(await demo.waitForExit(), { code: 130, signal: null });
  assert.deepEqual(readdirSync(tmp), []);
});
