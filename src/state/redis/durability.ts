import type { RedisStateOptions } from '../options.ts';

/** What a server says about itself. */
export interface ServerFacts {
  /** Such as `Redis 7.0.15 at 10.0.0.1:6379`. */
  readonly name: string;
  /** Major version of Redis, or of the Redis that a Valkey is compatible with; undefined if it would not say. */
  readonly major: number | undefined;
  /** Of CONFIG GET; undefined if that is not permitted. */
  readonly config: Readonly<Record<string, string>> | undefined;
  /** How many replicas are connected; undefined if it would not say. */
  readonly replicas: number | undefined;
}

export interface DurabilityReport {
  /** For an operator: what a crash of the server can lose. */
  readonly sentence: string;
  /** Why the server must not be used: which setting to change. */
  readonly refusal: string | undefined;
}

const OLDEST_MAJOR = 7;

/** Puts into words how durable a commit is, and checks it against what is demanded. */
export function reportDurability(server: ServerFacts, demanded: RedisStateOptions['durability']): DurabilityReport {
  const { name, major, config } = server;
  if (major !== undefined && major < OLDEST_MAJOR) {
    return { sentence: name, refusal: `${name} is too old: firstseen needs Redis ${OLDEST_MAJOR} or Valkey` };
  }
  const replicas = typeof demanded === 'object' ? replication(demanded.replicated, server.replicas) : '';
  if (config === undefined) {
    const unknown = 'how durable it is could not be checked, because CONFIG GET is not permitted';
    return { sentence: `${name}: ${unknown}${replicas}`, refusal: undefined };
  }
  const policy = config['maxmemory-policy'] ?? 'noeviction';
  const eviction =
    policy === 'noeviction'
      ? ''
      : `; WARNING: maxmemory-policy ${policy} would evict what was learned, set it to noeviction`;
  return {
    sentence: `${name}: ${appendOnlyFile(config)}${replicas}${eviction}`,
    refusal: demanded === 'fsync' ? missingFsync(name, config) : undefined,
  };
}

function appendOnlyFile(config: Readonly<Record<string, string>>): string {
  if (config.appendonly !== 'yes') {
    return 'no append-only file: a crash of the server may lose everything since its last snapshot, or all';
  }
  switch (config.appendfsync) {
    case 'always':
      return 'append-only file, flushed to the disk before a commit is acknowledged';
    case 'everysec':
      return 'append-only file, flushed every second: a crash of its machine may lose about the last second of what was acknowledged';
    default:
      return 'append-only file, flushed when its system chooses: a crash of its machine may lose the last half minute of what was acknowledged';
  }
}

function missingFsync(name: string, config: Readonly<Record<string, string>>): string | undefined {
  if (config.appendonly !== 'yes') {
    return `${name} has no append-only file, but durability "fsync" is demanded: set appendonly yes and appendfsync always there, or demand less`;
  }
  if (config.appendfsync !== 'always') {
    return `${name} has appendfsync ${config.appendfsync}, but durability "fsync" is demanded: set appendfsync always there, or demand less`;
  }
  return undefined;
}

function replication(demanded: number, connected: number | undefined): string {
  const waits = `; each commit waits for ${countReplicas(demanded)}`;
  if (connected === undefined || connected >= demanded) return waits;
  return `${waits}, WARNING: ${connected} connected: nothing is committed until enough are`;
}

function countReplicas(n: number): string {
  return n === 1 ? '1 replica' : `${n} replicas`;
}
