import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { StateWrite } from '../../src/rules/state.ts';
import { type RedisStateOptions, redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import type { StateObserver } from '../../src/state/state-observer.ts';
import { expectPresent, operationalError } from '../support/expect.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { fieldsOf, write } from '../support/state-access.ts';
import { describeState } from '../support/state-suite.ts';
import { waitFor } from '../support/wait.ts';

type Given = Omit<Partial<RedisStateOptions>, 'kind'> & { readonly url: string };

function connect(given: Given, observe?: StateObserver): Promise<RedisState> {
  const options = redisStateOptions.parse({ kind: 'redis', ...given });
  return connectRedisState(options, observe === undefined ? {} : { observe });
}

const increment = (state: RedisState, cluster: string) =>
  state.update(cluster, [{ kind: 'fields', key: 'h', fields: ['n'] }], ([result]) => {
    const n = Number(result?.kind === 'fields' ? (result.values[0] ?? 0) : 0) + 1;
    return {
      kind: 'commit',
      writes: [{ kind: 'setFields', key: 'h', mode: 'set', fields: { n: String(n) } }],
      result: n,
    };
  });

const counter: StateWrite = { kind: 'addToField', key: 'h', field: 'n', by: 1 };

describeState('Redis', async () => {
  const server = await startRedis();
  const state = await connect({ url: server.url });
  return {
    state,
    async close() {
      await state.close();
      await server.stop();
    },
  };
});

describe('Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ appendFsync: 'everysec' });
  });
  afterAll(() => server.stop());

  test('replicas that change one cluster at once lose nothing', async () => {
    const clusters = ['one', 'two'];
    let conflicts = 0;
    const observe = {
      update() {},
      conflict() {
        conflicts += 1;
      },
    };
    const replicas = [await connect({ url: server.url }, observe), await connect({ url: server.url }, observe)];
    async function work(state: RedisState): Promise<void> {
      for (let i = 0; i < 200; i++) await Promise.all(clusters.map((cluster) => increment(state, cluster)));
    }
    await Promise.all(replicas.map(work));
    for (const [i, cluster] of clusters.entries()) {
      const state = replicas[i];
      expectPresent(state);
      expect(await fieldsOf(state, cluster, 'h', 'n')).toEqual(['400']);
    }
    expect(conflicts).toBeGreaterThan(0); // they met
    for (const state of replicas) await state.close();
  });

  test('a cluster that others change again and again is a conflict, and nothing is written', async () => {
    const state = await connect({ url: server.url });
    const other = new Redis(server.url);
    await other.ping();
    let runs = 0;
    const contended = state.update('contended', [], (results) => {
      if (results.length > 0) return { kind: 'commit', writes: [counter], result: undefined };
      runs += 1;
      void other.set('fs:{contended}:tok', String(runs)); // before the answer to the further read is back
      return { kind: 'need', reads: [{ kind: 'size', key: 'z' }] };
    });
    await expect(contended).rejects.toThrow(operationalError('store_conflict', /"contended" 9 times/));
    expect(runs).toBe(9);
    expect(await fieldsOf(state, 'contended', 'h', 'n')).toEqual([undefined]);
    await other.quit();
    await state.close();
  });

  test('a node of Redis Cluster takes every script: all keys of a cluster are in one slot', async () => {
    const node = await startRedis({ config: ['cluster-enabled yes'] });
    const redis = new Redis(node.url);
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitFor(async () => /cluster_state:ok/.test(String(await redis.call('CLUSTER', 'INFO'))), {
      what: 'the slots',
    });
    const state = await connect({ url: node.url });
    const fields = { spec: '{}', state: '{}', ver: '1' };
    const opening: readonly StateWrite[] = [
      { kind: 'setFields', key: 'alert:a', mode: 'set', fields },
      { kind: 'markDue', sink: 's', alertId: 'a', delayMs: 0 },
    ];
    await write(state, 'a}b', ...opening);
    expect(await state.claim('a}b', 's', 9, 1_000)).toHaveLength(1);
    await state.retry('a}b', 's', 'a', 0);
    await state.bury('a}b', 's', 'a', 'reason');
    await state.done('a}b', 's', 'a', 1, 0);
    expect(await state.depth('a}b', 's')).toEqual({ due: 0, oldestMs: 0, dead: 0 });
    expect(await state.lease('a}b', 'watch', 'me', 1_000)).toBe(true);
    await redis.quit();
    await state.close();
    await node.stop();
  });

  test('every key begins with the prefix and the cluster as hash tag', async () => {
    const state = await connect({ url: server.url, keyPrefix: 'other:' });
    await write(state, 'c', { kind: 'addMembers', key: 'done:1', members: ['m'] });
    await state.lease('c', 'watch', 'me', 60_000);
    const redis = new Redis(server.url);
    const keys = await redis.keys('other:*');
    expect(keys.sort()).toEqual(['other:{c}:done:1', 'other:{c}:lease:watch', 'other:{c}:tok']);
    await redis.quit();
    await state.close();
  });
});
