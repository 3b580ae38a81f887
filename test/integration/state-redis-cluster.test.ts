import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState } from '../../src/state/redis/redis-state.ts';
import { expectPresent, operationalError } from '../support/expect.ts';
import { commitThroughFailover } from '../support/failover.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { fieldsOf, write } from '../support/state-access.ts';
import { describeState } from '../support/state-suite.ts';

const connect = (nodes: readonly string[], more: object = {}) =>
  connectRedisState(redisStateOptions.parse({ kind: 'redis', cluster: { nodes }, ...more }));

describeState('Redis Cluster', async () => {
  const cluster = await startRedisCluster();
  const state = await connect(cluster.nodes);
  return {
    state,
    async close() {
      await state.close();
      await cluster.stop();
    },
  };
});

describe('Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: true });
  });
  afterAll(() => cluster.stop());

  test('says the durability of every master', async () => {
    const state = await connect(cluster.nodes.slice(0, 1));
    for (const node of cluster.nodes) expect(state.durability).toMatch(new RegExp(`${node}: no append-only file`));
    await state.close();
  });

  test('a master that is less durable than demanded is refused at start', async () => {
    await expect(connect(cluster.nodes, { durability: 'fsync' })).rejects.toThrow(
      operationalError('store_misconfigured'),
    );
  });

  test('a slot that moves is followed, and every commit counts once', async () => {
    const state = await connect(cluster.nodes);
    const from = await cluster.masterOf('fs:{moving}:tok');
    const clients = cluster.servers.slice(0, 3).map(({ url }) => new Redis(url));
    const [source, target] = [clients[from], clients[(from + 1) % 3]];
    expectPresent(source);
    expectPresent(target);
    const slot = Number(await source.call('CLUSTER', 'KEYSLOT', 'fs:{moving}:tok'));
    const ids = [String(await source.call('CLUSTER', 'MYID')), String(await target.call('CLUSTER', 'MYID'))];
    let counted = 0;
    async function count(): Promise<void> {
      await write(state, 'moving', { kind: 'addToField', key: 'h', field: 'n', by: 1 });
      counted += 1;
    }
    await count();

    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[0] ?? '');
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[1] ?? '');
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    const [first = ''] = keys;
    const { port } = target.options;
    await source.call('MIGRATE', '127.0.0.1', String(port), first, 0, 5_000);
    // Half of the keys are here, half there: no commit is possible, and none is half applied.
    await expect(count()).rejects.toThrow(expect.objectContaining({ name: 'OperationalError', retryable: true }));
    for (const key of keys.slice(1)) await source.call('MIGRATE', '127.0.0.1', String(port), key, 0, 5_000);
    for (const client of [target, source, ...clients]) {
      await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[1] ?? '');
    }
    for (let i = 0; i < 20; i++) await count();
    expect(await fieldsOf(state, 'moving', 'h', 'n')).toEqual([String(counted)]);
    for (const client of clients) client.disconnect();
    await state.close();
  });

  test('a master that is killed is replaced by its replica, and nothing is half applied', async () => {
    const state = await connect(cluster.nodes, { durability: { replicated: 1 }, commandTimeoutMs: 2_000 });
    const victim = cluster.servers[await cluster.masterOf('fs:{victim}:tok')];
    // Its replica is alone afterwards, so commits after the failover require less.
    const best = await connect(cluster.nodes, { commandTimeoutMs: 2_000 });
    const replicated = await commitUntilKilled(state);
    const result = await commitThroughFailover(best, 'victim', async () => victim?.kill('SIGKILL'));
    expect(result.halfApplied).toBe(0);
    expect(result.refused).toBeGreaterThan(0);
    expect(result.acknowledged).toBeGreaterThan(0);
    for (const id of replicated) expect(await fieldsOf(best, 'victim', 'replicated', id)).toEqual(['1']);
    await best.close();
    await state.close();
  });
});

/** Commits that a replica holds before they are acknowledged. */
async function commitUntilKilled(state: Awaited<ReturnType<typeof connect>>): Promise<readonly string[]> {
  const ids = Array.from({ length: 50 }, (_, i) => `r${i}`);
  for (const id of ids) {
    await write(state, 'victim', { kind: 'setFields', key: 'replicated', mode: 'set', fields: { [id]: '1' } });
  }
  return ids;
}
