import { z } from 'zod';

const path = z
  .string({ error: 'expected the path of a file, or ":memory:"' })
  .min(1, 'expected the path of a file, or ":memory:"')
  .describe('The SQLite file; its folder must exist. ":memory:" keeps nothing beyond the process.');

export const sqliteStateOptions = z.strictObject({
  kind: z.literal('sqlite'),
  path,
});

const milliseconds = (fallback: number) =>
  z
    .int('expected a whole number of milliseconds')
    .min(1, 'expected at least 1 millisecond')
    .max(60_000, 'expected at most 60000 milliseconds')
    .default(fallback);

const file = z.string().min(1, 'expected the path of a PEM file').optional();

const durability = z
  .union(
    [
      z.enum(['fsync', 'best-effort']),
      z.strictObject({
        replicated: z.int().min(1, 'expected at least 1 replica').max(32, 'expected at most 32 replicas'),
      }),
    ],
    { error: 'expected "fsync", "best-effort", or an object such as {"replicated": 1}' },
  )
  .default('best-effort')
  .describe(
    'What a commit must reach before it counts: "fsync" requires a server that flushes every write to its ' +
      'append-only file, {"replicated": n} waits for n replicas, "best-effort" accepts any configuration of the server.',
  );

const nodes = z
  .array(z.string().refine((text) => parseNode(text) !== undefined, 'expected HOST:PORT, such as redis-0.redis:6379'))
  .min(1, 'expected at least one HOST:PORT');

const sentinel = z
  .strictObject({
    name: z.string().min(1).describe('The name under which the sentinels watch the master, such as mymaster.'),
    nodes: nodes.describe('The sentinels, each HOST:PORT (usually port 26379). One that answers is enough.'),
    username: z.string().min(1).optional().describe('The ACL user of the sentinels.'),
    password: z.string().min(1).optional().describe('The password of the sentinels.'),
  })
  .optional()
  .describe('A master behind Redis Sentinel, with automatic failover.');

const cluster = z
  .strictObject({
    nodes: nodes.describe('Some nodes of the Redis Cluster, each HOST:PORT. They tell the others.'),
  })
  .optional()
  .describe('A Redis Cluster. All keys of one monitored cluster are in one slot, hence on one master.');

export const redisStateOptions = z
  .strictObject({
    kind: z.literal('redis'),
    url: z
      .string()
      .refine(isRedisUrl, 'expected redis://HOST:PORT or rediss://HOST:PORT (TLS)')
      .optional()
      .describe('One server: redis://HOST:PORT/DATABASE, or rediss:// for TLS. Give one of url, sentinel and cluster.'),
    sentinel,
    cluster,
    username: z.string().min(1).optional().describe('The ACL user; overrides the one in the URL.'),
    password: z.string().min(1).optional().describe('The password; overrides the one in the URL.'),
    database: z
      .int('expected the number of a database')
      .min(0, 'expected 0 or more')
      .optional()
      .describe('The number of the database, 0 by default; overrides the one in the URL. A Redis Cluster has only 0.'),
    durability,
    connectTimeoutMs: milliseconds(5_000).describe(
      'How long the start waits for the server before it continues without it.',
    ),
    commandTimeoutMs: milliseconds(5_000).describe(
      'The time limit of a command; keep it far below the 30 s of the API server.',
    ),
    tls: z
      .strictObject({
        caFile: file.describe('The CA certificates that verify the server; by default those of the system.'),
        certFile: file.describe('The client certificate.'),
        keyFile: file.describe('The key of the client certificate.'),
        serverName: z
          .string()
          .min(1)
          .optional()
          .describe('The name to verify in the certificate, if it is not the host.'),
      })
      .optional()
      .describe(
        'TLS, to the sentinels too. With url it needs a rediss:// URL; with sentinel or cluster it turns TLS on, and `{}` is enough.',
      ),
    keyPrefix: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits and _ . : -')
      .default('fs:')
      .describe('The prefix of every key, so that several installations can share a server.'),
  })
  .refine((given) => [given.url, given.sentinel, given.cluster].filter((one) => one !== undefined).length === 1, {
    error: 'expected exactly one of url (one server), sentinel and cluster: keep the one for your kind of Redis',
  })
  .refine(({ url, tls }) => tls === undefined || url === undefined || url.startsWith('rediss:'), {
    path: ['tls'],
    error: 'expected a rediss:// URL with tls, or no tls with redis://',
  })
  .refine(({ tls }) => (tls?.certFile === undefined) === (tls?.keyFile === undefined), {
    path: ['tls'],
    error: 'expected certFile and keyFile together',
  })
  .refine(({ cluster, database }) => cluster === undefined || (database ?? 0) === 0, {
    path: ['database'],
    error: 'expected no database, or 0: a Redis Cluster has only 0',
  });

/** Where the state is kept: an embedded SQLite file (one replica) or Redis 7 or Valkey. */
export const stateOptions = z.discriminatedUnion('kind', [sqliteStateOptions, redisStateOptions], {
  error: (issue) => (issue.code === 'invalid_union' ? 'expected kind "sqlite" or "redis"' : undefined),
});

export type SqliteStateOptions = Readonly<z.infer<typeof sqliteStateOptions>>;
export type RedisStateOptions = Readonly<z.infer<typeof redisStateOptions>>;
export type StateOptions = SqliteStateOptions | RedisStateOptions;

function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '';
}

/** A node from HOST:PORT, an IPv6 address in brackets; undefined if it is not of this form. */
export function parseNode(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):([0-9]{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  return host === '' || number < 1 || number > 65_535
    ? undefined
    : { host: host.replace(/^\[|\]$/g, ''), port: number };
}
