import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertQueue } from '../../alerts/queue.ts';
import type { Store } from '../../alerts/store.ts';
import type { ReadResult, StateRead, StateWrite, Step } from '../../rules/state.ts';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { checkWrites } from '../check-writes.ts';
import type { RedisStateOptions } from '../options.ts';
import { createSerialQueue } from '../serial-queue.ts';
import { observed, type StateObserver } from '../state-observer.ts';
import type { Command } from './connection.ts';
import { type ClusterKeys, clusterKeys } from './keys.ts';
import { readCommand, readResult } from './reads.ts';
import { createRedisAlertQueue } from './redis-alert-queue.ts';
import { connectRedis } from './redis-connection.ts';
import { createSchemaGuard, nextToken, schemaOf } from './schema.ts';
import { createScripts } from './scripts.ts';
import { commitArguments } from './writes.ts';

/** About 5 ms of Redis, during which it serves nobody else. */
const DECISIONS_PER_COMMIT = 100;
const CONFLICT_RETRIES = 8;
/** Bounds the wait before the first retry; each further one doubles, up to the longest. */
const CONFLICT_WAIT_MS = 4;
const LONGEST_CONFLICT_WAIT_MS = 250;
/** The part of a command's deadline that replicas have to acknowledge a commit in. */
const WAIT_SHARE = 0.8;

export interface RedisState extends Store, AlertQueue {
  readonly kind: 'redis';
}

export interface RedisStateDeps {
  readonly observe?: StateObserver;
}

/**
 * The state in Redis 7 or Valkey, shared by any number of replicas.
 *
 * If the server does not answer within `connectTimeoutMs` this resolves all the same: everything rejects with
 * `store_unavailable` until it is there, and `durability` and `ping` say so.
 * @throws OperationalError `store_misconfigured` if the login is refused, the version is too old, or the server is less
 *   durable than demanded
 */
export async function connectRedisState(options: RedisStateOptions, deps: RedisStateDeps = {}): Promise<RedisState> {
  const connection = await connectRedis(options);
  const scripts = createScripts(connection);
  const keysOf = (cluster: string) => clusterKeys(options.keyPrefix, cluster);
  const turns = createSerialQueue();
  const schemas = createSchemaGuard();
  const replicas = typeof options.durability === 'object' ? options.durability.replicated : 0;

  /** The token, where it is asked for, and the values, in one round trip. */
  async function read(keys: ClusterKeys, reads: readonly StateRead[], first: readonly Command[] = []) {
    const commands = reads.map((one) => readCommand(keys, one));
    const sent = [...first, ...commands.filter((command) => command !== undefined)];
    const answers = sent.length === 0 ? [] : await connection.exec(sent);
    let next = first.length;
    const results = reads.map((one, i) => readResult(one, commands[i] === undefined ? [] : answers[next++]));
    return { answers, results };
  }

  /**
   * Runs commit.lua.
   *
   * If its answer is lost the outcome is unknown: the commit may be applied, or not, or later still, when a stalled server
   * comes to it. It is reported as `store_unavailable`, and nothing is sent again here: whoever tries again must read
   * anew, and finds in `done` what was counted. A late commit does no harm: it is applied only if `tok` is still the one
   * that it was decided on, which is as if it had come in time, and then every other one that was decided before it is
   * refused. Sending the very same script again would be safe for the same reason (its own new token would be found), but
   * could not tell its own late success from a conflict once another replica has committed.
   * @returns false if another replica has committed since `tok` was read
   */
  async function commit(keys: ClusterKeys, tok: string, writes: readonly StateWrite[]): Promise<boolean> {
    const { keys: names, writes: flat } = commitArguments(keys, writes);
    const wait: Command[] =
      replicas === 0 ? [] : [['wait', replicas, Math.ceil(options.commandTimeoutMs * WAIT_SHARE)]];
    const [answer, acknowledged] = await scripts.run('commit', names, [tok, nextToken(), ...flat], ...wait);
    if (answer !== 1) return false;
    if (replicas > 0 && Number(acknowledged) < replicas) {
      const message = `the commit has reached ${Number(acknowledged)} of the ${replicas} replicas that it must reach`;
      throw new OperationalError('store_unavailable', message);
    }
    return true;
  }

  /** @returns undefined after a conflict */
  async function attempt<T>(
    cluster: string,
    keys: ClusterKeys,
    reads: readonly StateRead[],
    step: (results: readonly ReadResult[]) => Step<T>,
  ): Promise<{ readonly result: T; readonly wrote: boolean } | undefined> {
    const first = await read(keys, reads, [['get', keys.tok]]);
    const tok = String(first.answers[0] ?? '');
    schemas.check(cluster, schemaOf(tok));
    const results: ReadResult[] = [...first.results];
    let next = step(results);
    while (next.kind === 'need') {
      results.push(...(await read(keys, next.reads)).results);
      next = step(results);
    }
    checkWrites(next.writes);
    const decided = { result: next.result, wrote: next.writes.length > 0 };
    // A step that writes nothing may have found what an earlier commit wrote that replicas do not hold yet. Where they must
    // hold it, only an own write behind it can be waited for.
    if (!decided.wrote && replicas === 0) return decided;
    return (await commit(keys, tok, next.writes)) ? decided : undefined;
  }

  async function update<T>(
    cluster: string,
    reads: readonly StateRead[],
    step: (results: readonly ReadResult[]) => Step<T>,
  ): Promise<{ readonly result: T; readonly wrote: boolean }> {
    const keys = keysOf(cluster);
    for (let retry = 0; retry <= CONFLICT_RETRIES; retry++) {
      if (retry > 0) await sleep(Math.random() * Math.min(CONFLICT_WAIT_MS * 2 ** retry, LONGEST_CONFLICT_WAIT_MS));
      const decided = await attempt(cluster, keys, reads, step);
      if (decided !== undefined) return decided;
      deps.observe?.conflict();
    }
    const message = `other replicas changed the cluster ${JSON.stringify(cluster)} ${CONFLICT_RETRIES + 1} times in a row`;
    throw new OperationalError('store_conflict', message);
  }

  return {
    kind: 'redis',
    get durability() {
      return connection.durability();
    },
    decisionsPerCommit: DECISIONS_PER_COMMIT,
    // In turn for each cluster, so that only other replicas conflict.
    update: (cluster, reads, step) =>
      observed(deps.observe, () => turns.run(cluster, () => update(cluster, reads, step))),
    async lease(cluster, name, holder, ttlMs) {
      const [answer] = await scripts.run('lease', [keysOf(cluster).lease(name)], [holder, ttlMs]);
      return answer === 1;
    },
    ...createRedisAlertQueue(connection, scripts, keysOf, schemas),
    async ping() {
      schemas.checkAll();
      await connection.exec([['ping']]);
    },
    async close() {
      await turns.settled();
      connection.close();
    },
  };
}
