import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

interface AuditEvent {
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username?: string };
}

let server: ApiServer;
const folder = createTemporaryFolder('harness');

beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server?.stop());

test('kubectl reads the version of the server and its namespaces', async () => {
  const version = JSON.parse(await server.kubectl('version', '-o', 'json'));
  expect(version.serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+$/);
  expect(await server.kubectl('get', 'ns', '-o', 'name')).toMatch(/^namespace\/default$/m);
});

test('kubectl says what it was refused', async () => {
  await expect(server.kubectl('--token', server.userTokens.alice, 'get', 'secrets')).rejects.toThrow(/Forbidden/);
});

test('Helm installs a chart', async () => {
  expect(await server.helm('version', '--short')).toMatch(/^v4\./);
  const chart = join(folder, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: trivial\nversion: 0.1.0\n');
  writeFileSync(
    join(chart, 'templates', 'config.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  key: value\n',
  );
  expect(await server.helm('template', 'release-one', chart)).toMatch(/name: release-one/);
  await server.helm('install', 'release-two', chart);
  expect(await server.kubectl('get', 'configmap', 'release-two', '-o', 'jsonpath={.data.key}')).toBe('value');
});

test('a request without credentials is anonymous', async () => {
  expect((await server.anonymous('/version/')).status).toBe(200);
  expect((await server.anonymous('/api/v1/secrets')).status).toBe(403);
});

test('a service account acts with a kubeconfig of its own', async () => {
  await server.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'default' } });
  const token = (await server.kubectl('create', 'token', 'robot')).trim();
  const kubeconfig = server.kubeconfigFor(token);
  expect(await server.kubectl('--kubeconfig', kubeconfig, 'auth', 'whoami')).toMatch(
    /system:serviceaccount:default:robot/,
  );
});

test('a restart keeps the data, and turns the audit webhook on', async () => {
  await server.kubectl('create', 'namespace', 'before-the-restart');
  const received: AuditEvent[] = [];
  const receiver = createServer(async (request, response) => {
    const list = (await json(request)) as { kind: string; items: AuditEvent[] };
    expect(list.kind).toBe('EventList');
    received.push(...list.items);
    response.end();
  }).listen(0, '127.0.0.1');
  try {
    await once(receiver, 'listening');
    const auditPolicyFile = join(folder, 'policy.yaml');
    const auditWebhookConfigFile = join(folder, 'webhook.yaml');
    writeFileSync(auditPolicyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n');
    writeFileSync(auditWebhookConfigFile, webhookConfig((receiver.address() as AddressInfo).port));

    await server.restart({ auditPolicyFile, auditWebhookConfigFile });

    expect(await server.kubectl('get', 'ns', '-o', 'name')).toMatch(/^namespace\/before-the-restart$/m);
    await server.anonymous('/version/', { userAgent: 'harness/1.0' });
    const event = await waitFor(() => received.find(({ userAgent }) => userAgent === 'harness/1.0'), {
      what: 'the audit event of the anonymous request',
    });
    expect(event.user.username).toBe('system:anonymous');
    expect(event.requestURI).toBe('/version/');
  } finally {
    await server.stop(); // its last events still find the receiver
    receiver.closeAllConnections();
    receiver.close();
  }
});

function webhookConfig(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'receiver', cluster: { server: `http://127.0.0.1:${port}/audit` } }],
    contexts: [{ name: 'receiver', context: { cluster: 'receiver', user: '' } }],
    'current-context': 'receiver',
  });
}
