import type { RedisStateOptions } from '../options.ts';

/** What a server reports about itself. */
export interface ServerFacts {
  /** Such as `Redis 7.0.15 at 10.0.0.1:6379`. */
  readonly name: string;
  /** Major version of Redis, or of the Redis that a Valkey is compatible with; undefined if unknown. */
  readonly major: number | undefined;
  /** Result of CONFIG GET; undefined if that is not permitted. */
  readonly config: Readonly<Record<string, string>> | undefined;
  /** Connected replicas; undefined if unknown. */
  readonly replicas: number | undefined;
}

export interface DurabilityReport {
  /** For an operator: what a crash of the server can lose. */
  readonly sentence: string;
  /** Why the server must not be used, and which setting to change. */
  readonly refusal: string | undefined;
}

const OLDEST_MAJOR = 7;

/** Describes how durable a commit is, and compares that with the required durability. */
export function reportDurability(server: ServerFacts, demanded: RedisStateOptions['durability']): DurabilityReport {
  const { name, major, config } = server;
  if (major !== undefined && major < OLDEST_MAJOR) {
    return { sentence: name, refusal: `${name} is too old: upgrade to Redis ${OLDEST_MAJOR} or Valkey` };
  }
  const replicas = typeof demanded === 'object' ? replication(demanded.replicated, server.replicas) : '';
  if (config === undefined) {
    const unknown = 'its durability is unknown, because CONFIG GET is not permitted';
    return { sentence: `${name}: ${unknown}${replicas}`, refusal: undefined };
  }
  const policy = config['maxmemory-policy'] ?? 'noeviction';
  const eviction =
    policy === 'noeviction'
      ? ''
      : `; WARNING: maxmemory-policy ${policy} would evict learned terms, set it to noeviction`;
  return {
    sentence: `${name}: ${appendOnlyFile(config)}${replicas}${eviction}`,
    refusal: demanded === 'fsync' ? missingFsync(name, config) : undefined,
  };
}

function appendOnlyFile(config: Readonly<Record<string, string>>): string {
  if (config.appendonly !== 'yes') {
    return 'no append-only file: a crash of the server may lose everything since its last snapshot, or everything';
  }
  switch (config.appendfsync) {
    case 'always':
      return 'append-only file, flushed to disk before a commit is acknowledged';
    case 'everysec':
      return 'append-only file, flushed every second: a crash of its machine may lose acknowledged commits of about the last second';
    default:
      return 'append-only file, flushed by its operating system: a crash of its machine may lose acknowledged commits of the last half minute';
  }
}

function missingFsync(name: string, config: Readonly<Record<string, string>>): string | undefined {
  if (config.appendonly !== 'yes') {
    return `${name} has no append-only file, but durability "fsync" is required: set appendonly yes and appendfsync always there, or state.durability: best-effort`;
  }
  if (config.appendfsync !== 'always') {
    return `${name} has appendfsync ${config.appendfsync}, but durability "fsync" is required: set appendfsync always there, or state.durability: best-effort`;
  }
  return undefined;
}

function replication(demanded: number, connected: number | undefined): string {
  const waits = `; each commit waits for ${countReplicas(demanded)}`;
  if (connected === undefined || connected >= demanded) return waits;
  return `${waits}, WARNING: only ${connected} connected, so no commit succeeds until there are enough`;
}

function countReplicas(n: number): string {
  return n === 1 ? '1 replica' : `${n} replicas`;
}
