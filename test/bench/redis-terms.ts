/**
 * Prints the Redis memory per term and per key of `done`:
 *
 *   node test/bench/redis-terms.ts
 *
 * The terms are user agents of Kubernetes clients. Measures the difference of used_memory (INFO memory) around the
 * commits, on its own server.
 */
import { Redis } from 'ioredis';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState } from '../../src/state/redis/redis-state.ts';
import { startRedis } from '../support/redis-server.ts';
import { write } from '../support/state-access.ts';

const COUNTS = [10_000, 100_000];
const IN_ONE_COMMIT = 1_000;
const KEEP_MS = 7 * 86_400_000;
const FIRST_MICROS = 1_767_225_600_000_000;

/** User agents of realistic length: 20 to 120 characters. */
function userAgent(n: number): string {
  const id = sha256Hashes.name(`agent ${n}`);
  const version = `v1.${20 + (n % 16)}.${n % 12}`;
  const commit = id.slice(0, 7);
  const kinds = [
    `kubectl/${version} (linux/amd64) kubernetes/${commit}`,
    `controller-${id}/v0.0.0 (linux/arm64) kubernetes/$Format`,
    `python-requests/2.${n}`,
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${n}.0 Safari/537.36`,
    `curl/8.${n}.1`,
    `operator-${id}/${version} (linux/amd64) kubernetes/${commit}/leader-election`,
  ];
  return kinds[n % kinds.length] ?? '';
}

for (const count of COUNTS) {
  const server = await startRedis();
  const state = await connectRedisState(redisStateOptions.parse({ kind: 'redis', url: server.url }));
  const redis = new Redis(server.url);
  const usedMemory = async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  async function measure(what: string, commit: (from: number) => Promise<void>): Promise<void> {
    await commit(-IN_ONE_COMMIT); // excludes the one-time cost of the first commit
    const before = await usedMemory();
    for (let from = 0; from < count; from += IN_ONE_COMMIT) await commit(from);
    const bytes = (await usedMemory()) - before;
    console.log(`${count} ${what}: ${(bytes / count).toFixed(1)} bytes each, ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  }
  const numbers = (from: number) => Array.from({ length: IN_ONE_COMMIT }, (_, i) => from + i + IN_ONE_COMMIT);
  const terms = (from: number) =>
    numbers(from).map((n) => ({ member: JSON.stringify([userAgent(n)]), score: FIRST_MICROS + n * 1_000 }));
  await measure('terms', (from) =>
    write(state, 'c', {
      kind: 'setScores',
      key: stateKeys.terms('s'),
      mode: 'raise',
      entries: terms(from),
      keepMs: KEEP_MS,
    }),
  );
  await measure('done keys', (from) =>
    write(state, 'c', {
      kind: 'addMembers',
      key: stateKeys.done(1),
      members: numbers(from).map((n) => sha256Hashes.key(String(n))),
      keepMs: KEEP_MS,
    }),
  );
  redis.disconnect();
  await state.close();
  await server.stop();
}
