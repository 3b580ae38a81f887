import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState } from '../../src/state/redis/redis-state.ts';
import { commitThroughFailover } from '../support/failover.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';

describe('Redis Sentinel', () => {
  let redis: RedisSentinel;
  before(async () => {
    redis = await startRedisSentinel();
  });
  after(() => redis.stop());

  const connect = (password: string, more: object = {}) => {
    const sentinel = { name: redis.name, nodes: redis.nodes, password };
    return connectRedisState(redisStateOptions.parse({ kind: 'redis', sentinel, ...more }));
  };

  test('sentinels that refuse the login leave the store away, and it says why', async () => {
    const state = await connect('wrong', { connectTimeoutMs: 1_000 });
    await assert.rejects(state.ping(), { code: 'store_unavailable', message: /sentinels.*is away/i });
    await state.close();
  });

  test('the master is killed: commits fail retryably, go on at the new one, and what a replica held is there', async (t) => {
    const state = await connect(redis.sentinelPassword, { durability: { replicated: 1 }, commandTimeoutMs: 2_000 });
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
    assert.equal(result.lost, 0);
    await state.close();
  });
});
