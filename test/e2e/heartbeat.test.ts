import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { freePort } from '../support/ports.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

let proxy: TcpProxy;
let cluster: Cluster;
let firstseen: Firstseen;

beforeAll(async () => {
  const port = await freePort();
  proxy = await startTcpProxy({ port });
  const webhookUrl = `http://127.0.0.1:${proxy.port}/audit`;
  cluster = await startCluster({ webhookUrl, auditPolicyFile: 'deploy/audit-policy.yaml' });
  const config = { heartbeat: { enabled: true, interval: '10s' } };
  firstseen = await startFirstseen({ state: sqliteState(), kubeconfig: cluster.kubeconfig, port, config });
});
afterAll(async () => {
  await cluster?.server.stop();
  await firstseen?.stop();
  await proxy?.stop();
});

const beats = (outcome: string) => firstseen.metric('firstseen_heartbeats_total', { cluster: 'local', outcome });
const lastSeen = () => firstseen.metric('firstseen_heartbeat_last_seen_timestamp_seconds', { cluster: 'local' });

/** Waits until a counter has grown by so many. */
async function more(outcome: string, by: number): Promise<void> {
  const begun = await beats(outcome);
  await waitFor(async () => (await beats(outcome)) >= begun + by, {
    what: `${by} more heartbeats to be ${outcome}`,
  });
}

test('it goes out through the API server and comes back as an audit event, with the shipped policy', async () => {
  const begun = Date.now() / 1_000;
  await more('seen', 2);
  expect(await lastSeen()).toBeGreaterThanOrEqual(begun);
  expect(await firstseen.metric('firstseen_heartbeat_round_trip_seconds')).toBeGreaterThan(0);
  expect(await beats('failed')).toBe(0);
  expect(await firstseen.metric('firstseen_lease_held')).toBe(1);
});

test('while the webhook is cut off its age grows, and goes back when it is there again', async () => {
  proxy.pause();
  await more('sent', 1); // what was under way has arrived by now
  const before = await lastSeen();
  await more('sent', 2);
  expect(await lastSeen()).toBe(before);
  proxy.resume();
  await waitFor(async () => (await lastSeen()) > before, { what: 'a heartbeat to come back' });
});
