import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ApiServer } from './api-server.ts';
import { type Exit, type StartedProcess, startProcess } from './child-process.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 25_000;

/** The name of the node that the pod is on. */
export const NODE_NAME = 'node-of-the-test';

/** Mounts the folder of the first argument where a pod has its service account, then becomes the rest of the arguments. */
const MOUNT = `
  mount -t tmpfs tmpfs /run
  mkdir -p /var/run/secrets/kubernetes.io/serviceaccount
  cp "$1"/* /var/run/secrets/kubernetes.io/serviceaccount
  shift
  exec "$@"`;

interface KeyReference {
  readonly name: string;
  readonly key: string;
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly secretKeyRef?: KeyReference;
      readonly fieldRef?: { readonly fieldPath: string };
    };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: {
    readonly secretName: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}

interface Workload {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly [Container]; readonly volumes: readonly Volume[] };
    };
  };
}

export interface PodOptions {
  /** Such as deploy/firstseen. */
  readonly workload: string;
  readonly namespace: string;
  /** Of the pod's service account. */
  readonly token: string;
  /** Where health and metrics are served, if not where the workload says. */
  readonly ops: string;
  /** Wins over the workload's, such as an address to listen on. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly opsUrl: string;
  /** Brings the mounted ConfigMaps and Secrets up to what the API server has, as a kubelet does every minute or so. */
  sync(): Promise<void>;
  stop(): Promise<Exit>;
  log(): string;
}

/**
 * Does what a kubelet would, as there is none: reads a workload from the API server, writes its volumes into folders, and
 * starts firstseen with the arguments and the environment of its container. Only the mount points are others: paths below
 * them are rewritten in arguments, environment and mounted text, and so is /app, where the image has the program. On Linux
 * the service account is where a pod has it.
 *
 * @throws Error with the log when it does not become ready
 */
export async function startPod(server: ApiServer, options: PodOptions): Promise<Pod> {
  const { namespace } = options;
  const workload: Workload = JSON.parse(await server.kubectl('-n', namespace, 'get', options.workload, '-o', 'json'));
  const { containers, volumes } = workload.spec.template.spec;
  const [container] = containers;
  const root = createTemporaryFolder('pod');
  const mounts = new Map(container.volumeMounts.map(({ mountPath }) => [mountPath, join(root, mountPath)]));

  function rewritten(text: string): string {
    const longest = [...mounts, ['/app/', `${REPOSITORY}/`] as const].sort(([a], [b]) => b.length - a.length);
    return longest.reduce((result, [from, to]) => result.replaceAll(new RegExp(`(?<![\\w/])${from}`, 'g'), to), text);
  }

  async function dataOf(kind: string, name: string): Promise<Readonly<Record<string, string>>> {
    const { data } = JSON.parse(await server.kubectl('-n', namespace, 'get', kind, name, '-o', 'json'));
    const entries = Object.entries(data as Record<string, string>);
    if (kind === 'configmap') return Object.fromEntries(entries.map(([key, text]) => [key, rewritten(text)]));
    return Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]));
  }

  async function filesOf({ configMap, secret }: Volume): Promise<Readonly<Record<string, string>>> {
    if (configMap !== undefined) return dataOf('configmap', configMap.name);
    if (secret === undefined) return {};
    const data = await dataOf('secret', secret.secretName);
    return Object.fromEntries(
      secret.items.map(({ key, path }) => {
        const text = data[key];
        if (text === undefined)
          throw new Error(`the Secret ${secret.secretName} has no ${key}, so the pod could not start`);
        return [path, text];
      }),
    );
  }

  async function sync(): Promise<void> {
    for (const { name, mountPath, subPath } of container.volumeMounts) {
      const volume = volumes.find((candidate) => candidate.name === name);
      if (volume === undefined) throw new Error(`no volume ${name}`);
      const files = await filesOf(volume);
      const target = join(root, mountPath);
      mkdirSync(subPath === undefined ? target : dirname(target), { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        if (subPath === undefined) writeFileSync(join(target, file), text, { mode: 0o600 });
        else if (subPath === file) writeFileSync(target, text);
      }
    }
  }

  /** A folder with what a kubelet mounts of the service account. */
  function serviceAccount(below: string): string {
    const folder = join(below, 'service-account');
    mkdirSync(folder);
    copyFileSync(server.caFile, join(folder, 'ca.crt'));
    writeFileSync(join(folder, 'token'), options.token, { mode: 0o600 });
    return folder;
  }

  async function environment(): Promise<Readonly<Record<string, string>>> {
    const env: Record<string, string> = {};
    for (const { name, value, valueFrom } of container.env) {
      const { secretKeyRef, fieldRef } = valueFrom ?? {};
      if (secretKeyRef !== undefined) env[name] = (await dataOf('secret', secretKeyRef.name))[secretKeyRef.key] ?? '';
      else if (fieldRef?.fieldPath === 'spec.nodeName') env[name] = NODE_NAME;
      else env[name] = rewritten(value ?? '');
    }
    return { ...env, ...options.env };
  }

  await sync();
  const program = [process.execPath, join(REPOSITORY, 'src/main.ts'), ...container.args.map(rewritten)] as const;
  const env = await environment();
  const unshare = mountNamespace();
  const started: StartedProcess =
    unshare === undefined
      ? await startProcess(program[0], program.slice(1), {
          env: { ...env, FIRSTSEEN_KUBECONFIG: server.kubeconfigFor(options.token) },
        })
      : await startProcess('unshare', [...unshare, 'sh', '-ec', MOUNT, 'sh', serviceAccount(root), ...program], {
          env: { ...env, KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) },
        });
  const opsUrl = `http://${options.ops}`;
  const isReady = async () => (await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(5_000) })).ok;
  const answer = await waitFor(async () => (started.exit() ? 'ended' : (await isReady()) && 'ready'), {
    what: 'firstseen to be ready',
    timeoutMs: START_TIMEOUT_MS,
  });
  if (answer === 'ended') throw new Error(`firstseen did not start\n${started.log().slice(-4_000)}`);
  return {
    opsUrl,
    sync,
    async stop() {
      const exit = await started.stop(STOP_GRACE_MS);
      rmSync(root, { recursive: true, force: true });
      return exit;
    },
    log: () => started.log(),
  };
}

/**
 * How to get mounts that nobody else sees, so that the process finds its service account where a pod has it. Undefined
 * where the system has no such thing: there it is given a kubeconfig.
 */
function mountNamespace(): readonly string[] | undefined {
  return [['-m'], ['-rm']].find(
    (flags) => spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', '/run']).status === 0,
  );
}
