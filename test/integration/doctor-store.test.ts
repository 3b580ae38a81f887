/** Findings of doctor about a real Redis, with several settings, and about SQLite files. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { configSchema } from '../../src/config/schema.ts';
import { storeCheck } from '../../src/doctor/checks/store.ts';
import { subjectOf } from '../support/doctor-subject.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis({
    password: 'p4ssw0rd-p4ssw0rd',
    config: ['maxmemory-policy allkeys-lru', 'user few on >few-few-few-few ~* +@all -time -info'],
  });
});
afterAll(() => redis?.stop());

async function check(state: object, now: () => number = Date.now): Promise<readonly string[]> {
  const configuration = { kind: 'ok', config: configSchema.parse({ state }), from: 'test' } as const;
  const findings = await storeCheck.run(subjectOf({ configuration, now }));
  for (const finding of findings) {
    expect(JSON.stringify(finding)).not.toContain('p4ssw0rd'); // the password is printed
  }
  return findings.map(({ severity, what }) => `${severity}: ${what}`);
}

test('a server that evicts', async () => {
  const [found = ''] = await check({ kind: 'redis', url: redis.url });
  expect(found).toMatch(
    /^warning: Redis 7\..*: no append-only file.*WARNING: maxmemory-policy allkeys-lru would evict/,
  );
});

test('fewer replicas than demanded', async () => {
  const found = await check({ kind: 'redis', url: redis.url, durability: { replicated: 2 } });
  expect(found).toContain('error: state.durability requires 2 replicas, but 0 are connected');
});

test('a clock that differs', async () => {
  const found = await check({ kind: 'redis', url: redis.url }, () => Date.now() - 60 * 60_000);
  expect(found).toContain('warning: the clock of Redis is 60 minutes ahead of this one');
});

test('a state that a newer version has taken over', async () => {
  const client = new Redis(redis.url);
  await client.set('newer:{local}:tok', '7.of-a-newer-version');
  client.disconnect();
  const found = await check({ kind: 'redis', url: redis.url, keyPrefix: 'newer:' });
  expect(found).toContain('error: the state of local has schema 7, but this firstseen reads up to 1');
});

test('a user that may not ask for the time', async () => {
  const url = `redis://few:few-few-few-few@127.0.0.1:${redis.port}`;
  const found = await check({ kind: 'redis', url });
  expect(found).toContain('unchecked: the clock of Redis: its user may not run TIME');
  expect(found.some((line) => line.startsWith('error: '))).toBe(false);
});

test('a login that is refused', async () => {
  const [found = ''] = await check({ kind: 'redis', url: `redis://:wrong@127.0.0.1:${redis.port}` });
  expect(found).toMatch(/^error: Redis at 127\.0\.0\.1:\d+ refuses the login/);
});

test('SQLite: a file that will be made, and is not made by the check', async () => {
  const path = join(createTemporaryFolder('store'), 'state.db');
  expect(await check({ kind: 'sqlite', path })).toEqual([
    `ok: the state file ${path} does not exist yet; firstseen creates it; each commit is flushed to disk before it is acknowledged`,
  ]);
  expect(existsSync(path)).toBe(false);
});

test('SQLite: a folder that is not there, and memory', async () => {
  expect(await check({ kind: 'sqlite', path: '/nonexistent/state.db' })).toEqual([
    'error: the state file /nonexistent/state.db is in a folder that does not exist',
  ]);
  expect(await check({ kind: 'sqlite', path: ':memory:' })).toEqual(['warning: the state is in memory only']);
});
