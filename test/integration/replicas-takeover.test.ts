/** What replicas do for each other: deliveries to a real API server are shared, and what one that is killed had taken on goes on. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ScoredMember } from '../../src/rules/state.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { REQUIRED } from '../support/chart.ts';
import { fail } from '../support/fail.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { connectState, deliver, readRuleState, requestBatch, sumOver } from '../support/replicas.ts';
import { entriesOf } from '../support/state-access.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

const CHART = join(import.meta.dirname, '..', '..', 'helm', 'firstseen');
const RULE_FILE = join('rules', 'anonymous-request-unusual-agent.yaml');
const LEASE_MS = 3_000;

let server: ApiServer;
let redis: RedisServer;
let proxy: TcpProxy;
let viaProxy: string;
let databases = 0;

beforeAll(async () => {
  [server, redis] = await Promise.all([startApiServer(), startRedis()]);
  await server.apply(await server.helm('template', 'fs', CHART, ...REQUIRED, '-s', 'templates/crd-alerts.yaml'));
  await server.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd/alerts.firstseen.dev');
  proxy = await startTcpProxy({ port: server.port });
  viaProxy = server.kubeconfigFor(server.adminToken);
  writeFileSync(viaProxy, readFileSync(viaProxy, 'utf8').replace(server.url, `https://127.0.0.1:${proxy.port}`));
});
afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
  await redis?.stop();
});

async function replica(url: string, hostname: string, kubeconfig = server.adminKubeconfig) {
  const config = { replicas: { leaseMs: LEASE_MS }, kubernetes: { events: { enabled: false } } };
  const started = await startFirstseen({ state: { kind: 'redis', url }, hostname, kubeconfig, config });
  onTestEnd(() => started.stop());
  return started;
}

const database = () => `${redis.url}/${databases++}`;
const hasLease = (one: Firstseen) => one.log().includes('lease gained');
const delivered = (...replicas: readonly Firstseen[]) =>
  sumOver(replicas, 'firstseen_delivered_total', { sink: 'alert' });

/** How many Alerts there are of agents that begin so. */
async function alertsOf(prefix: string): Promise<number> {
  const { items } = JSON.parse(await server.read('/apis/firstseen.dev/v1alpha1/alerts')) as {
    readonly items: readonly { readonly spec: { readonly actor: { readonly userAgent: string } } }[];
  };
  return items.filter(({ spec }) => spec.actor.userAgent.startsWith(prefix)).length;
}

test('each alert is delivered by one replica', async () => {
  const url = database();
  const replicas = await Promise.all(['one', 'two', 'three'].map((name) => replica(url, name)));
  const batches = Array.from({ length: 20 }, (_, i) => requestBatch(`shared-${i}`, [`shared-${i}/1.0`]));
  await Promise.all(batches.map((batch, i) => deliver(replicas[i % 3] ?? fail(batch), batch)));
  await waitFor(async () => (await alertsOf('shared-')) === batches.length, { what: 'every Alert' });
  await waitFor(async () => (await sumOver(replicas.slice(0, 1), 'firstseen_due')) === 0, { what: 'an empty queue' });
  expect(await delivered(...replicas)).toBe(batches.length);
  expect(await sumOver(replicas, 'firstseen_delivery_failures_total')).toBe(0);
  expect(replicas.filter(hasLease)).toHaveLength(1); // one follows the alerts and keeps them within limits
});

test('what a killed replica was delivering is delivered by another when its lease has run out', async () => {
  const url = database();
  const one = await replica(url, 'one', viaProxy);
  proxy.pause();
  onTestEnd(() => proxy.resume());
  const batch = requestBatch(
    'held',
    Array.from({ length: 10 }, (_, i) => `held-${i}/1.0`),
  );
  await deliver(one, batch);
  const state = await connectState(url);
  onTestEnd(() => state.close());
  const isLeased = ({ score }: ScoredMember) => score > Date.now() + LEASE_MS / 2;
  await waitFor(
    async () => {
      const due = await entriesOf(state, 'local', stateKeys.due('alert'));
      return due.length === 10 && due.every(isLeased);
    },
    { what: 'a claim of all', intervalMs: 10 },
  );
  await one.kill();
  expect(await alertsOf('held-')).toBe(0);
  const two = await replica(url, 'two');
  await waitFor(async () => (await alertsOf('held-')) === 10, { what: 'the other’s' });
  await waitFor(async () => (await delivered(two)) === 10, { what: 'their deliveries to be noted' });
});

test('a killed replica’s lease for jobs is taken over, and one that is stopped gives it back', async () => {
  const url = database();
  const one = await replica(url, 'one');
  await waitFor(() => hasLease(one), { what: 'the lease' });
  const two = await replica(url, 'two');
  const agent = 'closed-1/1.0';
  await deliver(one, requestBatch('before', [agent]));
  await waitFor(async () => (await alertsOf('closed-')) === 1, { what: 'the Alert' });
  expect(hasLease(two)).toBe(false);
  await one.kill();
  await waitFor(() => hasLease(two), { what: 'the lease to be taken over' });

  const [alert] = (await readRuleState(url, RULE_FILE)).alerts;
  const patch = JSON.stringify({ status: { phase: 'Closed' } });
  await server.kubectl('patch', 'alert', alert?.id ?? '', '--subresource=status', '--type=merge', '-p', patch);
  await waitFor(async () => (await readRuleState(url, RULE_FILE)).alerts[0]?.state.phase === 'Closed', {
    what: 'the phase to be carried back by the other',
  });

  await two.stop();
  const state = await connectState(url);
  onTestEnd(() => state.close());
  expect(await state.lease('local', 'jobs', 'a third', 1_000)).toBe(true); // at once, not when it has run out
});
