/** A threshold, a sequence and a query with STATS whose events come through two replicas on one Redis, from a real API server. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Alert,
  arrivalRuleFile,
  arrive,
  type Cluster,
  OPEN_PATH,
  redisState,
  startCluster,
} from '../support/cluster.ts';
import { fail } from '../support/fail.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { sumOver } from '../support/replicas.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { type AuditEvent, type Recorder, startRecorder } from './support/recorder.ts';

const THRESHOLD = 'e2e-many-requests';
const SEQUENCE = 'e2e-allowed-then-forbidden';
const STATS = 'e2e-different-paths';
const SECRETS = '/api/v1/namespaces/default/secrets';

let cluster: Cluster;
let redis: RedisServer;
let recorder: Recorder;
let first: Firstseen;
let second: Firstseen;
/** Where the API server's batches go now. */
let target: Firstseen | undefined;
/** Every batch that was answered with 200, in order. */
const batches: string[] = [];

const thresholdRule = () =>
  writeRule(THRESHOLD, {
    type: 'threshold',
    query: 'user_agent.original: e2e-many-* and kubernetes.audit.stage: ResponseComplete',
    threshold: {
      field: ['user_agent.original', 'source.ip'],
      value: 4,
      cardinality: [{ field: 'kubernetes.audit.requestURI', value: 2 }],
      window: '10m',
    },
  });

const statsRule = () =>
  writeRule(STATS, {
    type: 'esql',
    language: 'esql',
    query: `FROM logs-kubernetes.audit_logs-*
| WHERE user_agent.original LIKE "e2e-stats-*" AND kubernetes.audit.stage == "ResponseComplete"
| STATS requests = COUNT(*), paths = COUNT_DISTINCT(kubernetes.audit.requestURI) BY user_agent.original
| WHERE requests >= 3 AND paths >= 2`,
    window: '10m',
  });

/** As a user of Elastic has it. */
function sequenceRule(): string {
  const file = join(createTemporaryFolder('rules'), `${SEQUENCE}.toml`);
  const decision = '`kubernetes.audit.annotations.authorization_k8s_io/decision`';
  writeFileSync(
    file,
    `[rule]
name = "Allowed, then forbidden"
rule_id = "7b1f0000-0000-4000-8000-00000000e2e0"
type = "eql"
language = "eql"
index = ["logs-kubernetes.audit_logs-*"]
from = "now-9m"
interval = "5m"
severity = "high"
risk_score = 73
query = '''
sequence by user_agent.original, source.ip with maxspan=5m
  [any where user_agent.original like "e2e-chain-*" and kubernetes.audit.objectRef.resource == "pods" and ${decision} == "allow"]
  [any where kubernetes.audit.objectRef.resource == "secrets" and ${decision} == "forbid"]
'''
`,
  );
  return file;
}

beforeAll(async () => {
  recorder = await startRecorder();
  [cluster, redis] = await Promise.all([
    startCluster({ webhookUrl: recorder.url }),
    startRedis({ appendFsync: 'everysec' }),
  ]);
  const rules = [arrivalRuleFile(), thresholdRule(), sequenceRule(), statsRule()];
  const start = async (hostname: string) =>
    startFirstseen({ state: redisState(redis), kubeconfig: await cluster.kubeconfigOfPod(hostname), hostname, rules });
  [first, second] = await Promise.all([start('firstseen-0'), start('firstseen-1')]);
  target = first;
  recorder.forwardTo(async (body) => {
    const status = (await target?.post(body)) ?? 503;
    if (status === 200) batches.push(body);
    return status;
  });
});
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()]);
  await cluster?.server.stop();
  recorder?.stop();
  await redis?.stop();
});

/** Sends a request whose event comes through this replica, and waits until it has been evaluated there. */
async function through(replica: Firstseen, userAgent: string, path = OPEN_PATH): Promise<void> {
  target = replica;
  const expected = path === SECRETS ? 403 : 200;
  await arrive(replica, 1, async () => {
    expect((await cluster.server.anonymous(path, { userAgent })).status).toBe(expected);
  });
}

async function alertsOf(rule: string, userAgent: string): Promise<readonly Alert[]> {
  const alerts = await cluster.alerts();
  return alerts.filter(({ spec }) => spec.rule.name === rule && spec.actor.userAgent === userAgent);
}

/** Waits for the one alert of an agent. */
async function alertOf(rule: string, userAgent: string): Promise<Alert> {
  const found = await waitFor(
    async () => {
      const alerts = await alertsOf(rule, userAgent);
      return alerts[0]?.status?.count !== undefined && alerts;
    },
    { what: `the alert of ${userAgent}`, intervalMs: 250 },
  );
  expect(found).toHaveLength(1);
  return found[0] ?? fail(userAgent);
}

/** The audit IDs of an agent's requests that were answered, in the order in which they were evaluated. */
function requestsOf(userAgent: string): readonly string[] {
  const events = batches.flatMap((body) => (JSON.parse(body) as { readonly items: readonly AuditEvent[] }).items);
  return events
    .filter((event) => event.userAgent === userAgent && event.stage === 'ResponseComplete')
    .map(({ auditID }) => auditID);
}

const fired = (rule: string) => sumOver([first, second], 'firstseen_decisions_total', { rule, outcome: 'opened' });

/** Sends all batches again to both replicas, as the API server does when an answer got lost. */
async function sendAgain(userAgent: string): Promise<void> {
  const own = batches.filter((body) => body.includes(userAgent));
  expect(own.length).toBeGreaterThan(1); // they came in several batches
  const duplicates = () => sumOver([first, second], 'firstseen_decisions_total', { outcome: 'duplicate' });
  const before = await duplicates();
  for (const replica of [first, second]) for (const body of own) expect(await replica.post(body)).toBe(200);
  expect(await duplicates()).toBeGreaterThanOrEqual(before + 2 * own.length);
}

/** Each contributing request is evidence, and nothing else is. */
function assertEvidence({ status }: Alert, userAgent: string): void {
  expect(status.evidence?.map(({ auditID }) => auditID)).toEqual(requestsOf(userAgent));
}

test('a threshold over both replicas: one alert with group, count and evidence, which a batch sent again does not change', async () => {
  const agent = 'e2e-many-scanner/1.0';
  await through(first, agent);
  await through(second, agent);
  await through(first, agent, SECRETS);
  expect(await fired(THRESHOLD)).toBe(0); // three requests are not enough, though two resources are
  await through(second, agent);
  const alert = await alertOf(THRESHOLD, agent);
  expect(alert.spec.groupBy).toEqual([
    { field: 'user_agent.original', value: agent },
    { field: 'source.ip', value: '127.0.0.1' },
    { field: 'count', value: '4' },
    { field: 'cardinality(kubernetes.audit.requestURI)', value: '2' },
  ]);
  assertEvidence(alert, agent);

  await sendAgain(agent);
  expect(await fired(THRESHOLD)).toBe(1);
  expect((await alertOf(THRESHOLD, agent)).status).toEqual(alert.status);

  const table = await cluster.server.kubectl('get', 'alerts', alert.metadata.name);
  expect(table).toMatch(/^\S+ +high +e2e-many-requests +system:anonymous +/m);
});

test('a sequence over both replicas, from a rule in Elastic’s form', async () => {
  const agent = 'e2e-chain-prober/1.0';
  await through(second, agent);
  expect(await fired(SEQUENCE)).toBe(0);
  await through(first, agent, SECRETS);
  const alert = await alertOf(SEQUENCE, agent);
  expect(alert.spec.groupBy?.slice(0, 2)).toEqual([
    { field: 'user_agent.original', value: agent },
    { field: 'source.ip', value: '127.0.0.1' },
  ]);
  assertEvidence(alert, agent);

  await sendAgain(agent);
  expect(await fired(SEQUENCE)).toBe(1);
  expect((await alertOf(SEQUENCE, agent)).status).toEqual(alert.status);
  const table = await cluster.server.kubectl('get', 'alerts', alert.metadata.name);
  expect(table).toMatch(/^\S+ +high +e2e-allowed-then-forbidden +system:anonymous +/m);
});

test('a query with STATS over both replicas: one alert, which counts each event after which its group still passes', async () => {
  const agent = 'e2e-stats-walker/1.0';
  await through(first, agent);
  await through(second, agent);
  await through(first, agent);
  expect(await fired(STATS)).toBe(0); // three requests of one path are not enough
  await through(second, agent, SECRETS);
  const alert = await alertOf(STATS, agent);
  expect(alert.spec.groupBy).toEqual([
    { field: 'user_agent.original', value: agent },
    { field: 'requests', value: '4' },
    { field: 'paths', value: '2' },
  ]);
  await through(first, agent);
  const repeated = await waitFor(
    async () => {
      const now = await alertOf(STATS, agent);
      return now.status.count === 2 && now;
    },
    { what: 'the repeat on the alert', intervalMs: 250 },
  );

  await sendAgain(agent);
  expect(await fired(STATS)).toBe(1);
  expect((await alertOf(STATS, agent)).status).toEqual(repeated.status);
  expect(await cluster.server.kubectl('get', 'alerts', alert.metadata.name)).toMatch(
    /^\S+ +high +e2e-different-paths +/m,
  );
});

test('a replica is killed between the events: what it had counted counts', async () => {
  const many = 'e2e-many-killed/1.0';
  const chain = 'e2e-chain-killed/1.0';
  await through(first, many);
  await through(first, many, SECRETS);
  await through(first, chain);
  target = second;
  await first.kill();
  await through(second, chain, SECRETS);
  await through(second, many);
  expect(await alertsOf(THRESHOLD, many)).toEqual([]);
  await through(second, many);
  const alerts = [await alertOf(SEQUENCE, chain), await alertOf(THRESHOLD, many)];
  assertEvidence(alerts[0] ?? fail(), chain);
  assertEvidence(alerts[1] ?? fail(), many);

  await first.start();
  await sendAgain(many);
  await sendAgain(chain);
  expect(await alertOf(SEQUENCE, chain)).toEqual(alerts[0]);
  expect(await alertOf(THRESHOLD, many)).toEqual(alerts[1]);
});
