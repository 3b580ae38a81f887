import { existsSync, statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { excerpt } from '../../audit/text.ts';
import type { RedisStateOptions, SqliteStateOptions } from '../../state/options.ts';
import { clusterKeys } from '../../state/redis/keys.ts';
import { connectRedis } from '../../state/redis/redis-connection.ts';
import { SCHEMA, schemaOf } from '../../state/redis/schema.ts';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { span } from '../certificate.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, unchecked, warning } from '../finding.ts';

const MAX_TEXT_BYTES = 400;
const NOTICED_SKEW_MS = 5_000;
const NO_STORE = 'a batch with a match gets 503, and the API server drops it after about 90 s';

/** Whether the store answers, and what its crash can lose. Never opens a SQLite file: the running firstseen holds it. */
export const storeCheck: Check = {
  name: 'store',
  async run(subject) {
    const state = subject.section('state');
    if (state.kind === 'sqlite') return sqlite(state);
    const clusters = subject.known('receiver')?.clusters ?? [];
    return redis(
      state,
      clusters.map(({ name }) => name),
      subject.now,
    );
  },
};

type Connection = Awaited<ReturnType<typeof connectRedis>>;

const UNKNOWN_CLOCK = unchecked(
  'the clock of Redis: its user may not run TIME',
  'redis-cli TIME; date +%s    # the first and the last line should be about the same',
);

async function redis(
  options: RedisStateOptions,
  clusters: readonly string[],
  now: () => number,
): Promise<readonly Finding[]> {
  let connection: Connection | undefined;
  try {
    connection = await connectRedis(options);
    await connection.exec([['ping']]);
    const before = now();
    const time = await unlessRefused(connection, 'time');
    const after = now();
    const info = await unlessRefused(connection, 'info', 'replication');
    return [
      durability(connection.durability()),
      ...(await schemas(connection, options.keyPrefix, clusters)),
      ...(info === undefined ? [] : replicas(options, String(info))),
      ...(time === undefined ? [UNKNOWN_CLOCK] : clock(timeOf(time) - (before + after) / 2)),
    ];
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return [failure(excerpt(error.message, MAX_TEXT_BYTES), redisAdvice(error))];
  } finally {
    connection?.close();
  }
}

/** The answer; undefined if this user may not run the command (a user with least rights may not). */
async function unlessRefused(connection: Connection, ...command: [string, ...string[]]): Promise<unknown> {
  try {
    return (await connection.exec([command]))[0];
  } catch (error) {
    if (error instanceof OperationalError && error.message.includes('NOPERM')) return undefined;
    throw error;
  }
}

/** Reports clusters whose state has a schema that this version does not read. */
async function schemas(connection: Connection, keyPrefix: string, clusters: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const cluster of clusters) {
    const [token] = await connection.exec([['get', clusterKeys(keyPrefix, cluster).tok]]);
    const schema = schemaOf(String(token ?? ''));
    if (schema <= SCHEMA) continue;
    findings.push(
      failure(`the state of ${cluster} has schema ${schema}, but this firstseen reads up to ${SCHEMA}`, {
        why: 'every batch of that cluster with a match gets 503',
        mend: 'run the newer firstseen version that wrote it\n# or start with an empty state: set another state.keyPrefix',
      }),
    );
  }
  return findings;
}

function durability(sentence: string): Finding {
  const said = excerpt(sentence, MAX_TEXT_BYTES);
  if (!said.includes('WARNING')) return ok(said);
  return warning(said, {
    why: 'Redis evicts learned terms, so they raise alerts again',
    mend: 'redis-cli CONFIG SET maxmemory-policy noeviction && redis-cli CONFIG REWRITE',
  });
}

function replicas({ durability }: RedisStateOptions, info: string): readonly Finding[] {
  const demanded = typeof durability === 'object' ? durability.replicated : 0;
  const connected = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
  if (connected >= demanded) return [];
  return [
    failure(`state.durability requires ${demanded} replicas, but ${connected} are connected`, {
      why: NO_STORE,
      mend: `redis-cli INFO replication    # on the primary: connect the replicas\n# or demand less: state.durability: best-effort`,
    }),
  ];
}

/** @param skewMs how far the store's clock is ahead of ours */
function clock(skewMs: number): readonly Finding[] {
  if (Math.abs(skewMs) < NOTICED_SKEW_MS) return [];
  return [
    warning(`the clock of Redis is ${span(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} this one`, {
      why: 'deliveries, leases and expiry use its clock',
      mend: 'chronyc tracking    # on both machines; or: timedatectl status',
    }),
  ];
}

/** Converts the answer to TIME (seconds and microseconds) to milliseconds. */
function timeOf(answer: unknown): number {
  const [seconds, micros] = Array.isArray(answer) ? answer.map(Number) : [];
  return (seconds ?? Number.NaN) * 1_000 + (micros ?? 0) / 1_000;
}

function redisAdvice({ code, message }: OperationalError) {
  if (code !== 'store_misconfigured') {
    return {
      why: NO_STORE,
      mend: 'redis-cli -u redis://HOST:PORT PING    # is it up? do NetworkPolicies let this pod reach it?',
    };
  }
  const why = 'firstseen does not start with it';
  if (message.includes('durability "fsync"')) {
    return {
      why,
      mend: 'redis-cli CONFIG SET appendonly yes && redis-cli CONFIG SET appendfsync always && redis-cli CONFIG REWRITE\n# or demand less: state.durability: best-effort',
    };
  }
  return {
    why,
    mend: 'check state.username, FIRSTSEEN_REDIS_PASSWORD, the ACL of that user, and the file in the message',
  };
}

async function sqlite({ path }: SqliteStateOptions): Promise<readonly Finding[]> {
  if (path === ':memory:') {
    return [
      warning('the state is in memory only', {
        why: 'each restart forgets every learned term, and alerts on it again',
        mend: 'state: {kind: sqlite, path: /var/lib/firstseen/state.sqlite}',
      }),
    ];
  }
  const folder = dirname(path);
  const writable = await access(existsSync(path) ? path : folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    const why = existsSync(folder) ? 'is not writable for this user' : 'is in a folder that does not exist';
    return [
      failure(`the state file ${path} ${why}`, {
        why: 'firstseen does not start without this file',
        mend: `install -d -o 65532 -g 65532 ${folder}`,
      }),
    ];
  }
  const size = existsSync(path) ? `has ${statSync(path).size} bytes` : 'does not exist yet; firstseen creates it';
  return [ok(`the state file ${path} ${size}; each commit is flushed to disk before it is acknowledged`)];
}
