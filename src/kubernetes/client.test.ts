/** Faults of a connection, by a server that has them on purpose; all else is tried on a real API server. */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { operationalError } from '../../test/support/expect.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createKubernetesClient, type KubernetesClient } from './client.ts';
import { openApiAccess } from './open-api-access.ts';

const folder = mkdtempSync(join(tmpdir(), 'firstseen-client-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function writeKubeconfig(server: string, user: object): string {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  const cluster = { server, 'insecure-skip-tls-verify': true };
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return file;
}

async function withServer(
  listener: RequestListener,
  use: (client: KubernetesClient, port: number) => Promise<void>,
  patienceMs = 10_000,
): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = writeKubeconfig(`http://127.0.0.1:${port}/prefix`, { token: 'secret-token' });
  const client = await createKubernetesClient({
    kubeconfig,
    version: '1.2.3',
    timeoutMs: patienceMs,
    watchSilenceMs: patienceMs,
  });
  try {
    await use(client, port);
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
}

const unavailable = (pattern: RegExp) => operationalError('api_unavailable', pattern);

test('a call sends credentials and user agent, and keeps its connection', async () => {
  const ports = new Set<number | undefined>();
  const seen: unknown[] = [];
  await withServer(
    (request, response) => {
      ports.add(request.socket.remotePort);
      seen.push([request.method, request.url, request.headers.authorization, request.headers['user-agent']]);
      response.end('{"a":1}');
    },
    async (client) => {
      for (let i = 0; i < 3; i += 1) {
        expect(await client.call({ method: 'GET', path: '/x?y=z' })).toEqual({ kind: 'ok', body: { a: 1 } });
      }
    },
  );
  expect(seen[0]).toEqual(['GET', '/prefix/x?y=z', 'Bearer secret-token', 'firstseen/1.2.3']);
  expect(ports.size).toBe(1);
});

test('no answer, no connection, a broken one and an invalid answer are retryable', async () => {
  await withServer(
    () => {},
    (client) => expect(client.call({ method: 'GET', path: '/x' })).rejects.toThrow(unavailable(/no answer in 100 ms/)),
    100,
  );
  await withServer(
    (_, response) => response.writeHead(200, { 'content-length': 100 }).write('{'),
    (client) => expect(client.call({ method: 'GET', path: '/x' })).rejects.toThrow(unavailable(/no answer in 100 ms/)),
    100,
  );
  await withServer(
    (request) => request.socket.destroy(),
    (client) =>
      expect(client.call({ method: 'GET', path: '/x?token=secret-token' })).rejects.toThrow(unavailable(/GET \/x: /)),
  );
  await withServer(
    (_, response) => response.end('<html>'),
    (client) => expect(client.call({ method: 'GET', path: '/x' })).rejects.toThrow(unavailable(/JSON/)),
  );
});

test('an aborted call ends at once', async () => {
  await withServer(
    () => {},
    async (client) => {
      const called = client.call({ method: 'GET', path: '/x' }, AbortSignal.timeout(10));
      await expect(called).rejects.toThrow(OperationalError);
      await expect(client.call({ method: 'GET', path: '/x' }, AbortSignal.abort())).rejects.toThrow(OperationalError);
    },
  );
});

test('a silent watch is a fault, a watch that the server ends is not, and an abandoned one is closed', async () => {
  const line = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } })}\n`;
  const read = async (client: KubernetesClient) => {
    const types: string[] = [];
    for await (const { type } of client.watch('/x?a=b', new AbortController().signal)) types.push(type);
    return types;
  };
  await withServer(
    (_, response) => response.write(line),
    (client) => expect(read(client)).rejects.toThrow(unavailable(/silent for 100 ms/)),
    100,
  );
  await withServer(
    (request, response) => response.end(request.url === '/prefix/x?a=b&watch=true' ? line : ''),
    async (client) => expect(await read(client)).toEqual(['BOOKMARK']),
  );
  let closed: Promise<unknown> | undefined;
  await withServer(
    (_, response) => {
      closed = once(response, 'close');
      response.write(line);
    },
    async (client) => {
      for await (const _ of client.watch('/x', new AbortController().signal)) break;
      await closed;
    },
  );
});

test('refuses an unusable kubeconfig at the start', async () => {
  await expect(openApiAccess({ kubeconfig: join(folder, 'none') })).rejects.toThrow(/ENOENT/);
  await expect(openApiAccess({})).rejects.toThrow(/not a pod/);
  const fine = writeKubeconfig('https://127.0.0.1:1', { token: 't' });
  await expect(openApiAccess({ kubeconfig: fine, context: 'other' })).rejects.toThrow(
    /no cluster for the context other/,
  );
  const tokenFile = writeKubeconfig('https://127.0.0.1:1', { tokenFile: '/token' });
  await expect(openApiAccess({ kubeconfig: tokenFile })).rejects.toThrow(/no usable credentials.*tokenFile/);
});
