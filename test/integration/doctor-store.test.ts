/** What doctor says of a real Redis, as it is configured and as it is demanded to be; and of files of SQLite. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { configSchema } from '../../src/config/schema.ts';
import { storeCheck } from '../../src/doctor/checks/store.ts';
import { subjectOf } from '../support/doctor-subject.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let redis: RedisServer;

before(async () => {
  redis = await startRedis({
    password: 'p4ssw0rd-p4ssw0rd',
    config: ['maxmemory-policy allkeys-lru', 'user few on >few-few-few-few ~* +@all -time -info'],
  });
});
after(() => redis?.stop());

async function check(state: object, now: () => number = Date.now): Promise<readonly string[]> {
  const configuration = { kind: 'ok', config: configSchema.parse({ state }), from: 'test' } as const;
  const findings = await storeCheck.run(subjectOf({ configuration, now }));
  for (const finding of findings) assert.ok(!JSON.stringify(finding).includes('p4ssw0rd'), 'the password is printed');
  return findings.map(({ severity, what }) => `${severity}: ${what}`);
}

test('a server that evicts', async () => {
  const [found = ''] = await check({ kind: 'redis', url: redis.url });
  assert.match(found, /^warning: Redis 7\..*: no append-only file.*WARNING: maxmemory-policy allkeys-lru would evict/);
});

test('fewer replicas than demanded', async () => {
  const found = await check({ kind: 'redis', url: redis.url, durability: { replicated: 2 } });
  assert.ok(found.includes('error: state.durability demands 2 replicas, and 0 are connected'), found.join('\n'));
});

test('a clock that differs', async () => {
  const found = await check({ kind: 'redis', url: redis.url }, () => Date.now() - 60 * 60_000);
  assert.ok(found.includes('warning: the clock of Redis is 60 minutes ahead of this one'), found.join('\n'));
});

test('a state that a newer version has taken over', async () => {
  const client = new Redis(redis.url);
  await client.set('newer:{local}:tok', '7.of-a-newer-version');
  client.disconnect();
  const found = await check({ kind: 'redis', url: redis.url, keyPrefix: 'newer:' });
  assert.ok(
    found.includes('error: the state of local is in schema 7, and this firstseen reads up to 1'),
    found.join('\n'),
  );
});

test('a user that may not ask for the time', async () => {
  const url = `redis://few:few-few-few-few@127.0.0.1:${redis.port}`;
  const found = await check({ kind: 'redis', url });
  assert.ok(found.includes('unchecked: the clock of Redis: its user may not ask for the time'), found.join('\n'));
  assert.ok(!found.some((line) => line.startsWith('error: ')), found.join('\n'));
});

test('a login that is refused', async () => {
  const [found = ''] = await check({ kind: 'redis', url: `redis://:wrong@127.0.0.1:${redis.port}` });
  assert.match(found, /^error: Redis at 127\.0\.0\.1:\d+ refuses the login/);
});

test('SQLite: a file that will be made, and is not made by the check', async () => {
  const path = join(createTemporaryFolder('store'), 'state.db');
  assert.deepEqual(await check({ kind: 'sqlite', path }), [
    `ok: the state file ${path} is not there yet, and will be made; every commit is flushed to the disk before it is acknowledged`,
  ]);
  assert.equal(existsSync(path), false);
});

test('SQLite: a folder that is not there, and memory', async () => {
  assert.deepEqual(await check({ kind: 'sqlite', path: '/nonexistent/state.db' }), [
    'error: the state file /nonexistent/state.db is in a folder that does not exist',
  ]);
  assert.deepEqual(await check({ kind: 'sqlite', path: ':memory:' }), ['warning: the state is kept in memory only']);
});
