import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import { operationalError } from '../support/expect.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { write } from '../support/state-access.ts';

let server: RedisServer;
let direct: Redis;
let state: RedisState;

beforeAll(async () => {
  server = await startRedis();
  direct = new Redis(server.url);
  state = await connectRedisState(redisStateOptions.parse({ kind: 'redis', url: server.url }));
});

afterAll(async () => {
  await state.close();
  direct.disconnect();
  await server.stop();
});

const counter = { kind: 'addToField', key: 'h', field: 'n', by: 1 } as const;
const due = { kind: 'markDue', sink: 's', alertId: 'a', delayMs: 0 } as const;
const newer = operationalError('store_newer', /"\w+" has schema 2, but this firstseen reads up to 1: run the newer/);

test('a commit leaves its schema, and a token without one is schema 1', async () => {
  await direct.set('fs:{unmarked}:tok', 'no-schema');
  await write(state, 'unmarked', counter);
  expect((await direct.get('fs:{unmarked}:tok')) ?? '').toMatch(/^1\.[0-9a-f-]{36}$/);
});

test('a newer firstseen takes over between the reads and the commit: the older one writes nothing, and is not ready', async () => {
  await write(state, 'upgraded', counter);
  const late = state.update('upgraded', [], (results) => {
    if (results.length > 0) return { kind: 'commit', writes: [counter], result: undefined };
    void direct.set('fs:{upgraded}:tok', '2.newer'); // before the answer to the further read is back
    return { kind: 'need', reads: [{ kind: 'size', key: 'z' }] };
  });
  await expect(late).rejects.toThrow(newer);
  expect(await direct.hget('fs:{upgraded}:h', 'n')).toBe('1');
  await expect(state.ping()).rejects.toThrow(newer);
  await write(state, 'other', counter);
  await direct.set('fs:{upgraded}:tok', '1.back');
  await write(state, 'upgraded', counter);
  await state.ping();
});

test('an older firstseen does not deliver, and so does not bury, what a newer one has written', async () => {
  await write(state, 'delivery', due);
  await direct.hset('fs:{delivery}:alert:a', { spec: 'not JSON', state: 'not JSON', ver: '1' });
  await direct.set('fs:{delivery}:tok', '2.newer');
  await expect(state.claim('delivery', 's', 9, 1_000)).rejects.toThrow(newer);
  expect(await direct.hlen('fs:{delivery}:dead:s')).toBe(0);
  expect(await direct.zcard('fs:{delivery}:due:s')).toBe(1);
});
