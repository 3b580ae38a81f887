import { isIPv4 } from 'node:net';
import { z } from 'zod';
import type { ByteLimits } from './body.ts';

/** Where a server listens. `host` is an address or a name; an IPv6 address has no brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A path into the options, and a problem there: what was expected, and what to do. */
export interface OptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A token that can be guessed protects nothing, so it needs at least 16 characters. */
export const MIN_TOKEN_LENGTH = 16;

/** A Service needs about a second to stop routing to a pod, and an API server sends a batch each second. */
const DEFAULT_LINGER_MS = 5_000;

const MIB = 1024 * 1024;
const MAX_PORT = 65_535;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The characters that an Authorization header may carry: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

const address = z.string().transform((text, context): Address => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: 'custom',
    params: { found: true },
    message: 'expected host:port, such as 127.0.0.1:9443, 0.0.0.0:9443 (every IPv4 address) or [::]:9443',
  });
  return z.NEVER;
});

const milliseconds = z.int().positive();

const cluster = z.strictObject({
  name: z
    .string()
    .regex(DNS_LABEL, 'expected a DNS label: lower-case letters, digits and hyphens, at most 63')
    .describe('Name of the cluster in paths, metrics and alerts.'),
  default: z
    .boolean()
    .default(false)
    .describe('True for the cluster of senders without a credential. Needed only with several clusters.'),
  tokenFile: z.string().min(1).optional().describe('A file with the bearer token of this cluster.'),
  token: z
    .string()
    .min(MIN_TOKEN_LENGTH, `expected at least ${MIN_TOKEN_LENGTH} characters; make one with: openssl rand -hex 32`)
    .regex(TOKEN, 'expected only letters, digits and - . _ ~ + / with = at the end')
    .optional()
    .describe('The bearer token itself. Prefer tokenFile, which can be rotated without a restart.'),
  clientNames: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Common names or DNS names of the client certificates of this cluster.'),
});

const tls = z.strictObject({
  certFile: z.string().min(1).describe('The server certificate with its chain, in PEM.'),
  keyFile: z.string().min(1).describe('The private key of the certificate, in PEM.'),
  clientCAFile: z
    .string()
    .min(1)
    .optional()
    .describe('The CA certificates that must have signed client certificates, in PEM.'),
});

const timeouts = z.strictObject({
  handshakeMs: milliseconds.default(10_000),
  headersMs: milliseconds.default(10_000),
  requestMs: milliseconds.default(30_000).describe('Limit of a whole request; the API server gives up after 30 s.'),
  keepAliveMs: milliseconds
    .default(95_000)
    .describe('Limit of an idle connection. The API server closes it after 90 s, and must be the one to do so.'),
});

/** The receiver's slice of the configuration. */
export const receiverOptionsSchema = z
  .strictObject({
    listen: address
      .prefault('127.0.0.1:9443')
      .describe('Address of the receiver, to which API servers send audit events.'),
    tls: tls.optional(),
    clusters: z
      .array(cluster)
      .min(1)
      .prefault([{ name: 'local' }])
      .describe('The clusters that may send, with their credentials.'),
    nodeName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('Name in metrics of a sender on a loopback address: the node of that API server.'),
    allowUnauthenticated: z
      .boolean()
      .default(false)
      .describe(
        'Accept audit events without a credential. Anyone who reaches the port can then forge events and teach rules.',
      ),
    maxBodyBytes: z
      .int()
      .positive()
      .default(64 * MIB)
      .describe('The largest accepted batch.'),
    maxBytesInFlight: z
      .int()
      .positive()
      .default(256 * MIB)
      .describe(
        'Limit on request bodies in memory. Beyond it senders get 503 and retry. With several clusters each may hold an ' +
          'equal share of it, and at least one largest batch.',
      ),
    reloadMs: milliseconds.default(5_000).describe('How often to check certificate and token files for changes.'),
    maxConnections: z.int().positive().default(1_000),
    lingerMs: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        'How long a stopping receiver, already unready, still accepts requests, until a Service routes them elsewhere. ' +
          'The sum with drainMs must be below the grace period of the pod. By default 5000, or 0 on a loopback address.',
      ),
    drainMs: milliseconds
      .default(20_000)
      .describe('How long a stopping receiver then waits for requests in progress, then for deliveries.'),
    timeouts: timeouts.prefault({}),
  })
  .superRefine((options, context) => {
    for (const { path, message } of receiverProblems(options)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

/** The slice for the port of health and metrics. */
export const opsOptionsSchema = z.strictObject({
  listen: address
    .prefault('127.0.0.1:9444')
    .describe('Address of /livez, /readyz and /metrics, in plain HTTP and without a credential.'),
});

export type ReceiverOptions = Readonly<z.output<typeof receiverOptionsSchema>>;
export type OpsOptions = Readonly<z.output<typeof opsOptionsSchema>>;
export type ClusterOptions = Readonly<ReceiverOptions['clusters'][number]>;
export type TlsOptions = Readonly<NonNullable<ReceiverOptions['tls']>>;

/** Parses `host:port`, with brackets around an IPv6 address; undefined for any other text. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > MAX_PORT ? undefined : { host, port };
}

/** Whether only this machine can reach the address. A name other than `localhost` may resolve to anything. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** How long a stopping receiver still accepts requests; see the option `lingerMs`. */
export function lingerMs(options: Pick<ReceiverOptions, 'lingerMs' | 'listen'>): number {
  return options.lingerMs ?? (isLoopback(options.listen) ? 0 : DEFAULT_LINGER_MS);
}

/** Whether a sender must show a credential. */
export function requiresCredential(options: Pick<ReceiverOptions, 'tls' | 'clusters'>): boolean {
  return options.tls?.clientCAFile !== undefined || options.clusters.some(hasToken);
}

export function hasToken(cluster: ClusterOptions): boolean {
  return cluster.token !== undefined || cluster.tokenFile !== undefined;
}

/** The cluster of a sender without a credential: the one marked as default, or the only one. */
export function defaultCluster(clusters: readonly ClusterOptions[]): string | undefined {
  const [first, second] = clusters;
  return clusters.find((candidate) => candidate.default)?.name ?? (second === undefined ? first?.name : undefined);
}

/** Limits on bytes of bodies: each cluster has an equal share, into which the largest body always fits. */
export function byteLimits({ clusters, maxBodyBytes, maxBytesInFlight }: ReceiverOptions): ByteLimits {
  const share = Math.floor(maxBytesInFlight / clusters.length);
  return { maxBytes: maxBytesInFlight, maxBytesOfCluster: Math.max(maxBodyBytes, share) };
}

/**
 * Checks options together: whether the receiver as a whole is safe, and whether each cluster has a usable credential.
 */
export function receiverProblems(options: ReceiverOptions): readonly OptionProblem[] {
  return [
    ...exposure(options),
    ...options.clusters.flatMap((_, index) => clusterProblems(options, index)),
    ...sizes(options),
  ];
}

function exposure(options: ReceiverOptions): readonly OptionProblem[] {
  const required = requiresCredential(options);
  if (required && options.allowUnauthenticated) {
    return [
      {
        path: ['allowUnauthenticated'],
        message: 'expected false, because credentials are configured: remove this option or the credentials',
      },
    ];
  }
  if (isLoopback(options.listen) || options.allowUnauthenticated) return [];
  if (!required) {
    return [
      {
        path: ['listen'],
        message:
          'expected a loopback address, because no credential is required: set tls.clientCAFile or a ' +
          'tokenFile for each cluster, or set allowUnauthenticated to accept events from anyone',
      },
    ];
  }
  if (options.tls !== undefined) return [];
  return [
    {
      path: ['listen'],
      message:
        'expected a loopback address, because tokens would cross the network unencrypted: set tls.certFile and tls.keyFile',
    },
  ];
}

function clusterProblems(options: ReceiverOptions, index: number): readonly OptionProblem[] {
  const { clusters, tls } = options;
  const own = clusters[index];
  if (own === undefined) return [];
  const others = clusters.slice(0, index);
  const problem = (field: string, message: string): OptionProblem => ({ path: ['clusters', index, field], message });
  const certificates = tls?.clientCAFile !== undefined;
  const reachable = hasToken(own) || (certificates && (own.clientNames !== undefined || clusters.length === 1));
  const sharedName = own.clientNames?.find((name) => others.some((other) => other.clientNames?.includes(name)));
  return [
    ...(others.some(({ name }) => name === own.name)
      ? [problem('name', 'expected a unique name: another cluster has this one')]
      : []),
    ...(own.default && others.some((other) => other.default)
      ? [problem('default', 'expected at most one default cluster: remove one of them')]
      : []),
    ...(own.token !== undefined && own.tokenFile !== undefined
      ? [problem('token', 'expected either token or tokenFile, not both: remove one')]
      : []),
    ...(own.token !== undefined && others.some(({ token }) => token === own.token)
      ? [problem('token', 'expected a unique token: another cluster has this one')]
      : []),
    ...(own.clientNames !== undefined && !certificates
      ? [problem('clientNames', 'expected tls.clientCAFile too: it verifies client certificates')]
      : []),
    ...(sharedName === undefined
      ? []
      : [problem('clientNames', 'expected unique names: another cluster has one of these')]),
    ...(requiresCredential(options) && !reachable
      ? [
          problem(
            'name',
            'expected a credential, because no sender can use this cluster without one: set clientNames or tokenFile',
          ),
        ]
      : []),
  ];
}

function sizes({ maxBodyBytes, maxBytesInFlight }: ReceiverOptions): readonly OptionProblem[] {
  if (maxBytesInFlight >= maxBodyBytes) return [];
  return [
    {
      path: ['maxBytesInFlight'],
      message: 'expected at least maxBodyBytes, because a batch of that size would never fit: raise it',
    },
  ];
}
