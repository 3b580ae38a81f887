import { isIPv4 } from 'node:net';
import { z } from 'zod';

/** Where a server listens. `host` is an address or a name; an IPv6 address stands without its brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A path into the options, and what is wrong there: what was expected, and what to do. */
export interface OptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A guessable token is as good as none; this is 16 characters of it. */
export const MIN_TOKEN_LENGTH = 16;

/** A Service takes about a second to forget a pod that is going; an API server sends a batch each second. */
const DEFAULT_LINGER_MS = 5_000;

const MIB = 1024 * 1024;
const MAX_PORT = 65_535;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What an Authorization header may carry: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
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
    .describe('The name of the cluster in paths, metrics and alerts.'),
  default: z
    .boolean()
    .default(false)
    .describe(
      'True for the cluster of a sender that shows no credential. Needed only where there are several clusters.',
    ),
  tokenFile: z.string().min(1).optional().describe('A file with the bearer token that stands for this cluster.'),
  token: z
    .string()
    .min(MIN_TOKEN_LENGTH, `expected at least ${MIN_TOKEN_LENGTH} characters; make one with: openssl rand -hex 32`)
    .regex(TOKEN, 'expected only letters, digits and - . _ ~ + / with = at the end')
    .optional()
    .describe('The bearer token itself. Prefer tokenFile: it can be rotated without a restart.'),
  clientNames: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('The common names or DNS names of the client certificates that stand for this cluster.'),
});

const tls = z.strictObject({
  certFile: z.string().min(1).describe('The server certificate, PEM, with its chain.'),
  keyFile: z.string().min(1).describe('Its private key, PEM.'),
  clientCAFile: z
    .string()
    .min(1)
    .optional()
    .describe('The CA certificates, PEM, that client certificates have to be signed by.'),
});

const timeouts = z.strictObject({
  handshakeMs: milliseconds.default(10_000),
  headersMs: milliseconds.default(10_000),
  requestMs: milliseconds.default(30_000).describe('For a whole request; the API server gives up after 30 s.'),
  keepAliveMs: milliseconds
    .default(95_000)
    .describe('For an idle connection. The API server keeps one for 90 s, and must be the one to close it.'),
});

/** The receiver's slice of the configuration. */
export const receiverOptionsSchema = z
  .strictObject({
    listen: address.prefault('127.0.0.1:9443').describe('Where the API server sends its audit events.'),
    tls: tls.optional(),
    clusters: z
      .array(cluster)
      .min(1)
      .prefault([{ name: 'local' }])
      .describe('The clusters that may send, and the credential of each.'),
    nodeName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('What a sender on a loopback address is called in metrics: the node whose API server it is.'),
    allowUnauthenticated: z
      .boolean()
      .default(false)
      .describe('Take audit events from anyone who reaches the port. They can then forge events and teach rules.'),
    maxBodyBytes: z
      .int()
      .positive()
      .default(64 * MIB)
      .describe('The largest batch that is read.'),
    maxBytesInFlight: z
      .int()
      .positive()
      .default(256 * MIB)
      .describe('How much of request bodies is held at once; a sender beyond it is asked to come again.'),
    reloadMs: milliseconds.default(5_000).describe('How often certificate and token files are looked at for a change.'),
    maxConnections: z.int().positive().default(1_000),
    lingerMs: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        'How long a stop goes on taking requests, unready, until they are sent to another replica. Together with ' +
          'drainMs it has to be below the grace period of the pod. 5000 unless given, and 0 on a loopback address, where ' +
          'nothing stands in front.',
      ),
    drainMs: milliseconds
      .default(20_000)
      .describe('How long a stop then waits for what is under way: requests first, then deliveries.'),
    timeouts: timeouts.prefault({}),
  })
  .superRefine((options, context) => {
    for (const { path, message } of receiverProblems(options)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

/** The slice of the port that health and metrics are served on. */
export const opsOptionsSchema = z.strictObject({
  listen: address
    .prefault('127.0.0.1:9444')
    .describe('Where /livez, /readyz and /metrics are served, in plain HTTP and without a credential.'),
});

export type ReceiverOptions = Readonly<z.output<typeof receiverOptionsSchema>>;
export type OpsOptions = Readonly<z.output<typeof opsOptionsSchema>>;
export type ClusterOptions = Readonly<ReceiverOptions['clusters'][number]>;
export type TlsOptions = Readonly<NonNullable<ReceiverOptions['tls']>>;

/** `host:port`, with brackets around an IPv6 address; undefined if the text is not that. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > MAX_PORT ? undefined : { host, port };
}

/** Whether only this machine can reach the address. A name other than `localhost` may be anything. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** How long a stop goes on taking requests; see `lingerMs`. */
export function lingerMs(options: Pick<ReceiverOptions, 'lingerMs' | 'listen'>): number {
  return options.lingerMs ?? (isLoopback(options.listen) ? 0 : DEFAULT_LINGER_MS);
}

/** Whether a sender has to show a credential. */
export function requiresCredential(options: Pick<ReceiverOptions, 'tls' | 'clusters'>): boolean {
  return options.tls?.clientCAFile !== undefined || options.clusters.some(hasToken);
}

export function hasToken(cluster: ClusterOptions): boolean {
  return cluster.token !== undefined || cluster.tokenFile !== undefined;
}

/** The cluster of a sender that shows no credential: the one marked as default, or the only one. */
export function defaultCluster(clusters: readonly ClusterOptions[]): string | undefined {
  const [first, second] = clusters;
  return clusters.find((candidate) => candidate.default)?.name ?? (second === undefined ? first?.name : undefined);
}

/** What no single option can tell: whether the receiver as a whole is safe, and each cluster can be reached. */
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
        message: 'expected false, because credentials are configured: remove this option, or the credentials',
      },
    ];
  }
  if (isLoopback(options.listen) || options.allowUnauthenticated) return [];
  if (!required) {
    return [
      {
        path: ['listen'],
        message:
          'expected a loopback address, because no sender has to show a credential: set tls.clientCAFile or a ' +
          'tokenFile for each cluster, or set allowUnauthenticated to take events from anyone',
      },
    ];
  }
  if (options.tls !== undefined) return [];
  return [
    {
      path: ['listen'],
      message:
        'expected a loopback address, because tokens would cross the network in the clear: set tls.certFile and tls.keyFile',
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
      ? [problem('name', 'expected a name of its own: another cluster has it already')]
      : []),
    ...(own.default && others.some((other) => other.default)
      ? [problem('default', 'expected at most one default cluster: remove this one or the other')]
      : []),
    ...(own.token !== undefined && own.tokenFile !== undefined
      ? [problem('token', 'expected either token or tokenFile: remove one')]
      : []),
    ...(own.token !== undefined && others.some(({ token }) => token === own.token)
      ? [problem('token', 'expected a token of its own: one token stands for one cluster')]
      : []),
    ...(own.clientNames !== undefined && !certificates
      ? [problem('clientNames', 'expected tls.clientCAFile as well: no client certificate can be checked without it')]
      : []),
    ...(sharedName === undefined
      ? []
      : [problem('clientNames', 'expected names of its own: one certificate stands for one cluster')]),
    ...(requiresCredential(options) && !reachable
      ? [problem('name', 'expected a credential, or nobody can send for this cluster: set clientNames or tokenFile')]
      : []),
  ];
}

function sizes({ maxBodyBytes, maxBytesInFlight }: ReceiverOptions): readonly OptionProblem[] {
  if (maxBytesInFlight >= maxBodyBytes) return [];
  return [
    {
      path: ['maxBytesInFlight'],
      message: 'expected at least maxBodyBytes, or the largest batch never fits: raise it',
    },
  ];
}
