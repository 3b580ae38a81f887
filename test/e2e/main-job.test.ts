import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ANONYMOUS_RULE,
  arrive,
  type Cluster,
  EXEC_RULE,
  OPEN_PATH,
  redisState,
  sqliteState,
  startCluster,
} from '../support/cluster.ts';
import { fail } from '../support/fail.ts';
import type { Firstseen, StateConfig } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { waitFor } from '../support/wait.ts';

let cluster: Cluster;
let redis: RedisServer | undefined;

beforeAll(async () => {
  [cluster, redis] = await Promise.all([startCluster(), startRedis({ appendFsync: 'everysec' })]);
});
afterAll(async () => {
  await cluster?.server.stop();
  await redis?.stop();
});

const stores: Readonly<Record<string, () => StateConfig>> = {
  SQLite: sqliteState,
  Redis: () => redisState(redis ?? fail('Redis has not started')),
};

for (const [name, state] of Object.entries(stores)) describe(`with ${name}`, () => mainJob(name.toLowerCase(), state));

function mainJob(kind: string, state: () => StateConfig): void {
  let firstseen: Firstseen;
  const scanner = `e2e-${kind}-masscan/1.3`;
  const execAgent = `e2e-${kind}-kubectl/v1.36.3 (linux/amd64) kubernetes/0000000`;

  beforeAll(async () => {
    firstseen = await cluster.startFirstseen(state());
  });
  afterAll(() => firstseen?.stop());

  const anonymous = async (userAgent: string, path = OPEN_PATH, headers: Record<string, string> = {}) => {
    const { status } = await cluster.server.anonymous(path, { userAgent, headers });
    return status;
  };
  const allowed = async (...request: Parameters<typeof anonymous>) => expect(await anonymous(...request)).toBe(200);
  const decisions = (outcome: string, rule = ANONYMOUS_RULE) =>
    firstseen.metric('firstseen_decisions_total', { rule, outcome });

  /** The pod runs nowhere, so the session is allowed and fails. */
  async function exec(): Promise<void> {
    const path = '/api/v1/namespaces/default/pods/cart/exec?command=id&stdout=true';
    const token = cluster.server.userTokens.alice;
    const { body } = await cluster.server.request(path, { method: 'POST', token, userAgent: execAgent });
    expect(body).toMatch(/does not have a host assigned/);
  }

  test('an allowed anonymous request of an unusual agent is an Alert with all its columns, and an Event', async () => {
    await arrive(firstseen, 1, () => allowed(scanner));
    const alert = await cluster.waitForAlert(scanner, { count: 1 });
    const table = await cluster.server.kubectl('get', 'alerts', alert.metadata.name);
    expect(table).toMatch(/^NAME +SEVERITY +RULE +USER +ACTION +OBJECT +COUNT +STATUS +LAST SEEN +AGE\n/);
    const row =
      /^\S+ +medium +anonymous-request-unusual-agent +system:anonymous +list pods +default +1 +Open +\d+s +\d+s$/m;
    expect(table).toMatch(row);
    const wide = await cluster.server.kubectl('get', 'alerts', alert.metadata.name, '-o', 'wide');
    expect(wide).toContain(`127.0.0.1   ${scanner}   ${scanner}   47     local`);

    const events = await waitFor(
      async () => {
        const listed = await cluster.server.kubectl('get', 'events', '-n', 'default');
        return listed.includes(alert.metadata.name) && listed;
      },
      { what: 'the Event of the alert' },
    );
    const event = events.split('\n').find((line) => line.includes(`(alert ${alert.metadata.name})`)) ?? '';
    expect(event).toMatch(/^\S+ +Warning +AnonymousRequestUnusualAgent +alert\/\S+ +user agent "/i);
  });

  test('the same agent again is counted and opens nothing', async () => {
    await arrive(firstseen, 2, async () => {
      await allowed(scanner);
      await allowed(scanner, `${OPEN_PATH}/cart`);
    });
    expect(await decisions('attached')).toBe(2);
    expect(await cluster.alertsOf(scanner)).toHaveLength(1);
  });

  test('another agent is another alert', async () => {
    const other = `e2e-${kind}-zgrab/0.x`;
    await arrive(firstseen, 1, () => allowed(other));
    const alert = await cluster.waitForAlert(other, { count: 1 });
    const [first] = await cluster.alertsOf(scanner);
    expect(alert.metadata.name).not.toBe(first?.metadata.name);
  });

  test('probes, agents without a version, refusals and failed logins raise no alerts', async () => {
    const matches = () => firstseen.metric('firstseen_matches_total', { rule: ANONYMOUS_RULE });
    const before = await matches();
    const unseen = (name: string) => `e2e-${kind}-${name}/1.0`;
    const unversioned = `e2e-${kind}-joiner/v0.0.0 (linux/amd64) kubernetes/$Format`;
    await arrive(firstseen, 6, async () => {
      for (const path of ['/healthz', '/livez?verbose', '/version']) await allowed(unseen('probe'), path);
      await allowed(unversioned);
      expect(await anonymous(unseen('refused'), '/api/v1/secrets')).toBe(403);
      const wrong = { token: 'wrong', userAgent: unseen('unauthenticated') };
      expect((await cluster.server.request(OPEN_PATH, wrong)).status).toBe(401);
    });
    expect(await matches()).toBe(before);
    for (const agent of [unversioned, ...['probe', 'refused', 'unauthenticated'].map(unseen)]) {
      expect({ agent, alerts: await cluster.alertsOf(agent) }).toEqual({ agent, alerts: [] });
    }
  });

  test('a request cannot hide behind the Audit-ID of another', async () => {
    const agent = `e2e-${kind}-hidden/1.0`;
    const reused = { 'audit-id': `11111111-2222-4333-8444-${kind.padEnd(12, '0')}` };
    await arrive(firstseen, 1, () => allowed(agent, '/version', reused));
    expect(await cluster.alertsOf(agent)).toEqual([]);
    await arrive(firstseen, 2, async () => {
      await allowed(agent, OPEN_PATH, reused);
      await allowed(agent, OPEN_PATH, reused);
    });
    await cluster.waitForAlert(agent, { count: 2 });
  });

  test('an exec is one alert, whatever its stages, and one more after it was closed', async () => {
    await arrive(firstseen, 2, exec);
    const { metadata } = await cluster.waitForAlert(execAgent, { count: 1, rule: EXEC_RULE });
    expect(await decisions('opened', EXEC_RULE)).toBe(1);
    expect(await decisions('duplicate', EXEC_RULE)).toBe(1);

    await setPhase(metadata.name, 'Closed');
    const another = await waitFor(
      async () => {
        await exec(); // until the watch has told of the closing
        const alerts = await cluster.alertsOf(execAgent, EXEC_RULE);
        return alerts.find((alert) => alert.metadata.name !== metadata.name);
      },
      { what: 'a second alert after the first was closed', intervalMs: 500 },
    );
    expect(another.status.phase).toBe('Open');
    expect(await cluster.alertsOf(execAgent, EXEC_RULE)).toHaveLength(2);
  });

  test('the count grows, on an acknowledged alert too, which stays acknowledged', async () => {
    const [alert] = await cluster.alertsOf(scanner);
    await setPhase(alert?.metadata.name ?? '', 'Acknowledged');
    await arrive(firstseen, 1, () => allowed(scanner));
    const counted = await cluster.waitForAlert(scanner, { count: 4 });
    expect(counted.status.phase).toBe('Acknowledged');
  });

  test('a deleted alert is not made again', async () => {
    const [alert] = await cluster.alertsOf(scanner);
    await cluster.server.kubectl('delete', 'alert', alert?.metadata.name ?? '');
    const known = await decisions('known');
    await waitFor(
      async () => {
        await arrive(firstseen, 1, () => allowed(scanner)); // attached until the watch has told of the deletion
        return (await decisions('known')) > known;
      },
      { what: 'the agent to be known without an alert' },
    );
    expect(await cluster.alertsOf(scanner)).toEqual([]);
  });

  test('own writes are dropped, and there are no quarantined events and no errors', async () => {
    expect(await firstseen.metric('firstseen_own_writes_dropped_total')).toBeGreaterThan(0);
    expect(await firstseen.metric('firstseen_quarantined_total')).toBe(0);
    expect(await firstseen.metric('firstseen_rule_errors_total')).toBe(0);
    expect(await firstseen.metric('firstseen_dead')).toBe(0);
    expect(await firstseen.metric('firstseen_store_errors_total')).toBe(0);
    const errors = firstseen
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
    expect(errors).toEqual([]);
  });

  async function setPhase(name: string, phase: string): Promise<void> {
    const patch = JSON.stringify({ status: { phase } });
    await cluster.server.kubectl('patch', 'alert', name, '--subresource=status', '--type=merge', '-p', patch);
  }
}
