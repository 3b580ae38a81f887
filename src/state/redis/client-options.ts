import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { parseNode, type RedisStateOptions } from '../options.ts';

/** How long after a command's deadline a silent connection is closed: it may be dead without notice. */
const SILENCE_MS = 250;
const SHORTEST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** Parses nodes from HOST:PORT; the schema has checked them. */
export function parseNodes(texts: readonly string[]): Node[] {
  return texts.flatMap((text) => parseNode(text) ?? []);
}

/**
 * Options of a connection to any server that keeps state. `host` is the name to verify in its certificate, if known.
 */
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
    // No queueing and no hidden retries: a command without an answer is reported as unknown at once.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A demoted master answers so: the connection is closed, and the next one goes to the new master.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

/** Doubles up to 2 s, with jitter, so that replicas do not reconnect all at once. */
export function backoff(times: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, SHORTEST_BACKOFF_MS * 2 ** times);
  return longest * (0.5 + Math.random() / 2);
}

function tlsOptions(files: RedisStateOptions['tls'], host: string | undefined): ConnectionOptions {
  const { caFile, certFile, keyFile, serverName = host } = files ?? {};
  return {
    // SNI takes no IP addresses
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
    throw new OperationalError(
      'store_misconfigured',
      `the file ${path} for TLS to Redis cannot be read; check state.tls, and the permissions of the file`,
      {
        cause: error,
      },
    );
  }
}
