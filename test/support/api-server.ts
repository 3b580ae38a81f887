import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { outputOf, type StartedProcess, startProcess } from './child-process.ts';
import { freePort } from './ports.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { ensureTool } from './tools.ts';
import { waitFor } from './wait.ts';

export interface ApiServerOptions {
  readonly auditPolicyFile?: string | undefined;
  /** A kubeconfig that names the audit webhook backend. It needs an audit policy. */
  readonly auditWebhookConfigFile?: string | undefined;
  /** Further flags of kube-apiserver, such as `--audit-webhook-batch-max-size=10`. They win over this harness's own. */
  readonly extraFlags?: readonly string[] | undefined;
}

export interface ApiRequest {
  /** GET unless told. */
  readonly method?: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** Without it the request has no user agent. */
  readonly userAgent?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ApiServer {
  /** https://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  /** Certificates to trust, PEM. */
  readonly caFile: string;
  readonly adminKubeconfig: string;
  /** Of a member of system:masters. */
  readonly adminToken: string;
  /** Tokens of ordinary users, who are named alice and bob, belong to the group `developers` and may do nothing special. */
  readonly userTokens: Readonly<Record<'alice' | 'bob', string>>;
  /** Of the node n1, which does not exist. */
  readonly nodeToken: string;
  /** Writes a kubeconfig for the bearer of a token and gives its path. */
  kubeconfigFor(token: string): string;
  /** Runs kubectl as the admin and gives its stdout. @throws Error with what it wrote. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply -f -` as the admin. */
  apply(manifest: string | object): Promise<string>;
  /** The body of a GET as the admin, for what is asked again and again: kubectl is a process. @throws Error unless 200 */
  read(path: string): Promise<string>;
  /** Runs Helm as the admin and gives its stdout. @throws Error with what it wrote. */
  helm(...args: readonly string[]): Promise<string>;
  /** A request over a connection of its own; the path is sent as it is. */
  request(path: string, request?: ApiRequest): Promise<ApiAnswer>;
  /** A request without credentials. */
  anonymous(path: string, request?: Omit<ApiRequest, 'token'>): Promise<ApiAnswer>;
  /**
   * Stops the server and starts it on the same port, etcd data, keys and certificates. Options that are given replace
   * those of before, undefined takes one away, the others stay.
   */
  restart(changes?: ApiServerOptions): Promise<void>;
  /** Stops the server. It first sends what is in its audit buffer, for 5 s at most. */
  stop(): Promise<void>;
  /** All that the server has logged, over restarts. */
  log(): string;
}

const START_TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Starts a real kube-apiserver with an etcd of its own, with RBAC, on a free loopback port. There is no kubelet and no
 * controller manager: pods do not run, namespaces are not emptied, tokens come from `kubectl create token`.
 *
 * @throws Error with the end of the server's log when it does not become ready.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const [executable, kubectl, helm] = [
    await ensureTool('kube-apiserver'),
    await ensureTool('kubectl'),
    await ensureTool('helm'),
  ];
  const folder = createTemporaryFolder('api-server');
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const caFile = join(folder, 'certificates', 'apiserver.crt'); // written by the server, kept over restarts
  const logFile = join(folder, 'log');
  const [adminToken, alice, bob, nodeToken] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];

  const keyFile = write(
    'service-account.key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
  );
  const tokenFile = write(
    'tokens.csv',
    [
      `${adminToken},admin,1,"system:masters"`,
      `${alice},alice,2,"developers"`,
      `${bob},bob,3,"developers"`,
      `${nodeToken},system:node:n1,4,"system:nodes"\n`,
    ].join('\n'),
  );
  const adminKubeconfig = kubeconfigFor(adminToken);

  function write(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  function kubeconfigFor(token: string): string {
    return write(`${randomUUID()}.kubeconfig`, JSON.stringify(kubeconfig(url, caFile, token), null, 2));
  }

  async function start({ extraFlags = [], ...audit }: ApiServerOptions): Promise<StartedProcess> {
    const flags = [
      `--etcd-dir=${join(folder, 'etcd')}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--cert-dir=${join(folder, 'certificates')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      `--token-auth-file=${tokenFile}`,
      '--authorization-mode=Node,RBAC',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--shutdown-watch-termination-grace-period=1s', // else an open watch holds a stop up for a minute
      ...auditFlags(audit),
      ...extraFlags,
    ];
    const started = await startProcess(executable, flags, { logFile });
    const answer = await waitFor(async () => (started.exit() ? 'ended' : (await isReady()) && 'ready'), {
      what: 'kube-apiserver to be ready',
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 100,
    });
    if (answer === 'ended') throw new Error(`kube-apiserver did not start\n${started.log().slice(-4_000)}`);
    return started;
  }

  async function isReady(): Promise<boolean> {
    const { status, body } = await request('/readyz', { token: adminToken });
    if (status === 200) return true;
    throw new Error(body);
  }

  async function request(
    path: string,
    { method = 'GET', token, userAgent, headers, body }: ApiRequest = {},
  ): Promise<ApiAnswer> {
    const call = httpsRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ca: readFileSync(caFile),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }), // a DELETE has none of itself
        ...headers,
      },
    });
    call.end(body);
    const [response]: IncomingMessage[] = await once(call, 'response');
    if (!response) throw new Error('a response event without a response');
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  function asAdmin(input?: string) {
    // A home of its own: no settings, plugins or caches of the user reach the test.
    const xdg = { XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined };
    const env = { ...xdg, HOME: folder, KUBECONFIG: adminKubeconfig };
    return input === undefined ? { env } : { env, input };
  }

  let current = options;
  let server = await start(current);
  return {
    url,
    port,
    caFile,
    adminKubeconfig,
    adminToken,
    userTokens: { alice, bob },
    nodeToken,
    kubeconfigFor,
    kubectl: (...args) => outputOf(kubectl, args, asAdmin()),
    apply: (manifest) =>
      outputOf(
        kubectl,
        ['apply', '-f', '-'],
        asAdmin(typeof manifest === 'string' ? manifest : JSON.stringify(manifest)),
      ),
    async read(path) {
      const { status, body } = await request(path, { token: adminToken });
      if (status === 200) return body;
      throw new Error(`${path}: ${status} ${body}`);
    },
    helm: (...args) => outputOf(helm, args, asAdmin()),
    request,
    anonymous: request,
    async restart(changes = {}) {
      await server.stop(STOP_GRACE_MS);
      current = { ...current, ...changes };
      server = await start(current);
    },
    async stop() {
      await server.stop(STOP_GRACE_MS);
    },
    log: () => server.log(),
  };
}

function auditFlags({ auditPolicyFile, auditWebhookConfigFile }: Omit<ApiServerOptions, 'extraFlags'>): string[] {
  if (auditWebhookConfigFile !== undefined && auditPolicyFile === undefined) {
    throw new Error('an audit webhook without an audit policy gets no events');
  }
  return [
    ...(auditPolicyFile === undefined ? [] : [`--audit-policy-file=${auditPolicyFile}`]),
    ...(auditWebhookConfigFile === undefined
      ? []
      : [
          `--audit-webhook-config-file=${auditWebhookConfigFile}`,
          '--audit-webhook-batch-max-wait=1s',
          '--audit-webhook-batch-max-size=100',
          '--audit-webhook-truncate-enabled=true',
        ]),
  ];
}

function kubeconfig(server: string, caFile: string, token: string): object {
  const name = 'e2e';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}
