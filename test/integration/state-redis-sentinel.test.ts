import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState } from '../../src/state/redis/redis-state.ts';
import { commitThroughFailover } from '../support/failover.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';

describe('Redis Sentinel', () => {
  let redis: RedisSentinel;
  beforeEach(async () => {
    redis = await startRedisSentinel();
  });
  afterEach(() => redis.stop());

  const connect = (password: string, more: object = {}) => {
    const sentinel = { name: redis.name, nodes: redis.nodes, password };
    return connectRedisState(redisStateOptions.parse({ kind: 'redis', sentinel, ...more }));
  };

  for (const durability of ['best-effort', { replicated: 1 }] as const) {
    const named = JSON.stringify(durability);
    test(`the master is killed under ${named}: commits fail retryably, and go on at the new one`, async (t) => {
      const refused = await connect('wrong', { connectTimeoutMs: 1_000 });
      await assert.rejects(refused.ping(), { code: 'store_unavailable', message: /sentinels.*is away/i });
      await refused.close();

      const state = await connect(redis.sentinelPassword, { durability, commandTimeoutMs: 2_000 });
      const before = await redis.master();
      assert.match(state.durability, new RegExp(`127.0.0.1:${before}`));
      const result = await commitThroughFailover(state, 'c', async () => {
        await redis.servers.find(({ port }) => port === before)?.kill('SIGKILL');
      });
      t.diagnostic(JSON.stringify(result));
      assert.notEqual(await redis.master(), before);
      assert.match(state.durability, new RegExp(`127.0.0.1:${await redis.master()}`));
      assert.ok(result.refused > 0);
      assert.equal(result.halfApplied, 0);
      if (durability !== 'best-effort') assert.equal(result.lost, 0, 'a replica held what was acknowledged');
      await state.close();
    });
  }
});
