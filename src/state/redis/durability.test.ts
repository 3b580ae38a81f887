import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportDurability } from './durability.ts';

const server = (config: Record<string, string> | undefined, major: number | undefined = 7) => ({
  name: 'Redis 7.0.15 at redis:6379',
  major,
  config,
  replicas: 1,
});
const always = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' };

test('the sentence says what a crash can lose', () => {
  const sentence = (config: Record<string, string>) => reportDurability(server(config), 'best-effort').sentence;
  assert.equal(
    sentence({ ...always, appendfsync: 'everysec' }),
    'Redis 7.0.15 at redis:6379: append-only file, flushed every second: a crash of its machine may lose about the last ' +
      'second of what was acknowledged',
  );
  assert.match(sentence(always), /before a commit is acknowledged$/);
  assert.match(sentence({ ...always, appendfsync: 'no' }), /when its system chooses/);
  assert.match(sentence({ ...always, appendonly: 'no' }), /no append-only file/);
  assert.match(sentence({ ...always, 'maxmemory-policy': 'allkeys-lru' }), /WARNING: maxmemory-policy allkeys-lru/);
  assert.match(
    reportDurability(server(undefined), { replicated: 2 }).sentence,
    /not be checked.*waits for 2 replicas, WARNING: 1 connected/,
  );
  assert.match(reportDurability(server(always), { replicated: 1 }).sentence, /waits for 1 replica$/);
});

test('a server that is less than demanded, or too old, is refused with the setting to change', () => {
  const refusal = (config: Record<string, string> | undefined) => reportDurability(server(config), 'fsync').refusal;
  assert.match(refusal({ ...always, appendonly: 'no' }) ?? '', /set appendonly yes and appendfsync always/);
  assert.match(
    refusal({ ...always, appendfsync: 'everysec' }) ?? '',
    /has appendfsync everysec.*set appendfsync always/,
  );
  assert.equal(refusal(always), undefined);
  assert.equal(refusal(undefined), undefined);
  assert.match(reportDurability(server(always, 6), 'best-effort').refusal ?? '', /too old.*Redis 7 or Valkey/);
});
