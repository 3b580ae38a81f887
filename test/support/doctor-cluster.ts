import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { outputOf, startProcess } from './child-process.ts';
import { type Cluster, redisState, startCluster } from './cluster.ts';
import { runFirstseen } from './command-line.ts';
import { changedFile, type DoctorFinding, type DoctorRun, newFile, runDoctor } from './doctor.ts';
import { freePort } from './ports.ts';
import { startRedis } from './redis-server.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { ensureTool } from './tools.ts';
import { waitFor } from './wait.ts';

type Flags = Readonly<Record<string, string | undefined>>;
type Config = Record<string, Record<string, unknown>>;

/** A healthy installation: an API server that sends to firstseen, which keeps its state in Redis; and what doctor is given of it. */
export interface DoctorCluster {
  readonly cluster: Cluster;
  /** Where the API server sends to. */
  readonly url: string;
  /** An audit policy that records all but the writes of firstseen. */
  readonly policy: string;
  /** Runs doctor as an administrator does, with all that it takes; undefined leaves a flag out. */
  doctor(changes?: Flags): Promise<DoctorRun>;
  /** The flags that `webhook-config` prints. */
  recommendedFlags(): Promise<readonly string[]>;
  /** Makes the pod that a kubelet shows of kube-apiserver's manifest. */
  showApiServer(flags: readonly string[]): Promise<void>;
  /** The webhook's kubeconfig with something changed in its cluster or user. */
  changedWebhook(change: { readonly cluster?: object; readonly user?: object }): string;
  /** The configuration of firstseen with something changed. */
  changedConfig(change: (config: Config) => void): string;
  /** Does what a finding says, in a shell, in a folder with the CA, as an administrator. */
  mend(finding: Pick<DoctorFinding, 'mend'>): Promise<void>;
  /**
   * Starts another firstseen, to which no API server sends: its certificate ends in an hour, and the client certificate of
   * the API server stands for its cluster `prod`, not for `staging`.
   */
  startSecond(): Promise<SecondFirstseen>;
  stop(): Promise<void>;
}

export interface SecondFirstseen {
  readonly port: number;
  readonly configFile: string;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PACK = join(import.meta.dirname, '..', '..', 'rules');
const HOUR_MS = 3_600_000;

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
  - level: None
    users: [system:serviceaccount:firstseen:firstseen]
    resources:
      - group: firstseen.dev
      - group: events.k8s.io
  - level: RequestResponse
`;

export async function startDoctorCluster(): Promise<DoctorCluster> {
  const policy = newFile('audit-policy.yaml', POLICY);
  const [cluster, redis] = await Promise.all([
    startCluster({ auditPolicyFile: policy }),
    startRedis({ appendFsync: 'everysec' }),
  ]);
  const firstseen = await cluster.startFirstseen(redisState(redis));
  const url = `https://127.0.0.1:${cluster.webhookPort}/audit`;
  const { authority, client, caFile } = cluster.certificates;
  const folder = createTemporaryFolder('mend');
  copyFileSync(authority.certFile, join(folder, 'ca.crt'));
  copyFileSync(authority.keyFile, join(folder, 'ca.key'));
  const webhook = join(folder, 'webhook.yaml');
  const credential = ['--client-cert-file', client.certFile, '--client-key-file', client.keyFile];
  writeFileSync(webhook, await runFirstseen('webhook-config', '--server', url, '--ca-file', caFile, ...credential));

  const started: DoctorCluster = {
    cluster,
    url,
    policy,
    doctor: (changes = {}) =>
      runDoctor({
        config: firstseen.configFile,
        kubeconfig: cluster.server.adminKubeconfig,
        'service-account': 'firstseen:firstseen',
        'webhook-kubeconfig': webhook,
        policy,
        ...changes,
      }),
    async recommendedFlags() {
      return (await runFirstseen('webhook-config', '--server', url, '-o', 'flags')).trim().split('\n');
    },
    async showApiServer(flags) {
      const metadata = {
        name: 'kube-apiserver-e2e',
        namespace: 'kube-system',
        labels: { component: 'kube-apiserver' },
      };
      const containers = [{ name: 'kube-apiserver', image: 'kube-apiserver', command: ['kube-apiserver', ...flags] }];
      const account = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: 'kube-system' },
      };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: { automountServiceAccountToken: false, containers },
      };
      await cluster.server.kubectl('-n', 'kube-system', 'delete', 'pod', metadata.name, '--ignore-not-found', '--now');
      await cluster.server.apply({ apiVersion: 'v1', kind: 'List', items: [account, pod] });
    },
    changedWebhook(change) {
      const config = parse(readFileSync(webhook, 'utf8')) as Record<string, [Record<string, object>]>;
      Object.assign(config.clusters?.[0].cluster ?? {}, change.cluster);
      Object.assign(config.users?.[0].user ?? {}, change.user);
      return newFile('webhook.yaml', stringify(config));
    },
    changedConfig: (change) =>
      changedFile(firstseen.configFile, (text) => {
        const config = JSON.parse(text) as Config;
        change(config);
        return JSON.stringify(config);
      }),
    async mend({ mend = '' }) {
      const path = `${dirname(await ensureTool('kubectl'))}:${process.env.PATH}`;
      const env = { PATH: path, KUBECONFIG: cluster.server.adminKubeconfig, HOME: folder };
      await outputOf('sh', ['-e', '-c', mend], { cwd: folder, env });
    },
    async startSecond() {
      const [port, opsPort] = [await freePort(), await freePort()];
      const { certFile, keyFile } = await authority.server('firstseen', { notAfter: new Date(Date.now() + HOUR_MS) });
      const clusters = [
        { name: 'prod', clientNames: ['kube-apiserver'] },
        { name: 'staging', clientNames: ['kube-apiserver-staging'] },
      ];
      const config = {
        receiver: { listen: `127.0.0.1:${port}`, tls: { certFile, keyFile, clientCAFile: caFile }, clusters },
        ops: { listen: `127.0.0.1:${opsPort}` },
        state: { kind: 'sqlite', path: join(createTemporaryFolder('state'), 'firstseen.db') },
        rules: { paths: [PACK] },
        kubernetes: { enabled: false },
      };
      const configFile = newFile('firstseen.yaml', JSON.stringify(config));
      const running = await startProcess(process.execPath, [MAIN, 'serve', '--config', configFile]);
      await waitFor(async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok, {
        what: 'firstseen to be ready',
      });
      return { port, configFile, stop: async () => void (await running.stop()) };
    },
    async stop() {
      await Promise.all([firstseen.stop(), cluster.server.stop(), redis.stop()]);
    },
  };
  await started.showApiServer(await started.recommendedFlags());
  await waitFor(() => firstseen.metric('firstseen_last_batch_timestamp_seconds'), {
    what: 'the first batch',
  });
  return started;
}
