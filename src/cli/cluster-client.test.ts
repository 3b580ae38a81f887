import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { quietIo } from '../../test/support/quiet-io.ts';
import { createTemporaryFolder } from '../../test/support/temporary-folder.ts';
import { usualKubeconfig, withCluster } from './cluster-client.ts';
import type { Io } from './io.ts';

const folder = createTemporaryFolder('cluster-client');
const asked: (string | undefined)[] = [];
/** A fake API server that refuses every request. */
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  asked.push(request.headers.authorization);
  const reason = request.url?.includes('missing') ? 'NotFound' : 'Forbidden';
  const message = `alerts "a" is ${reason === 'NotFound' ? 'not found' : 'forbidden: User "eve" cannot get'}\u001b[2J`;
  response.writeHead(reason === 'NotFound' ? 404 : 403, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', reason, message, details: { name: 'a' } }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => void server.close());
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;

function kubeconfig(name: string, config: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  return file;
}

const clusters = [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }];
const whole = kubeconfig('whole', {
  clusters,
  users: [{ name: 'eve', user: { token: 'first' } }],
  contexts: [{ name: 'main', context: { cluster: 'here', user: 'eve' } }],
  'current-context': 'main',
});

const ioWith = (env: Io['env']) => quietIo({ env: { HOME: folder, ...env } });
const get = (path: string) => ({ method: 'GET', path }) as const;

test('a refusal names the role that would allow it, escaped', async () => {
  const run = withCluster({ kubeconfig: whole }, 'responder', ioWith({}), (cluster) => cluster.call(get('/a')));
  await expect(run).rejects.toThrow(
    expect.objectContaining({
      name: 'CommandError',
      message:
        'the API server refused: alerts "a" is forbidden: User "eve" cannot get\\u{1b}[2J\n  hint: ask for the ClusterRole firstseen-responder',
    }),
  );
});

test('find returns undefined for a missing object', async () => {
  const find = withCluster({ kubeconfig: whole }, 'view', ioWith({}), (cluster) => cluster.find(get('/missing')));
  expect(await find).toBeUndefined();
});

test('KUBECONFIG merges several files: the first wins, missing files are skipped', async () => {
  const users = kubeconfig('users', {
    users: [{ name: 'eve', user: { token: 'second' } }],
    contexts: [{ name: 'other', context: { cluster: 'here', user: 'eve' } }],
    clusters: [{ name: 'here', cluster: { server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true } }],
    'current-context': 'other',
  });
  const io = ioWith({ KUBECONFIG: [join(folder, 'none'), whole, users].join(delimiter) });
  await withCluster({}, 'view', io, (cluster) => cluster.find(get('/missing')));
  expect(asked.at(-1)).toBe('Bearer first');
  await withCluster({ context: 'other' }, 'view', io, (cluster) => cluster.find(get('/missing')));
  expect(asked.at(-1)).toBe('Bearer first'); // the context of the second file has the user of the first
});

test('a missing or invalid kubeconfig and an unreachable server are errors', async () => {
  expect(usualKubeconfig({ HOME: folder })).toBeUndefined();
  const call = (flags: object) => withCluster(flags, 'view', ioWith({}), (cluster) => cluster.call(get('/a')));
  await expect(call({})).rejects.toThrow(/no cluster: ~\/\.kube\/config does not exist.*\n.*--kubeconfig FILE/);
  await expect(call({ kubeconfig: join(folder, 'none') })).rejects.toThrow(/no cluster: ENOENT/);
  await expect(call({ kubeconfig: whole, context: 'nowhere' })).rejects.toThrow(/no cluster: .*nowhere/);
  const silent = kubeconfig('silent', {
    clusters: [{ name: 'here', cluster: { server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'main', context: { cluster: 'here', user: 'eve' } }],
    'current-context': 'main',
  });
  await expect(call({ kubeconfig: silent })).rejects.toThrow(
    expect.objectContaining({ name: 'CommandError', message: expect.stringMatching(/GET \/a: .*ECONNREFUSED/) }),
  );
});
