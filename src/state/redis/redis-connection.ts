import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';
import type { RedisStateOptions } from '../options.ts';
import { reportDurability, type ServerFacts } from './durability.ts';
import { isLoginRefused, isReply, redisError } from './redis-error.ts';

type Argument = string | number;

/** A command and its arguments; a list stands for its elements, however many. */
export type Command = [name: string, ...args: (Argument | readonly Argument[])[]];

export interface RedisConnection {
  /** What a crash of the server can lose, or why it is not known yet. */
  durability(): string;
  /**
   * Sends the commands in one go, in this order, over one connection, and gives their answers.
   * @throws OperationalError if the server is away, or refuses one of them
   */
  exec(commands: readonly Command[]): Promise<readonly unknown[]>;
  close(): void;
}

/** How much later than a command's deadline a connection without any answer is given up: it may be dead without a word. */
const SILENCE_MS = 250;
const SHORTEST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;

/**
 * Connects, and keeps reconnecting. If the server does not answer within `connectTimeoutMs` the connection is returned all
 * the same, and refuses every command until the server is there. Each time it comes (it may be another one after a
 * failover) it is asked how durable it is, and is not used if that is less than demanded.
 * @throws OperationalError `store_misconfigured` if the server refuses the login or is not what is demanded, at start
 */
export async function connectRedis(options: RedisStateOptions): Promise<RedisConnection> {
  const url = new URL(options.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || 6379);
  const address = `Redis at ${url.hostname}:${port}`;
  const username = options.username ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  const redis = new Redis({
    host,
    port,
    db: Number(url.pathname.slice(1)) || 0,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(url.protocol === 'rediss:' ? { tls: tlsOptions(options.tls, host) } : {}),
    connectionName: 'firstseen',
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: options.commandTimeoutMs + SILENCE_MS,
    // Nothing is queued or sent again behind the caller's back: what has no answer is reported as unknown at once.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backoff,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });

  let durability = `${address} has not answered yet: how durable it is is not known`;
  let lastError = 'no answer yet';
  /** Why no command is sent now. */
  let unusable: string | undefined = `${address} is away: ${lastError}`;
  const start = Promise.withResolvers<void>();

  function refuseStart(message: string): void {
    unusable = message;
    start.reject(new OperationalError('store_misconfigured', message));
  }

  async function examine(): Promise<void> {
    const facts = await askServer(redis, `${url.hostname}:${port}`);
    const report = reportDurability(facts, options.durability);
    durability = report.sentence;
    if (report.refusal !== undefined) return refuseStart(report.refusal);
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
  // A connection that fails meanwhile comes again, and is examined again.
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
      const answers = (await redis.pipeline(commands as Command[]).exec()) ?? [];
      return answers.map(([error, answer]) => {
        if (error) throw redisError(error, address);
        return answer;
      });
    },
    close() {
      unusable = `the connection to ${address} is closed`;
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

/** Doubles up to 2 s, with jitter, so that replicas do not come back all at once. */
function backoff(times: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, SHORTEST_BACKOFF_MS * 2 ** times);
  return longest * (0.5 + Math.random() / 2);
}

async function askServer(redis: Redis, address: string): Promise<ServerFacts> {
  const info = await unlessRefused(redis.info('server'));
  const valkey = /^valkey_version:(\S+)/m.exec(info ?? '')?.[1];
  const version = /^redis_version:(\S+)/m.exec(info ?? '')?.[1];
  const product = valkey === undefined ? `Redis ${version ?? '(unknown version)'}` : `Valkey ${valkey}`;
  const config = await unlessRefused(redis.config('GET', 'appendonly', 'appendfsync', 'maxmemory-policy'));
  return {
    name: `${product} at ${address}`,
    major: version === undefined ? undefined : Number.parseInt(version, 10),
    config: Array.isArray(config) ? fromPairs(config) : undefined,
  };
}

/** The answer; undefined if the server refuses the question: an ACL, or a hosted server without that command. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

/** From name, value, name, value… */
function fromPairs(flat: readonly unknown[]): Readonly<Record<string, string>> {
  const names = flat.filter((_item, i) => i % 2 === 0);
  return Object.fromEntries(names.map((name, i) => [String(name), String(flat[2 * i + 1])]));
}

function tlsOptions(files: RedisStateOptions['tls'], host: string): ConnectionOptions {
  const { caFile, certFile, keyFile, serverName = host } = files ?? {};
  return {
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}), // TLS has no names for addresses
    ...(caFile === undefined ? {} : { ca: readPem(caFile) }),
    ...(certFile === undefined ? {} : { cert: readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: readPem(keyFile) }),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new OperationalError('store_misconfigured', `the file ${path} for TLS to Redis cannot be read`, {
      cause: error,
    });
  }
}
