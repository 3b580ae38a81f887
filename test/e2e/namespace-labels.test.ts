/** A rule that asks for a label of the namespace, while somebody changes the labels of a real cluster. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, startChartServer } from '../support/chart.ts';
import { sqliteState } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { writeRule } from '../support/rule-file.ts';
import { waitFor } from '../support/wait.ts';

const RULE = 'e2e-in-production';

let server: ApiServer;
let firstseen: Firstseen;
let sent = 0;

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
  await server.kubectl('create', 'namespace', 'shop');
  await server.kubectl('label', 'namespace', 'shop', 'example.org/env=prod');
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: server.kubeconfigFor(await accountToken(server)),
    rules: [writeRule(RULE, { query: 'kubernetes.namespace_labels.example_org/env: prod' })],
  });
});
afterAll(async () => {
  await firstseen?.stop();
  await server?.stop();
});

/** Sends a request for a namespace and tells whether the rule matched it. */
async function matches(namespace: string): Promise<boolean> {
  const before = await firstseen.metric('firstseen_matches_total', { rule: RULE });
  const time = new Date().toISOString();
  const item = {
    level: 'Metadata',
    auditID: `labels-${sent++}`,
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/${namespace}/pods`,
    verb: 'list',
    user: { username: 'eve' },
    sourceIPs: ['203.0.113.7'],
    userAgent: 'e2e',
    objectRef: { resource: 'pods', namespace, apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  };
  const body = JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [item] });
  expect(await firstseen.post(body)).toBe(200);
  return (await firstseen.metric('firstseen_matches_total', { rule: RULE })) > before;
}

const becomes = (namespace: string, wanted: boolean, what: string) =>
  waitFor(async () => (await matches(namespace)) === wanted, { what });

test('labels are known from the start, and followed', async () => {
  expect(await matches('shop')).toBe(true); // before the first event the namespaces were listed
  expect(await matches('default')).toBe(false);

  await server.kubectl('label', 'namespace', 'default', 'example.org/env=prod');
  await becomes('default', true, 'a label that is set');
  await server.kubectl('label', 'namespace', 'shop', 'example.org/env=dev', '--overwrite');
  await becomes('shop', false, 'a label that is changed');
  await server.kubectl('label', 'namespace', 'default', 'example.org/env-');
  await becomes('default', false, 'a label that is taken away');

  await server.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'late', labels: { 'example.org/env': 'prod' } },
  });
  await becomes('late', true, 'a namespace that is made');
  expect(await server.kubectl('get', 'alerts')).toMatch(new RegExp(RULE));
});
