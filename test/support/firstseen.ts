import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type CertificateAuthority, type CertificatePair, createCertificateAuthority } from './certificates.ts';
import { type Exit, type StartedProcess, startProcess } from './child-process.ts';
import { freePort } from './ports.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PACK = join(import.meta.dirname, '..', '..', 'rules');
const START_TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 25_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** The certificates of the receiver and of the API server that sends to it. */
export interface WebhookCertificates {
  readonly authority: CertificateAuthority;
  readonly caFile: string;
  readonly ca: string;
  readonly server: CertificatePair;
  readonly client: CertificatePair;
}

/** The state as the configuration names it. */
export type StateConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: string };

export interface FirstseenOptions {
  readonly state: StateConfig;
  /** Where alerts are written; without it to no Kubernetes API. */
  readonly kubeconfig?: string;
  /** For TLS on both sides; without them the receiver speaks plain HTTP to anyone on this machine. */
  readonly certificates?: WebhookCertificates;
  /** Of the receiver; a free one unless told. */
  readonly port?: number;
  /** Files of rules beside the pack. */
  readonly rules?: readonly string[];
  /** What the process takes for the name of its host. */
  readonly hostname?: string;
  /** Put over the configuration, part by part, such as `{ receiver: { lingerMs: 500 } }`. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** firstseen as a process of its own. Over kills and restarts it keeps its ports, its configuration and its state. */
export interface Firstseen {
  /** Where the API server sends its audit events. */
  readonly url: string;
  readonly opsUrl: string;
  readonly configFile: string;
  /** The sum of the samples of a metric whose labels hold these; 0 if there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Sends a batch as the API server does, over a connection of its own, and gives the status of the answer. */
  post(body: string): Promise<number>;
  /** Sends a batch and never reads the answer. Gives what breaks the connection off. */
  postUnanswered(body: string): Promise<() => void>;
  /** Kills the process (SIGKILL) and waits until it is gone. */
  kill(): Promise<Exit>;
  /** Asks it to stop (SIGTERM), as Kubernetes does, and waits until it is gone. */
  stop(): Promise<Exit>;
  /** Sends it SIGTERM and does not wait. */
  terminate(): void;
  /** Whether it says that it takes requests. */
  isReady(): Promise<boolean>;
  /** Starts it again after it has ended, with these changes from now on. */
  start(changes?: Pick<FirstseenOptions, 'rules' | 'config'>): Promise<void>;
  /** All that it has logged, over restarts. */
  log(): string;
}

export async function createWebhookCertificates(): Promise<WebhookCertificates> {
  const folder = createTemporaryFolder('webhook-certificates');
  const authority = await createCertificateAuthority(folder, 'webhook-ca');
  return {
    authority,
    caFile: authority.certFile,
    ca: authority.cert,
    server: await authority.server('firstseen'),
    client: await authority.client('kube-apiserver'),
  };
}

/**
 * Starts `firstseen serve` and waits until it is ready.
 *
 * @throws Error with its log when it does not become ready
 */
export async function startFirstseen(options: FirstseenOptions): Promise<Firstseen> {
  const { certificates, port = await freePort(), hostname } = options;
  const folder = createTemporaryFolder('serve');
  const logFile = join(folder, 'log');
  const configFile = join(folder, 'firstseen.yaml');
  const ops = `127.0.0.1:${await freePort()}`;
  let current = options;
  const url = `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${port}/audit`;
  const opsUrl = `http://${ops}`;

  async function start(): Promise<StartedProcess> {
    writeFileSync(configFile, JSON.stringify(configuration(current, port, ops), null, 2));
    const env = hostname === undefined ? {} : { HOSTNAME: hostname };
    const started = await startProcess(process.execPath, [MAIN, 'serve', '--config', configFile], { logFile, env });
    const answer = await waitFor(async () => (started.exit() ? 'ended' : (await isReady()) && 'ready'), {
      what: 'firstseen to be ready',
      timeoutMs: START_TIMEOUT_MS,
    });
    if (answer === 'ended') throw new Error(`firstseen did not start\n${started.log().slice(-4_000)}`);
    return started;
  }

  async function isReady(): Promise<boolean> {
    return (await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(5_000) })).ok;
  }

  function call(body: string): ClientRequest {
    const settings = {
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      headers: {
        accept: 'application/json, */*',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Go-http-client/1.1',
      },
    };
    const target = `${url}?timeout=30s`;
    if (certificates === undefined) return httpRequest(target, settings).end(body);
    const { ca, client } = certificates;
    return httpsRequest(target, { ...settings, ca, cert: client.cert, key: client.key }).end(body);
  }

  let running = await start();
  return {
    url,
    opsUrl,
    configFile,
    async metric(name, labels = {}) {
      const answer = await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
      return sumOf(await answer.text(), name, labels);
    },
    async post(body) {
      const [response]: IncomingMessage[] = await once(call(body), 'response');
      if (!response) throw new Error('a response event without a response');
      await text(response);
      return response.statusCode ?? 0;
    },
    async postUnanswered(body) {
      const sent = call(body);
      sent.on('error', () => {}); // the receiver is killed under it
      await once(sent, 'finish');
      return () => void sent.destroy();
    },
    async kill() {
      running.kill('SIGKILL');
      return running.waitForExit();
    },
    stop: () => running.stop(STOP_GRACE_MS),
    terminate: () => running.kill('SIGTERM'),
    isReady: () => isReady().catch(() => false),
    async start(changes) {
      current = { ...current, ...changes };
      running = await start();
    },
    log: () => running.log(),
  };
}

/** `receiver.tls` of the configuration; nothing for plain HTTP. */
export function receiverTls(certificates: WebhookCertificates | undefined): object {
  if (certificates === undefined) return {};
  const { server, caFile } = certificates;
  return { tls: { certFile: server.certFile, keyFile: server.keyFile, clientCAFile: caFile } };
}

function configuration(options: FirstseenOptions, port: number, ops: string) {
  const { state, kubeconfig, certificates, rules = [], config = {} } = options;
  const own = {
    receiver: { listen: `127.0.0.1:${port}`, ...receiverTls(certificates), clusters: [{ name: 'local' }] },
    ops: { listen: ops },
    state,
    rules: { paths: [PACK, ...rules] },
    kubernetes: kubeconfig === undefined ? { enabled: false } : { enabled: true, kubeconfig },
  };
  const merged = Object.entries(own).map(([part, values]) => [part, { ...values, ...config[part] }]);
  return { ...config, ...Object.fromEntries(merged) };
}

/** Adds up samples of the text format of Prometheus: `name{label="value"} 1`. */
function sumOf(exposed: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return exposed
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((pair) => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
