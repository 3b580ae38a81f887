import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { parseNode, type RedisStateOptions } from '../options.ts';

/** How much later than a command's deadline a connection without any answer is given up: it may be dead without a word. */
const SILENCE_MS = 250;
const SHORTEST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** Nodes from HOST:PORT, which the schema has checked. */
export function parseNodes(texts: readonly string[]): Node[] {
  return texts.flatMap((text) => parseNode(text) ?? []);
}

/** What holds for a connection to any server that keeps state. `host` is the one that a certificate is checked for, if it is known. */
export function clientOptions(options: RedisStateOptions, host?: string) {
  const url = options.url === undefined ? undefined : new URL(options.url);
  const username = options.username ?? decodeURIComponent(url?.username ?? '');
  const password = options.password ?? decodeURIComponent(url?.password ?? '');
  const secure = url === undefined ? options.tls !== undefined : url.protocol === 'rediss:';
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(secure ? { tls: tlsOptions(options.tls, host) } : {}),
    connectionName: 'firstseen',
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: options.commandTimeoutMs + SILENCE_MS,
    // Nothing is queued or sent again behind the caller's back: what has no answer is reported as unknown at once.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A master that was demoted answers so: the connection is given up, and the next one is to the new master.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

/** Doubles up to 2 s, with jitter, so that replicas do not come back all at once. */
export function backoff(times: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, SHORTEST_BACKOFF_MS * 2 ** times);
  return longest * (0.5 + Math.random() / 2);
}

function tlsOptions(files: RedisStateOptions['tls'], host: string | undefined): ConnectionOptions {
  const { caFile, certFile, keyFile, serverName = host } = files ?? {};
  return {
    // TLS has no names for addresses
    ...(serverName !== undefined && isIP(serverName) === 0 ? { servername: serverName } : {}),
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
