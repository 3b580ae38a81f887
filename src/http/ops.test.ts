import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createOpsServer } from './ops.ts';
import { opsOptionsSchema } from './options.ts';
import type { Readiness } from './readiness.ts';

const logger = createLogger({
  level: 'error',
  format: 'json',
  stream: new Writable({ write: (_c, _e, done) => done() }),
});

const READY: Readiness = () => [
  { name: 'tls', ok: true, required: true, detail: '' },
  { name: 'store', ok: false, required: false, detail: 'no answer\u001b[2J\n[+]forged ok' },
];

async function start(
  t: TestContext,
  readiness: Readiness = READY,
  metrics: ReturnType<typeof createMetrics> = createMetrics(),
) {
  const quarantine = () => [{ reason: 'items[3]: expected an object, found a string' }];
  const options = opsOptionsSchema.parse({ listen: '127.0.0.1:0' });
  const server = createOpsServer({ metrics, readiness, quarantine, logger }, options);
  const { port } = await server.start();
  t.after(() => server.stop(0));
  return async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'error', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

test('/livez answers while the process does', async (t) => {
  const get = await start(t, () => [{ name: 'rules', ok: false, required: true, detail: 'not loaded' }]);
  const { status, text } = await get('/livez');
  assert.deepEqual([status, text], [200, 'ok\n']);
});

test('/readyz is short, and ?verbose shows what is not required as well', async (t) => {
  const get = await start(t);
  assert.equal((await get('/readyz')).text, 'ok\n');
  const { status, headers, text } = await get('/readyz?verbose');
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal(
    text,
    '[+]tls ok\n[-]store failed (not required): no answer\\u{1b}[2J\\u{a}[+]forged ok\nreadyz check passed\n',
  );
});

test('/readyz is 503 and says why when a required check fails', async (t) => {
  const get = await start(t, () => [{ name: 'rules', ok: false, required: true, detail: 'not loaded' }]);
  const { status, text } = await get('/readyz');
  assert.deepEqual([status, text], [503, '[-]rules failed: not loaded\nreadyz check failed\n']);
});

test('/metrics is what Prometheus reads', async (t) => {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version: '1', node: 'v26' }, 1);
  const get = await start(t, READY, metrics);
  const { status, headers, text } = await get('/metrics');
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^firstseen_build_info\{version="1",node="v26"\} 1$/m);
});

test('/quarantine shows what was set aside', async (t) => {
  const get = await start(t);
  const { status, text } = await get('/quarantine');
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), [{ reason: 'items[3]: expected an object, found a string' }]);
});

test('any other path is 404 and lists what there is; any other method is 405', async (t) => {
  const get = await start(t);
  for (const path of ['/', '/livez/', '/Metrics', '/audit']) {
    const { status, text } = await get(path);
    assert.equal(status, 404, path);
    assert.match(text, /\/livez, \/readyz, \/metrics and \/quarantine/);
  }
  const { status, headers } = await get('/metrics', { method: 'POST' });
  assert.equal(status, 405);
  assert.equal(headers.get('allow'), 'GET, HEAD');
});

test('a check that throws is 500 without its words', async (t) => {
  const get = await start(t, () => {
    throw new Error('inside');
  });
  const { status, text } = await get('/readyz');
  assert.equal(status, 500);
  assert.doesNotMatch(text, /inside/);
});
