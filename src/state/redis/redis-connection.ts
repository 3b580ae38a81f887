import { Redis } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';
import type { RedisStateOptions } from '../options.ts';
import { askServer } from './ask-server.ts';
import { backoff, clientOptions, parseNodes } from './client-options.ts';
import { connectRedisCluster } from './cluster-connection.ts';
import type { RedisConnection } from './connection.ts';
import { pipelineAnswers } from './connection.ts';
import { reportDurability } from './durability.ts';
import { isLoginRefused } from './redis-error.ts';
import { missingRights } from './rights.ts';

/**
 * Connects, and keeps reconnecting. If the server does not answer within `connectTimeoutMs`, the connection is returned
 * anyway, and rejects every command until the server answers. After each connect (a failover may have brought another
 * server) the durability is checked; a server that is less durable than required is not used.
 * @throws OperationalError `store_misconfigured` at start, if the server rejects the login or is less durable than
 *   required
 */
export async function connectRedis(options: RedisStateOptions): Promise<RedisConnection> {
  return options.cluster === undefined ? connectMaster(options) : connectRedisCluster(options, options.cluster.nodes);
}

/** One server, by its address or as the master that the sentinels name. */
async function connectMaster(options: RedisStateOptions): Promise<RedisConnection> {
  const { redis, address } = createClient(options);
  let durability = `${address} has not answered yet, so its durability is unknown`;
  let lastError = 'no answer yet';
  /** Why commands are not sent at present. */
  let unusable: string | undefined = `${address} is away: ${lastError}`;
  const start = Promise.withResolvers<void>();

  function refuseStart(message: string): void {
    unusable = message;
    start.reject(new OperationalError('store_misconfigured', message));
  }

  async function examine(): Promise<void> {
    const { remoteAddress, remotePort } = redis.stream as { remoteAddress?: string; remotePort?: number };
    const found = options.sentinel === undefined ? address.slice('Redis at '.length) : `${remoteAddress}:${remotePort}`;
    const report = reportDurability(await askServer(redis, found), options.durability);
    durability = report.sentence;
    const lacking = await missingRights(redis, options);
    const refusal = report.refusal ?? (lacking === undefined ? undefined : `${address}: ${lacking}`);
    if (refusal !== undefined) return refuseStart(refusal);
    unusable = undefined;
    lastError = 'the connection was lost';
    start.resolve();
  }

  redis.on('error', (error: Error) => {
    lastError = error.message;
    if (isLoginRefused(error)) {
      refuseStart(`${address} refuses the login (${error.message}): check username and password, and the user's ACL`);
    }
  });
  redis.on('close', () => {
    unusable = `${address} is away: ${lastError}`;
  });
  // If the connection fails meanwhile, it reconnects and is checked again.
  redis.on('ready', () => void examine().catch((error) => redis.emit('error', error)));

  const timer = setTimeout(start.resolve, options.connectTimeoutMs);
  try {
    await start.promise;
  } catch (error) {
    redis.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }

  return {
    durability: () => durability,
    async exec(commands) {
      if (unusable !== undefined) throw new OperationalError('store_unavailable', unusable);
      return pipelineAnswers(redis, commands, address);
    },
    close() {
      unusable = `the connection to ${address} is closed`;
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

function createClient(options: RedisStateOptions): { readonly redis: Redis; readonly address: string } {
  const { sentinel } = options;
  const shared = { enableOfflineQueue: false, retryStrategy: backoff };
  if (sentinel !== undefined) {
    const client = clientOptions(options);
    const { name, nodes, username, password } = sentinel;
    const redis = new Redis({
      ...client,
      ...shared,
      name,
      sentinels: parseNodes(nodes),
      db: options.database ?? 0,
      sentinelCommandTimeout: options.commandTimeoutMs,
      sentinelRetryStrategy: backoff,
      ...(username === undefined ? {} : { sentinelUsername: username }),
      ...(password === undefined ? {} : { sentinelPassword: password }),
      ...(client.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: client.tls }),
    });
    return { redis, address: `Redis master ${JSON.stringify(name)} of the sentinels ${nodes.join(', ')}` };
  }
  const url = new URL(options.url ?? '');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || 6379);
  const redis = new Redis({
    ...clientOptions(options, host),
    ...shared,
    host,
    port,
    db: options.database ?? (Number(url.pathname.slice(1)) || 0),
  });
  return { redis, address: `Redis at ${url.hostname}:${port}` };
}
