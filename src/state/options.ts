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
    'What a commit must have reached before it counts: "fsync" demands a server that flushes every write to its ' +
      'append-only file, {"replicated": n} waits for n replicas, "best-effort" takes the server as it is configured.',
  );

export const redisStateOptions = z
  .strictObject({
    kind: z.literal('redis'),
    url: z
      .string()
      .refine(isRedisUrl, 'expected redis://HOST:PORT or rediss://HOST:PORT (TLS)')
      .describe('The server: redis://HOST:PORT/DATABASE, or rediss:// for TLS.'),
    username: z.string().min(1).optional().describe('The ACL user; overrides the one in the URL.'),
    password: z.string().min(1).optional().describe('The password; overrides the one in the URL.'),
    durability,
    connectTimeoutMs: milliseconds(5_000).describe('How long start waits for the server before it goes on without.'),
    commandTimeoutMs: milliseconds(5_000).describe(
      'How long a command may take; keep it far below the 30 s of the sender.',
    ),
    tls: z
      .strictObject({
        caFile: file.describe(
          'The certificate authorities that the server is checked against; the system’s unless given.',
        ),
        certFile: file.describe('The client certificate.'),
        keyFile: file.describe('The key of the client certificate.'),
        serverName: z
          .string()
          .min(1)
          .optional()
          .describe('The name that the certificate is checked for, if not the host.'),
      })
      .optional()
      .describe('Files for TLS; needs a rediss:// URL.'),
    keyPrefix: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits and _ . : -')
      .default('fs:')
      .describe('What every key begins with, so that several installations can share a server.'),
  })
  .refine(({ url, tls }) => tls === undefined || url.startsWith('rediss:'), {
    path: ['tls'],
    error: 'expected a rediss:// URL beside tls, or no tls beside redis://',
  })
  .refine(({ tls }) => (tls?.certFile === undefined) === (tls?.keyFile === undefined), {
    path: ['tls'],
    error: 'expected certFile and keyFile together',
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
