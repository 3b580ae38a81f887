import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { onTestEnd } from '../../test/support/on-test-end.ts';
import type { Readiness } from '../ingest/readiness.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createOpsServer } from './ops.ts';
import { opsOptionsSchema } from './options.ts';

const logger = createLogger({
  level: 'error',
  format: 'json',
  stream: new Writable({ write: (_c, _e, done) => done() }),
});

const READY: Readiness = () => [
  { name: 'tls', ok: true, required: true, detail: '' },
  { name: 'store', ok: false, required: false, detail: 'no answer\u001b[2J\n[+]forged ok' },
];

async function start(readiness: Readiness = READY, metrics: ReturnType<typeof createMetrics> = createMetrics()) {
  const quarantine = () => [{ reason: 'items[3]: expected an object, found a string' }];
  const options = opsOptionsSchema.parse({ listen: '127.0.0.1:0' });
  const server = createOpsServer({ metrics, readiness, quarantine, logger }, options);
  const { port } = await server.start();
  onTestEnd(() => server.stop(0));
  return async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'error', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

test('/livez answers although a check fails', async () => {
  const get = await start(() => [{ name: 'rules', ok: false, required: true, detail: 'not loaded' }]);
  expect(await get('/livez')).toMatchObject({ status: 200, text: 'ok\n' });
});

test('/readyz is short; ?verbose lists every check, required or not', async () => {
  const get = await start();
  expect((await get('/readyz')).text).toBe('ok\n');
  const { status, headers, text } = await get('/readyz?verbose');
  expect(status).toBe(200);
  expect(headers.get('content-type') ?? '').toMatch(/^text\/plain/);
  expect(text).toBe(
    '[+]tls ok\n[-]store failed (not required): no answer\\u{1b}[2J\\u{a}[+]forged ok\nreadyz check passed\n',
  );
});

test('/readyz is 503 with the reason if a required check fails', async () => {
  const get = await start(() => [{ name: 'rules', ok: false, required: true, detail: 'not loaded' }]);
  const text = '[-]rules failed: not loaded\nreadyz check failed\n';
  expect(await get('/readyz')).toMatchObject({ status: 503, text });
});

test('/metrics has the Prometheus text format', async () => {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version: '1', node: 'v26' }, 1);
  const get = await start(READY, metrics);
  const { status, headers, text } = await get('/metrics');
  expect(status).toBe(200);
  expect(headers.get('content-type') ?? '').toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toMatch(/^firstseen_build_info\{version="1",node="v26"\} 1$/m);
});

test('/quarantine lists quarantined items', async () => {
  const get = await start();
  const { status, text } = await get('/quarantine');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual([{ reason: 'items[3]: expected an object, found a string' }]);
});

test.each(['/', '/livez/', '/Metrics', '/audit'])('%s is 404, and lists the paths', async (path) => {
  const { status, text } = await (await start())(path);
  expect(status).toBe(404);
  expect(text).toMatch(/\/livez, \/readyz, \/metrics and \/quarantine/);
});

test('other methods are 405', async () => {
  const get = await start();
  const { status, headers } = await get('/metrics', { method: 'POST' });
  expect(status).toBe(405);
  expect(headers.get('allow')).toBe('GET, HEAD');
});

test('a check that throws is 500 without the error message', async () => {
  const get = await start(() => {
    throw new Error('inside');
  });
  const { status, text } = await get('/readyz');
  expect(status).toBe(500);
  expect(text).not.toMatch(/inside/);
});
