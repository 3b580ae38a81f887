/** Replicas are restarted, killed and upgraded one after another, while a real API server goes on sending. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ACCOUNT } from '../support/chart.ts';
import { type Cluster, OPEN_PATH, redisState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { sumOver } from '../support/replicas.ts';
import { writeRule } from '../support/rule-file.ts';
import { type ServiceProxy, startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const RULE = 'rolling-agent';
const OWN_RULE = 'rolling-own-account';
/** Longer than it takes the stand-in for the Service to see that a replica is going. */
const LINGER_MS = 3_000;
const REPLICAS = 3;

/** New agents of this test. Severity high: the budget of the whole cluster does not bind it. */
const agentRule = (version: string, query: string) =>
  writeRule(RULE, {
    type: 'new_terms',
    version,
    query,
    newTerms: { fields: ['user_agent.original'], window: '7d' },
    budget: { alertsPerHour: 1_000 },
  });
/** Sees what firstseen's own account does to alerts, unless that is left out as our own. */
const ownRule = () =>
  writeRule(OWN_RULE, { query: `user.name: "${ACCOUNT}" and kubernetes.audit.objectRef.resource: alerts` });

let cluster: Cluster;
let redis: RedisServer;
let service: ServiceProxy;
const replicas: Firstseen[] = [];
/** Events that the API server has given up before there was a replica to send them to. */
let lostBefore = 0;

beforeAll(async () => {
  const flags = ['--audit-webhook-initial-backoff=1s']; // not 10 s, so that the test is short
  [cluster, redis] = await Promise.all([startCluster({ flags }), startRedis({ appendFsync: 'everysec' })]);
  const rules = [agentRule('1', 'user_agent.original: e2e-roll-*'), ownRule()];
  for (let i = 0; i < REPLICAS; i++) {
    const hostname = `firstseen-${i}`;
    replicas.push(
      await startFirstseen({
        state: redisState(redis),
        kubeconfig: await cluster.kubeconfigOfPod(hostname),
        certificates: cluster.certificates,
        hostname,
        rules,
        config: { receiver: { lingerMs: LINGER_MS }, retention: { maxAlertsPerRule: 1_000 } },
      }),
    );
  }
  service = await startService(replicas, cluster.webhookPort);
  lostBefore = await lostEvents();
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await cluster?.server.stop();
  await service?.stop();
  await redis?.stop();
});

/** Requests of new and of known agents, one after another, until it is told to stop. Gives how often each was allowed. */
function startTraffic(prefix: string): { stop(): Promise<ReadonlyMap<string, number>> } {
  const allowed = new Map<string, number>();
  let stopped = false;
  async function send(): Promise<void> {
    for (let n = 0; !stopped; n++) {
      // Each agent comes four times, beside others.
      const userAgent = `${prefix}-${Math.floor(n / 8)}-${n % 2}/1.0`;
      const { status } = await cluster.server.anonymous(OPEN_PATH, { userAgent });
      expect(status).toBe(200);
      allowed.set(userAgent, (allowed.get(userAgent) ?? 0) + 1);
      await sleep(60);
    }
  }
  const sending = send();
  return {
    async stop() {
      stopped = true;
      await sending;
      return allowed;
    },
  };
}

/** Waits until there is one Alert for each agent, with its exact count, and none beside. */
async function expectAlerts(prefix: string, expected: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const wanted = [...expected].sort(([a], [b]) => a.localeCompare(b));
  let found: [string, number][] = [];
  let versions: string[] = [];
  const isThere = async () => {
    const alerts = (await cluster.alerts()).filter(
      ({ spec }) => spec.rule.name === RULE && spec.actor.userAgent?.startsWith(prefix),
    );
    versions = alerts.map(({ spec }) => spec.rule.version ?? '');
    found = alerts.map(({ spec, status }): [string, number] => [spec.actor.userAgent ?? '', status?.count ?? 0]);
    found.sort(([a], [b]) => a.localeCompare(b));
    return JSON.stringify(found) === JSON.stringify(wanted);
  };
  await waitFor(isThere, { what: `the alerts of ${prefix}`, intervalMs: 500 }).catch(() => {});
  expect(found).toEqual(wanted);
  expect(wanted.length).toBeGreaterThan(0);
  return versions;
}

/** The sum of a metric of the API server. */
async function apiServerMetric(name: string, label: string): Promise<number> {
  const { body } = await cluster.server.request('/metrics', { token: cluster.server.adminToken });
  return body
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

const lostEvents = () => apiServerMetric('apiserver_audit_error_total', 'plugin="webhook"');

/** How many batches the API server had to send again, because of a status that is not 200 or a connection that broke. */
async function failedAttempts(): Promise<number> {
  const { body } = await cluster.server.request('/metrics', { token: cluster.server.adminToken });
  const attempts = body.split('\n').filter((line) => {
    return line.startsWith('rest_client_requests_total{') && line.includes(`:${cluster.webhookPort}"`);
  });
  const count = (lines: readonly string[]) =>
    lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  expect(count(attempts)).toBeGreaterThan(0);
  return count(attempts.filter((line) => !line.includes('code="200"')));
}

async function restart(replica: Firstseen, ...changes: Parameters<Firstseen['start']>): Promise<void> {
  expect(await replica.stop()).toEqual({ code: 0, signal: null });
  await replica.start(...changes);
  await sleep(500); // the Service sees it, before the next one goes
}

test('a rolling restart: each fact is one alert with its exact count, and no batch is sent again', async () => {
  const before = await failedAttempts(); // nobody listened when the API server started
  const traffic = startTraffic('e2e-roll-restarted');
  for (const replica of replicas) await restart(replica);
  await expectAlerts('e2e-roll-restarted', await traffic.stop());
  expect(await failedAttempts()).toBe(before);
});

test('a rolling upgrade of rules: old and new versions share one state', async () => {
  const before = await failedAttempts();
  const traffic = startTraffic('e2e-roll-upgraded');
  const rules = [agentRule('2', 'user_agent.original: (e2e-roll-* or e2e-upgraded-*)'), ownRule()];
  for (const replica of replicas) await restart(replica, { rules });
  await sleep(1_000);
  const versions = await expectAlerts('e2e-roll-upgraded', await traffic.stop());
  expect(new Set(versions)).toEqual(new Set(['1', '2'])); // opened before and after the upgrade

  expect(await failedAttempts()).toBe(before);
});

test('a SIGKILL: the API server retries, and nothing is lost or counted twice', async () => {
  const traffic = startTraffic('e2e-roll-killed');
  await sleep(2_000);
  const [victim] = replicas;
  await victim?.kill();
  await sleep(500);
  await victim?.start();
  await expectAlerts('e2e-roll-killed', await traffic.stop());
});

test('the API server lost no event, and replicas recognise each other’s writes', async () => {
  expect(await apiServerMetric('apiserver_audit_event_total', '')).toBeGreaterThan(0);
  expect(await lostEvents()).toBe(lostBefore);
  expect(await sumOver(replicas, 'firstseen_quarantined_total')).toBe(0);
  expect(await sumOver(replicas, 'firstseen_rule_errors_total')).toBe(0);
  expect(await sumOver(replicas, 'firstseen_dead')).toBe(0);
  expect(await sumOver(replicas, 'firstseen_own_writes_dropped_total')).toBeGreaterThan(0);
  const own = async () => (await cluster.alerts()).filter(({ spec }) => spec.rule.name === OWN_RULE);
  expect(await own()).toEqual([]);

  // The same account in a pod that is no replica.
  const stranger = await cluster.tokenOfPod('stranger');
  await cluster.server.request('/apis/firstseen.dev/v1alpha1/alerts', { token: stranger });
  await waitFor(async () => (await own()).length === 1, { what: 'its alert' });
});
