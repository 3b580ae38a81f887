/** A storm: 100,000 requests in a minute, each by an agent that was never seen, through two replicas on one Redis. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, startChartServer } from '../support/chart.ts';
import { redisState } from '../support/cluster.ts';
import { expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { sumOver } from '../support/replicas.ts';
import { writeRule } from '../support/rule-file.ts';
import { waitFor } from '../support/wait.ts';

const STORM_RULE = 'e2e-storm';
const OTHER_RULE = 'e2e-other';
const BUDGET = 20;
const AGENTS = 100_000;
const PER_BATCH = 400;
/** The Alert sink writes what changes on an alert at most so often. */
const COALESCE_MS = 10_000;
const PATIENCE_MS = 60_000;
/** Six minutes ago, so that it is over as soon as it has been evaluated: five quiet minutes end it. */
const BEGAN = Date.now() - 6 * 60_000;

let server: ApiServer;
let redis: RedisServer;
let replicas: readonly Firstseen[] = [];

beforeAll(async () => {
  [server, redis] = await Promise.all([startChartServer(), startRedis()]);
  await installChart(server);
  const kubeconfig = server.kubeconfigFor(await accountToken(server));
  const newTerms = { fields: ['user_agent.original'], window: '7d' };
  const budget = { alertsPerHour: BUDGET };
  const rules = [
    writeRule(STORM_RULE, {
      type: 'new_terms',
      query: 'user_agent.original: storm-*',
      newTerms,
      budget,
      severity: 'medium',
    }),
    writeRule(OTHER_RULE, { query: 'user_agent.original: other-*', severity: 'medium' }),
  ];
  replicas = await Promise.all(
    ['a', 'b'].map((hostname) =>
      // Without the pack: nothing else is to match.
      startFirstseen({ state: redisState(redis), kubeconfig, hostname, config: { rules: { paths: rules } } }),
    ),
  );
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await server?.stop();
  await redis?.stop();
});

interface StormAlert {
  readonly spec: { readonly overflow: boolean; readonly rule: { readonly name: string } };
  readonly status: {
    readonly phase: string;
    readonly count: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
    readonly overflow?: {
      readonly since: string;
      readonly until?: string;
      readonly users: readonly { readonly value: string; readonly count: number }[];
      readonly sources: readonly { readonly value: string; readonly count: number }[];
      readonly samples: readonly string[];
    };
  };
}

async function alertsOf(rule: string): Promise<readonly StormAlert[]> {
  const { items } = JSON.parse(await server.read('/apis/firstseen.dev/v1alpha1/alerts')) as { items: StormAlert[] };
  return items.filter(({ spec }) => spec.rule.name === rule);
}

/** Three quarters are eve's, most from one address; the rest are by users, from addresses, that are never seen again. */
function request(n: number, userAgent: string, at: number) {
  const time = new Date(at).toISOString();
  return {
    level: 'Metadata',
    auditID: `storm-${userAgent}-${n}`,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/pods',
    verb: 'list',
    user: { username: n % 4 === 0 ? `user-${n}` : 'eve' },
    sourceIPs: [n % 4 === 0 ? `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` : '203.0.113.7'],
    userAgent,
    objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  };
}

async function send(replica: Firstseen | undefined, ...items: readonly object[]): Promise<void> {
  expectPresent(replica);
  const body = JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items });
  await waitFor(async () => (await replica.post(body)) === 200, {
    what: 'a batch to be taken',
  });
}

/** How many writes of Alerts, of their status, and of Events the API server has done. */
async function writes(): Promise<Readonly<Record<'creates' | 'patches' | 'events', number>>> {
  const { body } = await server.request('/metrics', { token: server.adminToken });
  const sum = (...labels: readonly string[]) =>
    body
      .split('\n')
      .filter((line) => line.startsWith('apiserver_request_total{') && labels.every((label) => line.includes(label)))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    creates: sum('resource="alerts"', 'verb="POST"', 'code="201"'),
    patches: sum('resource="alerts"', 'subresource="status"', 'verb="PATCH"', 'code="200"'),
    events: sum('group="events.k8s.io"', 'verb="POST"', 'code="201"'),
  };
}

test('a storm gives the alerts of the budget and one overflow alert; other rules go on', async () => {
  const [first, second] = replicas;
  await send(first, request(1, 'storm-known', BEGAN - 1_000));
  await waitFor(async () => (await alertsOf(STORM_RULE))[0]?.status.count === 1, {
    what: 'the alert of before the storm',
    intervalMs: 250,
  });
  const beforeStorm = await writes();
  const begun = performance.now();

  const batches = Array.from({ length: AGENTS / PER_BATCH }, (_, batch) =>
    Array.from({ length: PER_BATCH }, (_, i) => batch * PER_BATCH + i),
  );
  const through = async (replica: Firstseen | undefined, parity: number) => {
    for (const [batch, numbers] of batches.entries()) {
      if (batch % 2 !== parity) continue;
      await send(replica, ...numbers.map((n) => request(n, `storm-${n}`, BEGAN + (n * 60_000) / AGENTS)));
    }
  };
  const halfway = waitFor(
    async () => (await sumOver(replicas, 'firstseen_matches_total', { rule: STORM_RULE })) > AGENTS / 2,
    { what: 'half of the storm', timeoutMs: 4 * PATIENCE_MS },
  );
  const storm = Promise.all([through(first, 0), through(second, 1)]);
  await Promise.race([halfway, storm]);
  await send(first, request(1, 'other-1', Date.now()));
  await waitFor(async () => (await alertsOf(OTHER_RULE)).length === 1, {
    what: 'the alert of another rule, in the midst of the storm',
    intervalMs: 250,
  });
  await storm;
  await halfway;

  // What was learned before the storm is still known.
  await send(second, request(2, 'storm-known', Date.now()));
  const found = await waitFor(
    async () => {
      const all = await alertsOf(STORM_RULE);
      const isCounted = all.reduce((sum, { status }) => sum + status.count, 0) === AGENTS + 2;
      return isCounted && all.some(({ status }) => status.overflow?.until !== undefined) && all;
    },
    { what: 'all to be counted, and the storm to be over', timeoutMs: 2 * PATIENCE_MS, intervalMs: 500 },
  );
  const counts = found.map(({ status }) => status.count);
  expect(counts.toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: BUDGET - 1 }, () => 1),
    2,
    AGENTS - BUDGET + 1,
  ]);

  const status = found.find(({ spec }) => spec.overflow)?.status ?? fail('there is no overflow alert');
  expect(status.phase).toBe('Open'); // users set the phase
  const [condition] = status.conditions ?? [];
  expect(condition).toMatchObject({ type: 'Overflow', status: 'False' });
  expect(condition?.message ?? '').toMatch(/^99981 matches over the budget, from \S+Z to \S+Z$/);
  const { users = [], sources = [], samples = [], since = '', until = '' } = status.overflow ?? {};
  expect(users[0]?.value).toBe('eve');
  expect(sources[0]?.value).toBe('203.0.113.7');
  expect(users[0]?.count ?? 0).toBeGreaterThan(AGENTS / 2);
  expect(users[0]?.count ?? 0).toBeLessThanOrEqual((AGENTS * 3) / 4);
  expect(samples[0] ?? '').toMatch(/^\S+ list pods default: storm-\d+$/);
  expect(Date.parse(since)).toBeGreaterThanOrEqual(BEGAN);
  expect(Date.parse(since)).toBeLessThan(BEGAN + 60_000);
  expect(Date.parse(until)).toBeGreaterThan(Date.parse(since));
  expect(Date.parse(until)).toBeLessThanOrEqual(BEGAN + 60_000);

  // So many writes reach etcd, whatever the storm: an alert is made once, with its status, and is then written at most so often.
  const elapsed = performance.now() - begun;
  const after = await writes();
  const alerts = BUDGET + 1;
  expect(after.creates - beforeStorm.creates).toBeLessThanOrEqual(alerts);
  expect(after.events - beforeStorm.events).toBeLessThanOrEqual(alerts);
  // The overflow alert again and again, also whenever no more seems to come; the known one twice more.
  const patches = after.patches - beforeStorm.patches;
  const most = alerts + 2 * Math.ceil(elapsed / COALESCE_MS) + 4;
  expect(patches).toBeLessThanOrEqual(most);
});
