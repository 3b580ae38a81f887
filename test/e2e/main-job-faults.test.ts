import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANONYMOUS_RULE, type Cluster, OPEN_PATH, redisState, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, type FirstseenOptions, type StateConfig, startFirstseen } from '../support/firstseen.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { type AuditEvent, eventList, type Recorder, startRecorder } from './support/recorder.ts';

/** Milliseconds from the send to the kill: some fall before the commit, some between it and the answer, some after. */
const KILL_AFTER_MS = [0, 2, 5, 12];
/** A delivery that was cut off is left to its lease of 30 s; then kubectl has to show it. */
const LEASE_MS = 120_000;
const PAUSE_MS = 20_000;

let recorder: Recorder;
let cluster: Cluster;
let redis: RedisServer;

beforeAll(async () => {
  recorder = await startRecorder();
  [cluster, redis] = await Promise.all([
    startCluster({ webhookUrl: recorder.url }),
    startRedis({ appendFsync: 'always' }),
  ]);
});
afterAll(async () => {
  await cluster?.server.stop();
  recorder?.stop();
  await redis?.stop();
});

async function start(options: Pick<FirstseenOptions, 'state' | 'hostname' | 'kubeconfig'>): Promise<Firstseen> {
  const { kubeconfig, certificates } = cluster;
  const firstseen = await startFirstseen({ kubeconfig, certificates, ...options });
  onTestEnd(() => firstseen.stop());
  return firstseen;
}

/**
 * Makes the API server audit an allowed anonymous request of each agent, and gives the events of each.
 *
 * @param nth how many requests of these agents there have been, with this one; the earlier ones are given as well
 */
function requestsOf(agents: readonly string[], nth = 1): Promise<(readonly AuditEvent[])[]> {
  return Promise.all(
    agents.map(async (userAgent) => {
      expect((await cluster.server.anonymous(OPEN_PATH, { userAgent })).status).toBe(200);
      return recorder.eventsOf(userAgent, nth);
    }),
  );
}

function decisions(firstseen: Firstseen, outcome: string): Promise<number> {
  return firstseen.metric('firstseen_decisions_total', { rule: ANONYMOUS_RULE, outcome });
}

async function oneAlertEach(agents: readonly string[], count: number): Promise<void> {
  for (const agent of agents) await cluster.waitForAlert(agent, { count, timeoutMs: LEASE_MS });
}

describe('firstseen is killed, its sink is held up, it has a twin', () => {
  const stores: readonly (readonly [name: string, state: (database: number) => StateConfig])[] = [
    ['SQLite', sqliteState],
    ['Redis', (database) => redisState(redis, database)],
  ];
  for (const [index, [name, state]] of stores.entries()) {
    const agent = (suffix: string) => `${name}-${suffix}/1.0`;

    test(`${name}: a SIGKILL before the answer is read, and the batch again: one alert each`, async () => {
      const firstseen = await start({ state: state(3 * index) });
      const agents = KILL_AFTER_MS.map((delay) => agent(`killed-after-${delay}`));
      const batches = (await requestsOf(agents)).map(eventList);
      for (const [round, batch] of batches.entries()) {
        const giveUp = await firstseen.postUnanswered(batch);
        await sleep(KILL_AFTER_MS[round]);
        await firstseen.kill();
        giveUp();
        await firstseen.start();
        expect(await firstseen.post(batch)).toBe(200);
        expect(await decisions(firstseen, 'attached')).toBe(0); // counted a second time
      }
      await oneAlertEach(agents, 1);
    });

    test(`${name}: a SIGKILL after the commit, and between batches: one alert each`, async () => {
      const firstseen = await start({ state: state(3 * index + 1) });
      const agents = [agent('committed'), agent('before'), agent('after')];
      const [committed = '', before = '', last = ''] = (await requestsOf(agents)).map(eventList);
      const giveUp = await firstseen.postUnanswered(committed);
      await waitFor(async () => (await decisions(firstseen, 'opened')) === 1, { what: 'the commit', intervalMs: 1 });
      await firstseen.kill();
      giveUp();
      await firstseen.start();
      expect(await firstseen.post(committed)).toBe(200);
      expect(await decisions(firstseen, 'duplicate')).toBe(1);
      expect(await decisions(firstseen, 'opened')).toBe(0);

      expect(await firstseen.post(before)).toBe(200);
      await firstseen.kill();
      await firstseen.start();
      expect(await firstseen.post(last)).toBe(200);
      await oneAlertEach(agents, 1);
    });

    test(`${name}: the API of the sink does not answer for 20 s: nothing lost, nothing doubled`, async () => {
      const proxy = await startTcpProxy({ port: cluster.server.port });
      onTestEnd(() => proxy.stop());
      const firstseen = await start({ state: state(3 * index + 2), kubeconfig: cluster.kubeconfigVia(proxy.port) });
      const agents = ['a', 'b', 'c', 'd'].map((suffix) => agent(`held-up-${suffix}`));
      const batches = (await requestsOf(agents)).map(eventList);
      const [first = '', ...rest] = agents;
      const [firstBatch = '', ...others] = batches;
      expect(await firstseen.post(firstBatch)).toBe(200);
      await cluster.waitForAlert(first, { count: 1 });

      proxy.pause();
      for (const batch of others) expect(await firstseen.post(batch)).toBe(200);
      const [again = ''] = (await requestsOf([first], 2)).map(eventList);
      expect(await firstseen.post(again)).toBe(200);
      await sleep(PAUSE_MS);
      for (const late of rest) expect(await cluster.alertsOf(late)).toEqual([]);
      expect(await firstseen.metric('firstseen_delivery_failures_total', { sink: 'alert' })).toBeGreaterThan(0);

      proxy.resume();
      await oneAlertEach(rest, 1);
      await oneAlertEach([first], 2);
      await waitFor(async () => (await firstseen.metric('firstseen_due')) === 0, {
        what: 'nothing to be due any more',
        timeoutMs: LEASE_MS,
      });
      await oneAlertEach(rest, 1);
      expect(await firstseen.metric('firstseen_dead')).toBe(0);
    });
  }

  test('two replicas that are fed the same batches give one alert each', async () => {
    const state = redisState(redis, 8);
    const twins = await Promise.all([start({ state, hostname: 'twin-a' }), start({ state, hostname: 'twin-b' })]);
    const agents = Array.from({ length: 12 }, (_, index) => `twin-${index}/1.0`);
    const requests = await requestsOf(agents);
    const batches = [eventList(requests.flat()), ...requests.map(eventList)];
    const sent = twins.flatMap((twin) => batches.map((batch) => twin.post(batch)));
    expect([...new Set(await Promise.all(sent))]).toEqual([200]);
    const sum = async (outcome: string) =>
      (await Promise.all(twins.map((twin) => decisions(twin, outcome)))).reduce((total, count) => total + count);
    expect(await sum('opened')).toBe(agents.length);
    expect(await sum('duplicate')).toBe(3 * agents.length);
    await oneAlertEach(agents, 1);

    const repeats = (await requestsOf(agents, 2)).map(eventList);
    const once = repeats.map((batch, index) => twins[index % 2]?.post(batch));
    expect([...new Set(await Promise.all(once))]).toEqual([200]);
    await oneAlertEach(agents, 2);
  });
});
