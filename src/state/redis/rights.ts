import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { RedisStateOptions } from '../options.ts';
import { clusterKeys } from './keys.ts';
import { isLoginRefused, isReply } from './redis-error.ts';

/** Every command with a key that the reads and the scripts use. */
const ON_KEYS = [
  ...['get', 'set', 'del', 'exists', 'pttl', 'pexpire', 'persist'],
  ...['sadd', 'smismember'],
  ...['zadd', 'zrem', 'zcard', 'zrange', 'zscore', 'zmscore', 'zremrangebyscore'],
  ...['hset', 'hsetnx', 'hincrby', 'hget', 'hmget', 'hgetall', 'hdel', 'hlen'],
];
const SCRIPT = readFileSync(new URL('./rights.lua', import.meta.url), 'utf8');
const ADVICE = 'give the user the ACL rule in the guide to Redis';

/**
 * Names the missing rights of this connection's user; undefined if none is missing, or the server cannot tell.
 * Source: `redis.acl_check_cmd`, in Redis and Valkey since 7.0.
 */
export async function missingRights(redis: Redis, { keyPrefix }: RedisStateOptions): Promise<string | undefined> {
  const key = clusterKeys(keyPrefix, 'rights').tok;
  try {
    const missing = await redis.eval(SCRIPT, 0, key, ...ON_KEYS);
    if (!Array.isArray(missing) || missing.length === 0) return undefined;
    const where = missing.length === ON_KEYS.length ? 'any command' : missing.join(', ').toUpperCase();
    return `the user may not run ${where} on keys that begin with ${keyPrefix}: ${ADVICE}`;
  } catch (error) {
    if (isLoginRefused(error)) return `the user may not run scripts (${(error as Error).message}): ${ADVICE}`;
    if (isReply(error)) return undefined;
    throw error;
  }
}
