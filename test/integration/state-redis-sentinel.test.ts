import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
    test(`the master is killed under ${named}: commits fail retryably, and go on at the new one`, async () => {
      const refused = await connect('wrong', { connectTimeoutMs: 1_000 });
      await expect(refused.ping()).rejects.toThrow(
        expect.objectContaining({ code: 'store_unavailable', message: expect.stringMatching(/sentinels.*is away/i) }),
      );
      await refused.close();

      const state = await connect(redis.sentinelPassword, { durability, commandTimeoutMs: 2_000 });
      const before = await redis.master();
      expect(state.durability).toMatch(new RegExp(`127.0.0.1:${before}`));
      const result = await commitThroughFailover(state, 'c', async () => {
        await redis.servers.find(({ port }) => port === before)?.kill('SIGKILL');
      });
      expect(await redis.master()).not.toBe(before);
      expect(state.durability).toMatch(new RegExp(`127.0.0.1:${await redis.master()}`));
      expect(result.refused).toBeGreaterThan(0);
      expect(result.halfApplied).toBe(0);
      if (durability !== 'best-effort') {
        expect(result.lost).toBe(0); // a replica held what was acknowledged
      }
      await state.close();
    });
  }
});
