/** `serve` as a process: what it refuses, how it starts, and how it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunResult, runProcess, type StartedProcess, startProcess } from '../support/child-process.ts';
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

/** Runs `serve` to its end: for what does not start. */
function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const state = ['--state', `sqlite:${join(folder, 'refused.db')}`];
  return runProcess(process.execPath, [MAIN, 'serve', ...state, ...args], { cwd: ROOT, env, timeoutMs: 30_000 });
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
  assert.equal(child.exit(), undefined, child.log());
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

describe('serve refuses to start, with exit code 2,', { concurrency: 2 }, () => {
  test('with a configuration that is wrong: every problem at once', async () => {
    const config = file('wrong.yaml', 'log:\n  level: loud\nreceivr: {}\n');
    const { code, stdout, stderr } = await serve(['--config', config, '--kubernetes', 'maybe'], {
      FIRSTSEEN_OPS_LISTEN: 'nope',
    });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^the configuration is not usable:$/m);
    assert.match(stderr, /^ {2}--kubernetes: kubernetes\.enabled: expected true or false, found "maybe"$/m);
    assert.match(stderr, /^ {2}FIRSTSEEN_OPS_LISTEN: ops\.listen: expected host:port/m);
    assert.match(stderr, /^ {2}.*wrong\.yaml:2: log\.level: expected one of/m);
    assert.match(stderr, /^ {2}.*wrong\.yaml:3: receivr: unknown key "receivr"\n {4}hint: did you mean receiver\?$/m);
  });

  test('with the configuration that a variable names', async () => {
    const { code, stderr } = await serve([], { FIRSTSEEN_CONFIG: join(folder, 'nope.yaml') });
    assert.equal(code, 2);
    assert.match(stderr, /nope\.yaml: there is no such file/);
  });

  test('on every address, where nobody has to show a credential', async () => {
    const { code, stderr } = await serve(['--listen', '0.0.0.0:0']);
    assert.equal(code, 2);
    assert.match(stderr, /--listen: receiver\.listen: expected a loopback address, because no sender has to show/);
  });

  test('on a port that is taken, and says which flag to change', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const address = taken.address();
      assert.ok(typeof address === 'object' && address !== null);
      const [used, free] = [`127.0.0.1:${address.port}`, `127.0.0.1:${await freePort()}`];
      for (const [listen, ops, flag] of [
        [used, free, '--listen'],
        [free, used, '--ops-listen'],
      ] as const) {
        const { code, stderr } = await serve(['--listen', listen, '--ops-listen', ops]);
        assert.equal(code, 2);
        assert.ok(
          stderr.endsWith(
            `firstseen cannot start: cannot listen on ${used}: another process listens there; choose another address with ${flag}\n`,
          ),
          stderr,
        );
      }
    } finally {
      taken.close();
    }
  });

  test('with a state file in a folder that is not there', async () => {
    const { code, stderr } = await serve(['--state', `sqlite:${join(folder, 'nope', 'x.db')}`]);
    assert.equal(code, 2);
    assert.match(stderr, /^firstseen cannot start: .*the folder .*nope does not exist; make it, or set another path$/m);
  });

  test('with Kubernetes, and no way to reach it', async () => {
    const none = await serve(['--kubernetes', 'true', '--kubeconfig', join(folder, 'no-kubeconfig')]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /no-kubeconfig: there is no such file$/m);
  });
});

describe('serve', () => {
  test('takes events, says an alert in one line of standard output, and ends with 0 at SIGTERM', async () => {
    const { child, port } = await start('plain');
    const answer = await fetch(`http://127.0.0.1:${port}/audit?timeout=30s`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: BODY,
    });
    assert.equal(answer.status, 200);
    await waitFor(() => alertsIn(child.log()).length > 0, { what: 'the alert' });
    assert.deepEqual(await child.stop(), { code: 0, signal: null });
    assert.equal(alertsIn(child.log()).length, 1);
    for (const line of child.log().trimEnd().split('\n')) assert.equal(typeof JSON.parse(line), 'object');
  });

  test('at SIGTERM finishes the request that is under way', async () => {
    const { child, port } = await start('drain');
    const options = { port, host: '127.0.0.1', path: '/audit', method: 'POST' };
    const headers = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(BODY)) };
    const sending = request({ ...options, headers });
    const answered = once(sending, 'response');
    sending.write(BODY.slice(0, 40));
    await sleep(300);
    child.kill('SIGTERM');
    await waitFor(() => child.log().includes('"stopping"'), { what: 'the stop' });
    await sleep(200);
    assert.equal(child.exit(), undefined);
    sending.end(BODY.slice(40));
    const [response] = await answered;
    response.resume();
    assert.equal(response.statusCode, 200);
    assert.deepEqual(await child.waitForExit(), { code: 0, signal: null });
    assert.equal(alertsIn(child.log()).length, 1, child.log());
  });

  test('a broken rule is said and counted, and does not stop the others', async () => {
    const broken = file(
      'broken.yaml',
      'apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: { name: broken }\nspec: {}\n',
    );
    const { child, port, ops } = await start('broken', '--rules', broken, '--rules', 'rules');
    assert.match(child.log(), /"message":"rule is broken","problem":"[^"]*broken\.yaml/);
    assert.match(await (await fetch(`${ops}/metrics`)).text(), /^firstseen_rules\{state="broken"\} [1-9]/m);
    const answer = await fetch(`http://127.0.0.1:${port}/audit`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: BODY,
    });
    assert.equal(answer.status, 200);
    await waitFor(() => alertsIn(child.log()).length === 1, { what: 'the alert of another rule' });
    assert.deepEqual(await child.stop(), { code: 0, signal: null });
  });

  test('SIGUSR2 switches the log to debug, and a second one back, without a restart', async () => {
    const { child, port } = await start('debug', '--log-level', 'warn');
    const send = async () => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`http://127.0.0.1:${port}/audit`, { method: 'POST', headers, body: BODY });
      assert.equal(answer.status, 200);
    };
    const entries = (message: string) => child.log().split(`"message":"${message}"`).length - 1;
    await send();
    child.kill('SIGUSR2');
    await waitFor(() => entries('log level is debug for a while') === 1, { what: 'debug' });
    assert.equal(entries('batch answered'), 0);
    await send();
    await waitFor(() => entries('batch answered') === 1, { what: 'an entry of a batch' });
    assert.equal(entries('rule decided') > 0, true);
    child.kill('SIGUSR2');
    await waitFor(() => entries('log level is back') === 1, { what: 'the level that was configured' });
    await send();
    assert.deepEqual(await child.stop(), { code: 0, signal: null });
    assert.equal(entries('batch answered'), 1);
  });

  test('a second one does not share the state file of the first, and says so', async () => {
    const { child } = await start('shared');
    const { code, stderr } = await serve([
      '--listen',
      '127.0.0.1:0',
      '--ops-listen',
      '127.0.0.1:0',
      '--state',
      `sqlite:${join(folder, 'shared.db')}`,
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /^firstseen cannot start: .*shared\.db/m);
    await child.stop();
    assert.ok(existsSync(join(folder, 'shared.db')));
  });
});
