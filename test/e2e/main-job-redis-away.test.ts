import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { arrivals, type Cluster, OPEN_PATH, redisState, startCluster } from '../support/cluster.ts';
import type { Firstseen } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

const PAUSE_MS = 20_000;

let cluster: Cluster;
let redis: RedisServer;
let proxy: TcpProxy;
let firstseen: Firstseen;

beforeAll(async () => {
  [cluster, redis] = await Promise.all([startCluster(), startRedis({ appendFsync: 'everysec' })]);
  proxy = await startTcpProxy(redis);
  firstseen = await cluster.startFirstseen(redisState(proxy));
});
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
  await proxy?.stop();
  await redis?.stop();
});

test('Redis does not answer for 20 s while the API server sends: nothing lost, nothing doubled', async () => {
  const request = async (userAgent: string) => {
    expect((await cluster.server.anonymous(OPEN_PATH, { userAgent })).status).toBe(200);
  };
  await request('e2e-before/1.0');
  await cluster.waitForAlert('e2e-before/1.0', { count: 1 });

  const begun = await arrivals(firstseen);
  const agents = ['e2e-a/1.0', 'e2e-b/1.0', 'e2e-c/1.0'];
  proxy.pause();
  const pause = sleep(PAUSE_MS);
  for (const agent of agents) await request(agent);
  await waitFor(async () => (await firstseen.metric('firstseen_batches_total', { code: '503' })) > 0, {
    what: 'a batch to be refused',
  });
  for (const agent of [...agents, 'e2e-before/1.0']) await request(agent);
  expect((await fetch(`${firstseen.opsUrl}/readyz`)).status).toBe(200);
  await pause;

  proxy.resume();
  const expected = 2 * agents.length + 1;
  await waitFor(async () => (await arrivals(firstseen)) >= begun + expected, {
    what: 'all requests to arrive',
  });
  const counted = [...agents, 'e2e-before/1.0'];
  for (const agent of counted) await cluster.waitForAlert(agent, { count: 2 });
  expect(await firstseen.metric('firstseen_dead')).toBe(0);
  expect(await firstseen.metric('firstseen_store_errors_total', { code: 'store_unavailable' })).toBeGreaterThan(0);
});
