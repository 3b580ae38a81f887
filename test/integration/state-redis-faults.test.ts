import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { StateWrite } from '../../src/rules/state.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { type RedisStateOptions, redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import { createCertificateAuthority } from '../support/certificates.ts';
import { operationalError } from '../support/expect.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { entriesOf, fieldsOf, write } from '../support/state-access.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

type Given = Omit<Partial<RedisStateOptions>, 'kind'> & { readonly url: string };

/** What the test in hand has opened. */
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function connect(given: Given): Promise<RedisState> {
  const state = await connectRedisState(redisStateOptions.parse({ kind: 'redis', ...given }));
  opened.push(() => state.close());
  return state;
}

async function start(options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  const server = await startRedis(options);
  opened.push(() => server.stop());
  return server;
}

/** A connection of the test's own. */
function connectDirectly(server: RedisServer): Redis {
  const redis = new Redis(server.url);
  opened.push(() => redis.disconnect());
  return redis;
}

const counter: StateWrite = { kind: 'addToField', key: 'h', field: 'n', by: 1 };
/** The connection has its time limit for a handshake, too: a busy machine may need more than one before it fails for the reason. */
const failsToAnswer = (state: RedisState, pattern: RegExp) =>
  waitFor(
    () =>
      expect(state.ping())
        .rejects.toThrow(operationalError('store_unavailable', pattern))
        .then(() => true),
    {
      what: `Redis to be away for ${pattern}`,
    },
  );
const answers = (state: RedisState) => waitFor(() => state.ping().then(() => true), { what: 'Redis to answer' });

/** One commit over several keys of every type, whose traces must all be there or none. */
function manyKeys(id: string, i: number): readonly StateWrite[] {
  return [
    { kind: 'setFields', key: `alert:${id}`, mode: 'set', fields: { spec: '{}', state: 'x'.repeat(500), ver: '1' } },
    { kind: 'setScores', key: 'alerts', mode: 'set', entries: [{ member: id, score: i }] },
    { kind: 'markDue', sink: 's', alertId: id, delayMs: 0 },
    { kind: 'addToField', key: 'rule', field: 'matches', by: 1 },
    { kind: 'addMembers', key: 'done', members: [id], keepMs: 3_600_000 },
  ];
}

/** How many of the traces of each commit are there. */
async function tracesOf(state: RedisState, ids: readonly string[]): Promise<readonly number[]> {
  const keys = ['alerts', stateKeys.due('s')];
  const reads = [
    ...keys.map((key) => ({ kind: 'scores', key, members: ids }) as const),
    { kind: 'members', key: 'done', members: ids } as const,
    ...ids.map((id) => ({ kind: 'fields', key: `alert:${id}`, fields: ['ver'] }) as const),
  ];
  return state.update('c', reads, ([alerts, due, done, ...records]) => ({
    kind: 'commit',
    writes: [],
    result: ids.map(
      (_id, i) =>
        Number(alerts?.kind === 'scores' && alerts.scores[i] !== undefined) +
        Number(due?.kind === 'scores' && due.scores[i] !== undefined) +
        Number(done?.kind === 'members' && done.present[i]) +
        Number(records[i]?.kind === 'fields' && records[i].values[0] === '1'),
    ),
  }));
}

const ROUNDS = 10;
/** So many commits are acknowledged before Redis is killed again. */
const EACH_ROUND = 20;

describe('Redis that fails', () => {
  test('killed in the middle of many commits, ten times: what was acknowledged is there, and nothing by half', async () => {
    const server = await start({ appendFsync: 'always' });
    const state = await connect({ url: server.url, durability: 'fsync' });
    const acknowledged = new Set<string>();
    const unknown = new Set<string>();
    let count = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let running = true;
      const writers = Array.from({ length: 4 }, async () => {
        while (running) {
          count += 1;
          const id = `alert-${count}`;
          await write(state, 'c', ...manyKeys(id, count)).then(
            () => acknowledged.add(id),
            (error) => {
              expect(error).toEqual(operationalError('store_unavailable'));
              unknown.add(id);
              running = false;
            },
          );
        }
      });
      const enough = acknowledged.size + EACH_ROUND;
      await waitFor(() => acknowledged.size >= enough, { what: 'commits', intervalMs: 1 });
      // In each round at another moment of the commits under way.
      await sleep(round);
      await server.kill('SIGKILL');
      await Promise.all(writers);
      await server.restart();
      await answers(state);
    }
    const kept = await tracesOf(state, [...acknowledged]);
    expect(unknown.size).toBeGreaterThanOrEqual(ROUNDS); // each time a commit was under way
    expect(kept.every((traces) => traces === 4)).toBe(true);
    const half = await tracesOf(state, [...unknown]);
    expect(half.every((traces) => traces === 0 || traces === 4)).toBe(true);
    const applied = acknowledged.size + half.filter((traces) => traces === 4).length;
    expect(await fieldsOf(state, 'c', 'rule', 'matches')).toEqual([String(applied)]);
  });

  test('paused for longer than a command may take: rejects in time, then works, and has lost nothing', async () => {
    const server = await start();
    const state = await connect({ url: server.url, commandTimeoutMs: 300 });
    await write(state, 'c', counter);
    await server.kill('SIGSTOP');
    const began = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => write(state, 'c', counter)));
    // One after another they would take 30 s.
    expect(performance.now() - began).toBeLessThan(15_000); // one that waits its turn fails with the first
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      expect(outcome).toEqual({ status: 'rejected', reason: operationalError('store_unavailable', /is away/) });
    }
    await sleep(500);
    await server.kill('SIGCONT');
    await answers(state);
    const [before] = await fieldsOf(state, 'c', 'h', 'n');
    await write(state, 'c', counter);
    const [afterwards] = await fieldsOf(state, 'c', 'h', 'n');
    expect(Number(before)).toBeGreaterThanOrEqual(1);
    expect(Number(afterwards)).toBe(Number(before) + 1);
  });

  test('a commit that the server comes to late is refused once another one has been made', async () => {
    const server = await start();
    const [slow, quick] = [await connect({ url: server.url }), await connect({ url: server.url })];
    await write(quick, 'c', counter);
    const redis = connectDirectly(server);
    const tok = await redis.get('fs:{c}:tok');
    await write(slow, 'c', counter);
    const late = ['fs:{c}:tok', 'fs:{c}:h', tok ?? '', 'late', 'HINCRBY', '', '2', 'never', '2', 'n', '1'];
    const answer = await redis.eval(readFileSync('src/state/redis/commit.lua', 'utf8'), 2, ...late);
    expect(answer).toBe(await redis.get('fs:{c}:tok'));
    expect(await fieldsOf(quick, 'c', 'h', 'n')).toEqual(['2']);
  });

  test('out of memory: store_full, nothing half written, and deliveries go on', async () => {
    const server = await start();
    const state = await connect({ url: server.url });
    await write(state, 'c', ...manyKeys('first', 1));
    const redis = connectDirectly(server);
    await redis.config('SET', 'maxmemory', '1');
    await expect(write(state, 'c', ...manyKeys('second', 2))).rejects.toThrow(operationalError('store_full'));
    expect(await tracesOf(state, ['first', 'second'])).toEqual([4, 0]);
    const claims = await state.claim('c', 's', 10, 10_000);
    expect(claims.map(({ alert }) => alert.id)).toEqual([]); // the state of this alert is not JSON
    expect((await state.depth('c', 's')).dead).toBe(1);
    await redis.config('SET', 'maxmemory', '0');
    await write(state, 'c', ...manyKeys('second', 2));
    expect(await tracesOf(state, ['second'])).toEqual([4]);
  });

  test('away at start: comes up without, says so, and works once the server is there', async () => {
    const server = await start({ appendFsync: 'always' });
    await server.kill('SIGKILL');
    const state = await connect({ url: server.url, connectTimeoutMs: 200 });
    expect(state.durability).toMatch(/has not answered yet/);
    await failsToAnswer(state, /ECONNREFUSED/);
    await expect(write(state, 'c', counter)).rejects.toThrow(operationalError('store_unavailable'));
    await server.restart();
    await answers(state);
    expect(state.durability).toMatch(/flushed to disk before/);
    await write(state, 'c', counter);
    await state.close();
    await expect(state.ping()).rejects.toThrow(operationalError('store_unavailable', /closed/));
  });

  test('one that never answers does not hold up start or close', async () => {
    const state = await connect({ url: `redis://127.0.0.1:${await freePort()}`, connectTimeoutMs: 100 });
    await expect(state.claim('c', 's', 1, 1_000)).rejects.toThrow(operationalError('store_unavailable'));
    await state.close();
  });
});

describe('Redis that is not as it should be', () => {
  test('over TLS: with our authority and client certificate, else a reason', async () => {
    const folder = createTemporaryFolder('redis-tls');
    const authority = await createCertificateAuthority(folder, 'authority');
    const served = await authority.server('redis');
    const client = await authority.client('firstseen');
    const port = await freePort();
    const files = [`tls-cert-file ${served.certFile}`, `tls-key-file ${served.keyFile}`];
    await start({ config: [`tls-port ${port}`, ...files, `tls-ca-cert-file ${authority.certFile}`] });
    const tls = { caFile: authority.certFile, certFile: client.certFile, keyFile: client.keyFile };
    for (const host of ['127.0.0.1', 'localhost']) {
      const state = await connect({ url: `rediss://${host}:${port}`, tls });
      await write(state, 'c', counter);
    }
    const url = `rediss://127.0.0.1:${port}`;
    const untrusting = await connect({ url, connectTimeoutMs: 300 });
    await failsToAnswer(untrusting, /certificate/);
    const missing = connect({ url, tls: { ...tls, caFile: join(folder, 'missing.crt') } });
    await expect(missing).rejects.toThrow(operationalError('store_misconfigured', /missing\.crt/));
  });

  test('a wrong password, or none, is said at start, and never shown', async () => {
    const server = await start({ password: 'right' });
    const url = `redis://127.0.0.1:${server.port}`;
    for (const given of [{ url }, { url, password: 'wrong-secret' }, { url, username: 'nobody', password: 'right' }]) {
      await expect(connect(given)).rejects.toThrow(
        operationalError('store_misconfigured', /^(?!.*secret).*refuses the login.*check username and password/),
      );
    }
    const state = await connect({ url: server.url });
    await state.ping();
  });

  test('says how durable it is, warns of eviction, and refuses less than is demanded', async () => {
    const server = await start({ appendFsync: 'everysec' });
    const redis = connectDirectly(server);
    await expect(connect({ url: server.url, durability: 'fsync' })).rejects.toThrow(
      operationalError('store_misconfigured', /set appendfsync always/),
    );
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const state = await connect({ url: server.url });
    expect(state.durability).toMatch(/^Redis 7.*flushed every second.*WARNING: maxmemory-policy allkeys-lru/);
    await redis.config('SET', 'appendfsync', 'always');
    const durable = await connect({ url: server.url, durability: 'fsync' });
    await write(durable, 'c', counter);
    await redis.acl('SETUSER', 'limited', 'on', '>pw', '~*', '+@all', '-config');
    const limited = await connect({ url: server.url, username: 'limited', password: 'pw', durability: 'fsync' });
    expect(limited.durability).toMatch(/its durability is unknown/);
    await write(limited, 'c', counter);
  });

  test('one that comes back less durable than demanded is not used', async () => {
    const server = await start({ appendFsync: 'always' });
    const state = await connect({ url: server.url, durability: 'fsync' });
    await write(state, 'c', counter);
    const redis = connectDirectly(server);
    await redis.config('SET', 'appendfsync', 'no');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const refused = await waitFor(
      () =>
        write(state, 'c', counter).then(
          () => undefined,
          (error) => /set appendfsync always/.test(String(error)) && error,
        ),
      { what: 'the refusal' },
    );
    expect(refused).toEqual(operationalError('store_unavailable'));
  });

  test('a commit waits for its replicas, and is not acknowledged without them', async () => {
    const server = await start();
    const replica = await start({ config: [`replicaof 127.0.0.1 ${server.port}`] });
    const url = server.url;
    const state = await connect({ url, durability: { replicated: 1 }, commandTimeoutMs: 1_000 });
    expect(state.durability).toMatch(/waits for 1 replica/);
    await waitFor(() => write(state, 'c', counter).then(() => true), {
      what: 'a replicated commit',
    });
    await replica.kill('SIGSTOP');
    const repeated = { kind: 'oldest', key: 'z', limit: 1 } as const;
    await expect(write(state, 'c', counter)).rejects.toThrow(
      operationalError('store_unavailable', /only 0 of 1 replicas/),
    );
    const seen = state.update('c', [repeated], () => ({ kind: 'commit', writes: [], result: undefined }));
    await expect(seen).rejects.toThrow(operationalError('store_unavailable')); // what it saw is not on the replica either
    await replica.kill('SIGCONT');
    await waitFor(() => entriesOf(state, 'c', 'z').then(() => true), { what: 'the replica' });
    const direct = await connect({ url: replica.url });
    await expect(write(direct, 'c', counter)).rejects.toThrow(
      operationalError('store_unavailable', /READONLY|read only/i),
    );
  });
});
