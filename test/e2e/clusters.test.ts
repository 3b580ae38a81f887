/** Two real clusters send to one firstseen: one by client certificate, the other, which firstseen does not run in, by token. */

import { writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { ACCOUNT, accountToken, NAMESPACE } from '../support/chart.ts';
import { type Alert, ANONYMOUS_RULE, type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import { expectPresent } from '../support/expect.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { requestBatch } from '../support/replicas.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const TOKEN = 'token-of-staging-0123456789';
const OWN_RULE = 'own-account';
/** Allowed to everybody by the default roles, and none of the paths that the rule leaves out. */
const OPEN_PATH = '/version/';
/** Openings of the rule in an hour. */
const BUDGET = 20;

let local: Cluster;
let staging: ApiServer;
let firstseen: Firstseen;

beforeAll(async () => {
  const folder = createTemporaryFolder('clusters');
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const policy = file('policy.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n');
  const tokenFile = file('token', TOKEN);
  local = await startCluster({ auditPolicyFile: policy, flags: ['--audit-webhook-initial-backoff=1s'] });
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: local.kubeconfig,
    certificates: local.certificates,
    port: local.webhookPort,
    rules: [writeRule(OWN_RULE, { query: `user.name: "${ACCOUNT}" and kubernetes.audit.objectRef.resource: alerts` })],
    config: {
      receiver: {
        clusters: [
          { name: 'local', clientNames: ['kube-apiserver'] },
          { name: 'staging', tokenFile },
        ],
      },
    },
  });
  const credential = ['--ca-file', local.certificates.caFile, '--token-file', tokenFile];
  const webhook = await runFirstseen('webhook-config', '--server', firstseen.url, ...credential);
  staging = await startApiServer({
    auditPolicyFile: policy,
    auditWebhookConfigFile: file('webhook.yaml', webhook),
  });
});
afterAll(async () => {
  await staging?.stop();
  await local?.server.stop();
  await firstseen?.stop();
});

async function ask(server: ApiServer, userAgent: string): Promise<void> {
  expect((await server.anonymous(OPEN_PATH, { userAgent })).status).toBe(200);
}

/** Waits for so many alerts of a rule and cluster, and gives them. */
function alertsOf(cluster: string, count: number, rule = ANONYMOUS_RULE): Promise<readonly Alert[]> {
  return waitFor(
    async () => {
      const alerts = (await local.alerts()).filter(({ spec }) => spec.cluster === cluster && spec.rule.name === rule);
      return alerts.length >= count && alerts;
    },
    { what: `${count} alerts of ${cluster}` },
  );
}

test('the same fact in both clusters gives two alerts, and an Event only in the home cluster', async () => {
  const agent = 'both-scanner/1.0';
  await Promise.all([ask(local.server, agent), ask(staging, agent)]);
  const [[here], [there]] = await Promise.all([alertsOf('local', 1), alertsOf('staging', 1)]);
  expectPresent(here);
  expectPresent(there);
  expect(here.metadata.name).not.toBe(there.metadata.name);
  expect(here.spec.actor.userAgent).toBe(agent);
  expect(there.spec.actor.userAgent).toBe(agent);
  const table = await local.server.kubectl('get', 'alerts', '-o', 'wide');
  for (const { metadata, spec } of [here, there]) {
    expect(table).toMatch(new RegExp(`^${metadata.name} .* ${spec.cluster} *$`, 'm'));
  }

  const events = () => local.server.kubectl('get', 'events', '--all-namespaces');
  await waitFor(async () => (await events()).includes(here.metadata.name), { what: 'the Event' });
  await waitFor(async () => (await firstseen.metric('firstseen_due')) === 0, { what: 'every sink to be done' });
  expect(await events()).not.toContain(there.metadata.name);
  expect(await staging.kubectl('get', 'events', '--all-namespaces', '-o', 'name')).toBe('');
});

test('a flood in one cluster uses the budget of that cluster only', async () => {
  const agents = Array.from({ length: BUDGET + 5 }, (_, i) => `flood-${i}/1.0`);
  for (const agent of agents) await ask(staging, agent);
  // One alert was opened before, and one is the overflow alert.
  const flooded = await alertsOf('staging', BUDGET + 1);
  expect(flooded.map(({ spec }) => spec.overflow).filter((overflow) => overflow)).toEqual([true]);
  await ask(local.server, 'after-the-flood/1.0');
  const alerts = await alertsOf('local', 2);
  expect(alerts.filter(({ spec }) => spec.overflow)).toEqual([]);
});

test('a credential sends for its own cluster only', async () => {
  const { ca, client } = local.certificates;
  const body = requestBatch('forged', ['forged/1.0']);
  function send(path: string, credential: Readonly<RequestOptions>): Promise<number | undefined> {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { method: 'POST', agent: false, ca, ...credential, headers: { ...headers, ...credential.headers } };
    return new Promise((resolve, reject) => {
      request(`${firstseen.url}${path}`, options)
        .on('response', (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end(body);
    });
  }

  const token = { headers: { authorization: `Bearer ${TOKEN}` } };
  const certificate = { cert: client.cert, key: client.key };
  expect(await send('/local', token)).toBe(403);
  expect(await send('/staging', certificate)).toBe(403);
  expect(await send('', { ...certificate, ...token })).toBe(403); // both stand for two clusters
  expect(await send('', {})).toBe(401);
  expect(await send('/other', token)).toBe(404);
  const forged = (await local.alerts()).filter(({ spec }) => spec.actor.userAgent === 'forged/1.0');
  expect(forged).toEqual([]);
});

test('an account of the same name in the other cluster is not firstseen', async () => {
  await staging.kubectl('create', 'namespace', NAMESPACE);
  await staging.kubectl('-n', NAMESPACE, 'create', 'serviceaccount', 'firstseen');
  const token = await accountToken(staging);
  await staging.request('/apis/firstseen.dev/v1alpha1/alerts', { token, userAgent: 'firstseen/0.1.0' });
  await alertsOf('staging', 1, OWN_RULE);
  expect((await local.alerts()).filter(({ spec }) => spec.rule.name === OWN_RULE && spec.cluster === 'local')).toEqual(
    [],
  ); // while its own writes are dropped
  expect(await firstseen.metric('firstseen_own_writes_dropped_total', { cluster: 'local' })).toBeGreaterThan(0);
  expect(await firstseen.metric('firstseen_own_writes_dropped_total', { cluster: 'staging' })).toBe(0);
});
