import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, expect, test } from '@jest/globals';
import { sqliteState } from '../support/cluster.ts';
import { anonymousRequest } from '../support/events.ts';
import { expectPresent } from '../support/expect.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

/** As much of OTLP in JSON as is read here: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

interface Collector {
  readonly endpoint: string;
  readonly requests: readonly IncomingMessage[];
  readonly exported: readonly Exported[];
  spans(name: string): readonly Span[];
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A collector that keeps what it is given; or one that takes connections and never answers. */
async function startCollector({ answers = true } = {}): Promise<Collector> {
  const requests: IncomingMessage[] = [];
  const exported: Exported[] = [];
  const server = createServer(async (request, response) => {
    requests.push(request);
    if (!answers) return;
    exported.push((await json(request)) as Exported);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const spans = () =>
    exported
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    exported,
    spans: (name) => spans().filter((span) => span.name === name),
  };
}

const start = (tracing: Record<string, unknown>): Promise<Firstseen> =>
  startFirstseen({ state: sqliteState(), config: { tracing } });

/** A batch with one request that opens an alert, of an agent that is a mark to look for. */
function batch(userAgent: string): string {
  const at = Date.now() * 1_000;
  const { event } = anonymousRequest({ at, userAgent });
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [event] });
}

const attribute = (attributes: readonly Attribute[], key: string) => {
  const value = attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
};

test('a batch is a trace of its steps, its delivery one that is linked with it, and nothing of a request is in them', async () => {
  const collector = await startCollector();
  const firstseen = await start({ endpoint: collector.endpoint });
  expect(await firstseen.post(batch('hostile-agent/1.0'))).toBe(200);
  await waitFor(async () => (await firstseen.metric('firstseen_delivered_total')) === 1, { what: 'the delivery' });
  expect(await firstseen.stop()).toEqual({ code: 0, signal: null }); // sends what is left

  const [root, second] = collector.spans('batch');
  expectPresent(root);
  expect(second).toBeUndefined();
  expect(root.parentSpanId || undefined).toBeUndefined();
  expect(attribute(root.attributes, 'cluster')).toBe('local');
  for (const name of ['decode', 'detect', 'store.update']) {
    const below = collector.spans(name);
    expect(below.length).toBeGreaterThan(0);
    for (const span of below) expect([span.traceId, span.parentSpanId]).toEqual([root.traceId, root.spanId]);
  }
  const [delivery] = collector.spans('sink.deliver');
  expect(delivery?.traceId).not.toBe(root.traceId);
  expect(delivery?.links?.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([[root.traceId, root.spanId]]);
  const resource = collector.exported[0]?.resourceSpans[0]?.resource;
  expect(attribute(resource?.attributes ?? [], 'service.name')).toBe('firstseen');
  expect(collector.requests[0]?.url).toBe('/v1/traces');
  expect(JSON.stringify(collector.exported)).not.toMatch(/hostile-agent|system:anonymous|namespaces/);
});

test('a batch that is not committed is marked by its code', async () => {
  const collector = await startCollector();
  const state = { kind: 'redis', url: `redis://127.0.0.1:${await freePort()}` } as const;
  const firstseen = await startFirstseen({ state, config: { tracing: { endpoint: collector.endpoint } } });
  expect(await firstseen.post(batch('x/1.0'))).toBe(503);
  await firstseen.stop();
  const failed = [...collector.spans('batch'), ...collector.spans('store.update')].filter(
    ({ status }) => status.code === 2,
  );
  expect(failed.length).toBeGreaterThanOrEqual(2);
  for (const { status } of failed) expect(status.message).toBe('store_unavailable');
});

test('no share, no traces', async () => {
  const collector = await startCollector();
  const firstseen = await start({ endpoint: collector.endpoint, sampleRatio: 0 });
  expect(await firstseen.post(batch('x/1.0'))).toBe(200);
  await firstseen.stop();
  expect(collector.requests).toHaveLength(0);
});

test('a collector that is away, or never answers, holds up neither a batch nor the end, and is said', async () => {
  const silent = await startCollector({ answers: false });
  for (const endpoint of [`http://127.0.0.1:${await freePort()}`, silent.endpoint]) {
    const firstseen = await start({ endpoint });
    for (let sent = 0; sent < 20; sent++) expect(await firstseen.post(batch(`x/${sent}.0`))).toBe(200);
    await waitFor(() => firstseen.log().includes('"message":"traces cannot be sent"'), {
      what: 'a warning',
    });
    expect(await firstseen.stop()).toEqual({ code: 0, signal: null });
  }
  expect(silent.requests.length).toBeGreaterThan(0);
});
