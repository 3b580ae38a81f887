import { expect, test } from '@jest/globals';
import { reportDurability } from './durability.ts';

const server = (config: Record<string, string> | undefined, major: number | undefined = 7) => ({
  name: 'Redis 7.0.15 at redis:6379',
  major,
  config,
  replicas: 1,
});
const always = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' };

test('describes what a crash can lose', () => {
  const sentence = (config: Record<string, string>) => reportDurability(server(config), 'best-effort').sentence;
  expect(sentence({ ...always, appendfsync: 'everysec' })).toBe(
    'Redis 7.0.15 at redis:6379: append-only file, flushed every second: a crash of its machine may lose acknowledged ' +
      'commits of about the last second',
  );
  expect(sentence(always)).toMatch(/before a commit is acknowledged$/);
  expect(sentence({ ...always, appendfsync: 'no' })).toMatch(/flushed by its operating system/);
  expect(sentence({ ...always, appendonly: 'no' })).toMatch(/no append-only file/);
  expect(sentence({ ...always, 'maxmemory-policy': 'allkeys-lru' })).toMatch(/WARNING: maxmemory-policy allkeys-lru/);
  expect(reportDurability(server(undefined), { replicated: 2 }).sentence).toMatch(
    /durability is unknown.*waits for 2 replicas, WARNING: only 1 connected/,
  );
  expect(reportDurability(server(always), { replicated: 1 }).sentence).toMatch(/waits for 1 replica$/);
});

test('refuses a server that is less durable than required or too old, and names the setting', () => {
  const refusal = (config: Record<string, string> | undefined) => reportDurability(server(config), 'fsync').refusal;
  expect(refusal({ ...always, appendonly: 'no' }) ?? '').toMatch(/set appendonly yes and appendfsync always/);
  expect(refusal({ ...always, appendfsync: 'everysec' }) ?? '').toMatch(
    /has appendfsync everysec.*set appendfsync always/,
  );
  expect(refusal(always)).toBeUndefined();
  expect(refusal(undefined)).toBeUndefined();
  expect(reportDurability(server(always, 6), 'best-effort').refusal ?? '').toMatch(/too old.*Redis 7 or Valkey/);
});
