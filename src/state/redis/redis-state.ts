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

/** About 5 ms of Redis, during which it serves no one else. */
const DECISIONS_PER_COMMIT = 100;
const CONFLICT_RETRIES = 8;
/** Bounds of the pause before the first retry; it doubles with each further one, up to the longest. */
const CONFLICT_WAIT_MS = 4;
const LONGEST_CONFLICT_WAIT_MS = 250;
/** The share of a command's deadline in which replicas must acknowledge a commit. */
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
 * If the server does not answer within `connectTimeoutMs` this resolves anyway: everything rejects with
 * `store_unavailable` until it answers, and `durability` and `ping` report that.
 * @throws OperationalError `store_misconfigured` if the login is rejected, the version is too old, or the server is
 *   less
 *   durable than required
 */
export async function connectRedisState(options: RedisStateOptions, deps: RedisStateDeps = {}): Promise<RedisState> {
  const connection = await connectRedis(options);
  const scripts = createScripts(connection);
  const keysOf = (cluster: string) => clusterKeys(options.keyPrefix, cluster);
  const turns = createSerialQueue();
  const schemas = createSchemaGuard();
  const replicas = typeof options.durability === 'object' ? options.durability.replicated : 0;

  /** The token, if needed, and the values, in one round trip. */
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
   * If its answer is lost, the outcome is unknown: the commit may be applied, or not, or later, when a stalled server
   * gets to it. That is reported as `store_unavailable` without a retry here: the caller must read again, and finds
   * what was counted in `done`. A late commit does no harm: it is applied only if `tok` is still the one it was based
   * on, which is as if it had come in time, and then all other commits based on that `tok` are refused. Sending the
   * same script again would be just as safe (it would find its own new token), but could not tell its own late success
   * from a conflict once another replica has committed.
   * @returns false if another replica has committed since `tok` was read
   */
  async function commit(keys: ClusterKeys, tok: string, writes: readonly StateWrite[]): Promise<boolean> {
    const { keys: names, writes: flat } = commitArguments(keys, writes);
    const wait: Command[] =
      replicas === 0 ? [] : [['wait', replicas, Math.ceil(options.commandTimeoutMs * WAIT_SHARE)]];
    const [answer, acknowledged] = await scripts.run('commit', names, [tok, nextToken(), ...flat], ...wait);
    if (answer !== 1) return false;
    if (replicas > 0 && Number(acknowledged) < replicas) {
      const message = `the commit has reached only ${Number(acknowledged)} of ${replicas} replicas`;
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
    // A step without writes may be based on an earlier commit that replicas do not have yet. If they must have it, only
    // a write of our own behind that commit can be waited for.
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
    // One at a time for each cluster, so that only other replicas conflict.
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
