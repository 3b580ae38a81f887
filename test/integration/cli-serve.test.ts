/** `serve` as a process: start, refusals and stop. */

import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type RunResult, runProcess, type StartedProcess, startProcess } from '../support/child-process.ts';
import { fail } from '../support/fail.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const folder = createTemporaryFolder('cli-serve');

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs a `serve` that does not start. */
function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const state = ['--state', `sqlite:${join(folder, 'refused.db')}`];
  return runProcess(process.execPath, [MAIN, 'serve', ...state, ...args], { cwd: ROOT, env });
}

interface Running {
  readonly child: StartedProcess;
  readonly port: number;
  readonly ops: string;
}

async function start(name: string, ...args: readonly string[]): Promise<Running> {
  const [port, opsPort] = [await freePort(), await freePort()];
  const ops = `http://127.0.0.1:${opsPort}`;
  const listen = ['--listen', `127.0.0.1:${port}`, '--ops-listen', `127.0.0.1:${opsPort}`];
  const state = ['--state', `sqlite:${join(folder, `${name}.db`)}`];
  const child = await startProcess(process.execPath, [MAIN, 'serve', ...listen, ...state, ...args], { cwd: ROOT });
  await waitFor(async () => child.exit() !== undefined || (await fetch(`${ops}/readyz`)).ok, {
    what: 'serve to be ready',
  });
  expect(child.exit()).toBeUndefined();
  return { child, port, ops };
}

const now = new Date().toISOString();
const BODY = JSON.stringify({
  kind: 'EventList',
  apiVersion: 'audit.k8s.io/v1',
  items: [
    {
      level: 'Metadata',
      auditID: '5f0f3b6e-0001-4c1d-9a51-1f6d5f1c0001',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/pods',
      verb: 'list',
      user: { username: 'system:anonymous' },
      userAgent: 'masscan/1.3',
      requestReceivedTimestamp: now,
      stageTimestamp: now,
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    },
  ],
});

const alertsIn = (log: string) => log.split('\n').filter((line) => line.includes('"event.kind":"signal"'));

describe('serve refuses to start, with exit code 2,', () => {
  test('with an invalid configuration, and reports every problem', async () => {
    const config = file('wrong.yaml', 'log:\n  level: loud\nreceivr: {}\n');
    const { code, stdout, stderr } = await serve(['--config', config, '--kubernetes', 'maybe'], {
      FIRSTSEEN_OPS_LISTEN: 'nope',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^invalid configuration:$/m);
    expect(stderr).toMatch(/^ {2}--kubernetes: kubernetes\.enabled: expected true or false, found "maybe"$/m);
    expect(stderr).toMatch(/^ {2}FIRSTSEEN_OPS_LISTEN: ops\.listen: expected host:port/m);
    expect(stderr).toMatch(/^ {2}.*wrong\.yaml:2: log\.level: expected one of/m);
    expect(stderr).toMatch(/^ {2}.*wrong\.yaml:3: receivr: unknown key "receivr"\n {4}hint: did you mean receiver\?$/m);
  });

  test('with a missing configuration file from the environment', async () => {
    const { code, stderr } = await serve([], { FIRSTSEEN_CONFIG: join(folder, 'nope.yaml') });
    expect(code).toBe(2);
    expect(stderr).toMatch(/nope\.yaml: there is no such file/);
  });

  test('on all addresses without authentication', async () => {
    const { code, stderr } = await serve(['--listen', '0.0.0.0:0']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /--listen: receiver\.listen: expected a loopback address, because no credential is required/,
    );
  });

  test('on a used port, and names the flag to change', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const address = taken.address();
      if (address === null || typeof address === 'string') fail('the server listens on no port');
      const [used, free] = [`127.0.0.1:${address.port}`, `127.0.0.1:${await freePort()}`];
      for (const [listen, ops, flag] of [
        [used, free, '--listen'],
        [free, used, '--ops-listen'],
      ] as const) {
        const { code, stderr } = await serve(['--listen', listen, '--ops-listen', ops]);
        expect(code).toBe(2);
        const message = `cannot listen on ${used}: another process listens there; choose another address with ${flag}`;
        expect(stderr.trimEnd().split('\n').at(-1)).toBe(`firstseen cannot start: ${message}`);
      }
    } finally {
      taken.close();
    }
  });

  test('with a state file in a missing folder', async () => {
    const { code, stderr } = await serve(['--state', `sqlite:${join(folder, 'nope', 'x.db')}`]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^firstseen cannot start: .*the folder .*nope does not exist; create it, or set another path$/m,
    );
  });

  test('with Kubernetes but without a kubeconfig', async () => {
    const none = await serve(['--kubernetes', 'true', '--kubeconfig', join(folder, 'no-kubeconfig')]);
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/no-kubeconfig: there is no such file$/m);
  });
});

describe('serve', () => {
  test('takes events, prints an alert as one line, and exits with 0 on SIGTERM', async () => {
    const { child, port } = await start('plain');
    const answer = await fetch(`http://127.0.0.1:${port}/audit?timeout=30s`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: BODY,
    });
    expect(answer.status).toBe(200);
    await waitFor(() => alertsIn(child.log()).length > 0, { what: 'the alert' });
    expect(await child.stop()).toEqual({ code: 0, signal: null });
    expect(alertsIn(child.log())).toHaveLength(1);
    for (const line of child.log().trimEnd().split('\n')) expect(typeof JSON.parse(line)).toBe('object');
  });

  test('finishes a running request on SIGTERM', async () => {
    const { child, port } = await start('drain');
    const options = { port, host: '127.0.0.1', path: '/audit', method: 'POST' };
    const length = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(BODY)) };
    const sending = request({ ...options, headers: { ...length, Expect: '100-continue' } });
    const answered = once(sending, 'response');
    sending.flushHeaders();
    await once(sending, 'continue'); // it has reached the receiver
    sending.write(BODY.slice(0, 40));
    child.kill('SIGTERM');
    await waitFor(() => child.log().includes('"stopping"'), { what: 'the stop' });
    await sleep(200);
    expect(child.exit()).toBeUndefined();
    sending.end(BODY.slice(40));
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(await child.waitForExit()).toEqual({ code: 0, signal: null });
    expect(alertsIn(child.log())).toHaveLength(1);
  });

  test('an invalid rule is logged and counted, and does not stop the others', async () => {
    const broken = file(
      'broken.yaml',
      'apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: { name: broken }\nspec: {}\n',
    );
    const { child, port, ops } = await start('broken', '--rules', broken, '--rules', 'rules');
    expect(child.log()).toMatch(/"message":"rule is broken","problem":"[^"]*broken\.yaml/);
    expect(await (await fetch(`${ops}/metrics`)).text()).toMatch(/^firstseen_rules\{state="broken"\} [1-9]/m);
    const answer = await fetch(`http://127.0.0.1:${port}/audit`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: BODY,
    });
    expect(answer.status).toBe(200);
    await waitFor(() => alertsIn(child.log()).length === 1, { what: 'the alert of another rule' });
    expect(await child.stop()).toEqual({ code: 0, signal: null });
  });

  test('SIGUSR2 switches the log to debug, a second one back', async () => {
    const { child, port } = await start('debug', '--log-level', 'warn');
    const send = async () => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`http://127.0.0.1:${port}/audit`, { method: 'POST', headers, body: BODY });
      expect(answer.status).toBe(200);
    };
    const entries = (message: string) => child.log().split(`"message":"${message}"`).length - 1;
    await send();
    child.kill('SIGUSR2');
    await waitFor(() => entries('log level is debug for now') === 1, { what: 'debug' });
    expect(entries('batch answered')).toBe(0);
    await send();
    await waitFor(() => entries('batch answered') === 1, { what: 'an entry of a batch' });
    expect(entries('rule decided')).toBeGreaterThan(0);
    child.kill('SIGUSR2');
    await waitFor(() => entries('log level is restored') === 1, { what: 'the level that was configured' });
    await send();
    expect(await child.stop()).toEqual({ code: 0, signal: null });
    expect(entries('batch answered')).toBe(1);
  });

  test('a second process cannot share a state file', async () => {
    const { child } = await start('shared');
    const { code, stderr } = await serve([
      '--listen',
      '127.0.0.1:0',
      '--ops-listen',
      '127.0.0.1:0',
      '--state',
      `sqlite:${join(folder, 'shared.db')}`,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^firstseen cannot start: .*shared\.db/m);
    await child.stop();
    expect(existsSync(join(folder, 'shared.db'))).toBe(true);
  });
});
