import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from './api-server.ts';
import { accountToken, installChart, NAMESPACE } from './chart.ts';
import { runFirstseen } from './command-line.ts';
import {
  createWebhookCertificates,
  type Firstseen,
  type StateConfig,
  startFirstseen,
  type WebhookCertificates,
} from './firstseen.ts';
import { freePort } from './ports.ts';
import type { RedisServer } from './redis-server.ts';
import { writeRule } from './rule-file.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { type WaitOptions, waitFor } from './wait.ts';

/** As much of an Alert as the tests read. */
export interface Alert {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly cluster: string;
    readonly rule: { readonly name: string; readonly version?: string };
    readonly overflow: boolean;
    readonly actor: { readonly userAgent?: string };
    readonly groupBy?: readonly { readonly field: string; readonly value: string }[];
  };
  readonly status: {
    readonly phase: string;
    readonly count: number;
    readonly evidence?: readonly { readonly auditID: string }[];
  };
}

export interface ClusterOptions {
  /** Records every request at every stage unless told. */
  readonly auditPolicyFile?: string;
  /** Where the audit events go instead of to firstseen, such as a recorder; plain HTTP. */
  readonly webhookUrl?: string;
  /** Further flags of the API server. They win over those that `webhook-config` names. */
  readonly flags?: readonly string[];
}

/** A cluster with the chart installed, whose API server sends its audit events to a port on which firstseen may listen. */
export interface Cluster {
  readonly server: ApiServer;
  /** Of the service account that the chart has made. */
  readonly kubeconfig: string;
  /** The same, but the API server is reached at another port. */
  kubeconfigVia(port: number): string;
  /** A token of the same account as a pod of this name has it: bound to the pod, which is made for it. */
  tokenOfPod(name: string): Promise<string>;
  /** The same as a kubeconfig. */
  kubeconfigOfPod(name: string): Promise<string>;
  /** Every alert there is. */
  alerts(): Promise<readonly Alert[]>;
  readonly certificates: WebhookCertificates;
  readonly webhookPort: number;
  /** Starts firstseen where the API server sends its events. */
  startFirstseen(state: StateConfig, kubeconfig?: string): Promise<Firstseen>;
  /** The alerts of a rule of the pack whose first request came from this user agent. */
  alertsOf(userAgent: string, rule?: string): Promise<readonly Alert[]>;
  /** Waits for the one alert of a user agent, with this count. @throws Error at once when there is a second one */
  waitForAlert(userAgent: string, expected: ExpectedAlert): Promise<Alert>;
}

export interface ExpectedAlert extends Pick<WaitOptions, 'timeoutMs'> {
  readonly count: number;
  readonly rule?: string;
}

export const ANONYMOUS_RULE = 'anonymous-request-unusual-agent';
export const EXEC_RULE = 'exec-into-pod';
/** Allowed to anonymous requests in the clusters that are started here. */
export const OPEN_PATH = '/api/v1/namespaces/default/pods';

/** kubectl is a process each time, and there are two cores. */
const POLL_MS = 250;
const ARRIVED_RULE = 'e2e-arrived';
const EVERYTHING = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: RequestResponse\n';

/** Writes the rule whose decisions count the requests of agents that begin with `e2e-`, at each stage that tells an outcome. */
export function arrivalRuleFile(): string {
  return writeRule(ARRIVED_RULE, {
    query: 'user_agent.original: e2e-* and kubernetes.audit.stage: (ResponseStarted or ResponseComplete)',
    severity: 'low',
  });
}

/** How many events of agents that begin with `e2e-` have been evaluated, and what they caused committed: a decision counts after that. */
export function arrivals(firstseen: Firstseen): Promise<number> {
  return firstseen.metric('firstseen_decisions_total', { rule: ARRIVED_RULE });
}

/** Does what sends `events` events of `e2e-` agents, and waits until the metrics show that they have arrived. */
export async function arrive(firstseen: Firstseen, events: number, send: () => Promise<void>): Promise<void> {
  const before = await arrivals(firstseen);
  await send();
  await waitFor(async () => (await arrivals(firstseen)) >= before + events, {
    what: `${events} events after ${before} to arrive`,
  });
}

/**
 * Does what an operator does: starts the API server without a webhook, installs the chart, writes the webhook's
 * kubeconfig by `firstseen webhook-config`, and starts the API server again with it on the same data. Anonymous requests
 * may read pods in `default`.
 */
export async function startCluster({
  auditPolicyFile,
  webhookUrl,
  flags: more = [],
}: ClusterOptions = {}): Promise<Cluster> {
  const folder = createTemporaryFolder('cluster');
  const [server, certificates, webhookPort] = await Promise.all([
    startApiServer(),
    createWebhookCertificates(),
    freePort(),
  ]);
  await server.kubectl('create', 'namespace', NAMESPACE);
  await installChart(server);
  await server.apply(openPods());

  const token = await accountToken(server);
  const kubeconfig = server.kubeconfigFor(token);
  const credentials = ['--ca-file', certificates.caFile, '--client-cert-file', certificates.client.certFile].concat([
    '--client-key-file',
    certificates.client.keyFile,
  ]);
  const target = webhookUrl ?? `https://127.0.0.1:${webhookPort}/audit`;
  const options = ['webhook-config', '--server', target, ...(webhookUrl === undefined ? credentials : [])];
  const [webhook, flags] = await Promise.all([runFirstseen(...options), runFirstseen(...options, '-o', 'flags')]);
  await server.restart({
    auditPolicyFile: auditPolicyFile ?? write('policy.yaml', EVERYTHING),
    auditWebhookConfigFile: write('webhook.yaml', webhook),
    extraFlags: [
      '--allow-privileged=true', // as every real cluster has it
      // The two that name files name those of a control plane.
      ...flags
        .trim()
        .split('\n')
        .filter((flag) => !/^--audit-(policy|webhook-config)-file=/.test(flag)),
      ...more,
    ],
  });

  function write(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  async function tokenOfPod(name: string): Promise<string> {
    await server.apply(idlePod(name, NAMESPACE, 'firstseen'));
    return accountToken(server, name);
  }

  async function alerts(): Promise<readonly Alert[]> {
    return (JSON.parse(await server.read('/apis/firstseen.dev/v1alpha1/alerts')) as { readonly items: Alert[] }).items;
  }

  async function alertsOf(userAgent: string, rule = ANONYMOUS_RULE): Promise<readonly Alert[]> {
    return (await alerts()).filter(({ spec }) => spec.rule.name === rule && spec.actor.userAgent === userAgent);
  }

  return {
    server,
    kubeconfig,
    kubeconfigVia(port) {
      const direct = server.kubeconfigFor(token);
      writeFileSync(direct, readFileSync(direct, 'utf8').replace(server.url, `https://127.0.0.1:${port}`));
      return direct;
    },
    tokenOfPod,
    kubeconfigOfPod: async (name) => server.kubeconfigFor(await tokenOfPod(name)),
    alerts,
    certificates,
    webhookPort,
    startFirstseen: (state, via = kubeconfig) =>
      startFirstseen({ state, kubeconfig: via, certificates, port: webhookPort, rules: [arrivalRuleFile()] }),
    alertsOf,
    async waitForAlert(userAgent, { count, rule, timeoutMs }) {
      const answer = await waitFor(
        async () => {
          const alerts = await alertsOf(userAgent, rule);
          const [only, second] = alerts;
          if (second !== undefined) return { alerts };
          if (only === undefined || only.status.count === undefined || only.status.count < count) return false;
          return { only, alerts };
        },
        {
          what: `one alert of ${userAgent} with the count ${count}`,
          intervalMs: POLL_MS,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        },
      );
      if (answer.only?.status.count === count) return answer.only;
      throw new Error(`more than one alert of ${userAgent} with the count ${count}: ${JSON.stringify(answer.alerts)}`);
    },
  };
}

/** A fresh state of each kind. */
export function sqliteState(): StateConfig {
  return { kind: 'sqlite', path: join(createTemporaryFolder('state'), 'firstseen.db') };
}

export function redisState({ port }: Pick<RedisServer, 'port'>, database = 0): StateConfig {
  return { kind: 'redis', url: `redis://127.0.0.1:${port}/${database}` };
}

/** Roles that let anonymous requests read pods, and alice run commands in them, in `default`; and a pod that runs nowhere. */
function openPods(): object {
  const role = (name: string, rules: readonly object[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace: 'default' },
    rules,
  });
  const binding = (name: string, kind: string, subject: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind, name: subject }],
  });
  const metadata = { name: 'default', namespace: 'default' };
  const items = [
    role('open', [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }]),
    binding('open', 'Group', 'system:unauthenticated'),
    role('exec', [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] }]),
    binding('exec', 'User', 'alice'),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    idlePod('cart', 'default', 'default'),
  ];
  return { apiVersion: 'v1', kind: 'List', items };
}

/** A pod that runs nowhere. */
function idlePod(name: string, namespace: string, serviceAccountName: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { serviceAccountName, automountServiceAccountToken: false, containers: [{ name, image: 'cart:1' }] },
  };
}
