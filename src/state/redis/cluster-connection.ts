import { Cluster, type Redis } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';
import type { RedisStateOptions } from '../options.ts';
import { askServer } from './ask-server.ts';
import { backoff, clientOptions, parseNodes } from './client-options.ts';
import { pipelineAnswers, type RedisConnection } from './connection.ts';
import { reportDurability } from './durability.ts';
import { isLoginRefused } from './redis-error.ts';
import { missingRights } from './rights.ts';

/** A master's durability in words, and why it must not be used, if so. */
type Report = ReturnType<typeof reportDurability>;

const SLOTS_REFRESH_MS = 5_000;

/**
 * Connects to a Redis Cluster and follows its slots: commands for a moved slot go to its new master, and the next read
 * finds a failover. A master is checked at first contact, and again when a node becomes a master.
 * @throws OperationalError `store_misconfigured` at start, if a master rejects the login or is less durable than
 *   required
 */
export async function connectRedisCluster(
  options: RedisStateOptions,
  nodes: readonly string[],
): Promise<RedisConnection> {
  const address = `the Redis Cluster of ${nodes.join(', ')}`;
  const cluster = new Cluster(parseNodes(nodes), {
    redisOptions: clientOptions(options),
    // Keeps host names, because certificates are verified for them.
    dnsLookup: (name, callback) => callback(null, name),
    enableOfflineQueue: false,
    clusterRetryStrategy: backoff,
    // A command whose answer was lost may have been applied: only its caller may retry it.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: options.commandTimeoutMs,
  });
  const examined = new Map<Redis, Promise<Report>>();
  let reports: readonly Report[] = [];
  let lastError = 'no answer yet';
  let closed = false;

  cluster.on('node error', (error: Error) => {
    lastError = error.message;
  });
  cluster.on('error', (error: Error & { lastNodeError?: Error }) => {
    lastError = error.lastNodeError?.message ?? error.message;
  });

  async function examine(redis: Redis): Promise<Report> {
    const { host, port } = redis.options;
    const report = reportDurability(await askServer(redis, `${host}:${port}`), options.durability);
    const lacking = await missingRights(redis, options);
    return lacking === undefined ? report : { ...report, refusal: `Redis at ${host}:${port}: ${lacking}` };
  }

  /** Checks masters that have not been checked. One that does not answer does not count against the others. */
  async function examineMasters(): Promise<void> {
    const masters = cluster.nodes('master');
    for (const redis of examined.keys()) if (!masters.includes(redis)) examined.delete(redis);
    for (const redis of masters) {
      if (examined.has(redis)) continue;
      const report = examine(redis);
      examined.set(redis, report);
      report.catch((error: unknown) => {
        lastError = error instanceof Error ? error.message : String(error);
        examined.delete(redis);
      });
    }
    const settled = await Promise.allSettled(examined.values());
    reports = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Why commands are not sent at present. */
  function unusable(): string | undefined {
    if (closed) return `the connection to ${address} is closed`;
    if (cluster.status !== 'ready') return `${address} is away: ${lastError}`;
    return reports.find(({ refusal }) => refusal !== undefined)?.refusal;
  }

  try {
    await waitUntilReady(cluster, options.connectTimeoutMs);
    if (cluster.status === 'ready') await examineMasters();
    const refusal = reports.find((report) => report.refusal !== undefined)?.refusal;
    if (refusal !== undefined) throw new OperationalError('store_misconfigured', refusal);
  } catch (error) {
    cluster.disconnect();
    if (!isLoginRefused(error)) throw error;
    const message = `${address} refuses the login (${String(error)}): check username and password, and the user's ACL`;
    throw new OperationalError('store_misconfigured', message, { cause: error });
  }

  return {
    durability() {
      if (reports.length === 0) return `${address} has not answered yet, so its durability is unknown`;
      return reports.map(({ sentence }) => sentence).join(' | ');
    },
    async exec(commands) {
      const masters = cluster.status === 'ready' ? cluster.nodes('master') : [];
      if (masters.some((redis) => !examined.has(redis))) await examineMasters();
      const reason = unusable();
      if (reason !== undefined) throw new OperationalError('store_unavailable', reason);
      return pipelineAnswers(cluster, commands, address);
    },
    close() {
      closed = true;
      cluster.disconnect();
    },
  };
}

/** Resolves when the cluster is ready, or after the time limit. @throws the answer of a node that rejects the login */
async function waitUntilReady(cluster: Cluster, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onNodeError = (error: Error) => {
    if (isLoginRefused(error)) reject(error);
  };
  const timer = setTimeout(resolve, timeoutMs);
  cluster.on('node error', onNodeError);
  cluster.once('ready', resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    cluster.off('node error', onNodeError);
  }
}
