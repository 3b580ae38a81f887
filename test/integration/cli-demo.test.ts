import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runProcess, startProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const DEMO = join(import.meta.dirname, '..', 'demo', 'demo.ts');
const folder = createTemporaryFolder('cli-demo');

/** A folder for the temporary files of one run. */
function temporary(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test('the demo shows its alerts, without colours in a pipe, and removes its files', async () => {
  const tmp = temporary('whole');
  const env = { TMPDIR: tmp, FIRSTSEEN_LISTEN: 'nonsense', FORCE_COLOR: undefined };
  const { code, stdout, stderr } = await runProcess(process.execPath, [DEMO], { cwd: tmp, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /ALERT {3}medium {2}anonymous-request-unusual-agent\n +user agent "masscan\/1\.3" not seen in 7d/,
  );
  expect(stdout).toMatch(/^high +cluster-admin-binding-created /m);
  expect(stdout).toMatch(/^Everything came as expected/m);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('undefined');
  expect(readdirSync(tmp)).toEqual([]);
});

test('an interrupted demo removes its files', async () => {
  const tmp = temporary('interrupted');
  const demo = await startProcess(process.execPath, [DEMO], { env: { TMPDIR: tmp } });
  await waitFor(() => readdirSync(tmp).some((name) => name.includes('demo')), { what: 'the server', intervalMs: 5 });
  demo.kill('SIGINT');
  expect(await demo.waitForExit()).toEqual({ code: 130, signal: null });
  expect(readdirSync(tmp)).toEqual([]);
});
