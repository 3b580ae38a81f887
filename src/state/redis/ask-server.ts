import type { Redis } from 'ioredis';
import type { ServerFacts } from './durability.ts';
import { isReply } from './redis-error.ts';

/** Asks a server for its version and durability. Values that the user may not read stay undefined. */
export async function askServer(redis: Redis, address: string): Promise<ServerFacts> {
  const info = (await unlessRefused(redis.info('server'))) ?? '';
  const replication = (await unlessRefused(redis.info('replication'))) ?? '';
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  const version = /^redis_version:(\S+)/m.exec(info)?.[1];
  const connected = /^connected_slaves:(\d+)/m.exec(replication)?.[1];
  const product = valkey === undefined ? `Redis ${version ?? '(unknown version)'}` : `Valkey ${valkey}`;
  const config = await unlessRefused(redis.config('GET', 'appendonly', 'appendfsync', 'maxmemory-policy'));
  return {
    name: `${product} at ${address}`,
    major: version === undefined ? undefined : Number.parseInt(version, 10),
    config: Array.isArray(config) ? fromPairs(config) : undefined,
    replicas: connected === undefined ? undefined : Number(connected),
  };
}

/** The answer; undefined if the server refuses the command, because of an ACL or because it is a hosted service. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

/** Converts name, value, name, value… */
function fromPairs(flat: readonly unknown[]): Readonly<Record<string, string>> {
  const names = flat.filter((_item, i) => i % 2 === 0);
  return Object.fromEntries(names.map((name, i) => [String(name), String(flat[2 * i + 1])]));
}
