/** What the guides say of upgrades, restarts, drains and certificates, on a real API server: only a stranger is told of. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHART, NAMESPACE, REQUIRED } from '../support/chart.ts';
import { type Alert, type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { waitFor } from '../support/wait.ts';

const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;
const LABELS = { app: 'firstseen' };
const ADDRESS = { name: 'audit', port: 9443, protocol: 'TCP' };

type Told = Alert & {
  readonly spec: {
    readonly reason: string;
    readonly actor: { readonly user?: string };
    readonly request: { readonly subresource?: string; readonly name?: string };
  };
};

let cluster: Cluster;
let firstseen: Firstseen;

beforeAll(async () => {
  cluster = await startCluster({ auditPolicyFile: 'deploy/audit-policy.yaml' });
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: await cluster.kubeconfigOfPod('firstseen-0'),
    certificates: cluster.certificates,
    port: cluster.webhookPort,
    // The administrator of the tests does the upkeep.
    config: {
      rules: { paths: undefined, pack: 'none' },
      receiver: { lingerMs: 500 },
      tamper: { identities: ['admin'] },
    },
  });
});
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
});

/** Sends a request with somebody's token. @throws Error unless it was carried out */
type Send = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) => Promise<void>;

function sender(token: string): Send {
  return async (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const { status, body: answer } = await cluster.server.request(path, {
      method,
      token,
      headers: { 'content-type': type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer}`);
  };
}

/** A controller of Kubernetes by the account that it has; its rights the API server has made. */
async function controller(name: string): Promise<Send> {
  await cluster.server.kubectl('-n', 'kube-system', 'create', 'serviceaccount', name);
  return sender((await cluster.server.kubectl('-n', 'kube-system', 'create', 'token', name)).trim());
}

function podOf(name: string, owner?: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: LABELS, ...(owner !== undefined && { ownerReferences: [owner] }) },
    spec: {
      serviceAccountName: 'firstseen',
      automountServiceAccountToken: false,
      nodeName: 'n1',
      containers: [{ name: 'firstseen', image: 'firstseen' }],
    },
  };
}

const kubectl = (...args: readonly string[]) => cluster.server.kubectl('-n', NAMESPACE, ...args);

/** The alerts of the rules about firstseen itself. */
async function told(): Promise<readonly Told[]> {
  return ((await cluster.alerts()) as readonly Told[]).filter(({ spec }) =>
    spec.rule.name.startsWith('firstseen-tamper-'),
  );
}

async function upgrade(...values: readonly string[]): Promise<void> {
  await cluster.server.helm('upgrade', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED, ...values);
}

/** What the controllers and the kubelet of a cluster do when a pod is replaced by one of a new ReplicaSet. */
async function rollOut(): Promise<void> {
  const deployments = await controller('deployment-controller');
  const replicaSets = await controller('replicaset-controller');
  const endpoints = await controller('endpoint-controller');
  const slices = await controller('endpointslice-controller');
  const garbage = await controller('generic-garbage-collector');
  const kubelet = sender(cluster.server.nodeToken);
  const template = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'firstseen', image: 'firstseen' }] } };
  await deployments('POST', `${APPS}/replicasets`, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'firstseen-1' },
    spec: { replicas: 1, selector: { matchLabels: LABELS }, template },
  });
  const replicaSet = JSON.parse(await kubectl('get', 'replicaset', 'firstseen-1', '-o', 'json'));
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'firstseen-1', uid: replicaSet.metadata.uid };
  const status = { replicas: 1, readyReplicas: 1 };
  await replicaSets('POST', `${CORE}/pods`, podOf('firstseen-1-a', { ...owner, controller: true }));
  await replicaSets('PUT', `${APPS}/replicasets/firstseen-1/status`, { ...replicaSet, status });
  await kubelet('PATCH', `${CORE}/pods/firstseen-1-a/status`, { status: { phase: 'Running' } });
  await slices('POST', SLICES, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'firstseen-x', labels: { 'kubernetes.io/service-name': 'firstseen' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [ADDRESS],
  });
  await endpoints('POST', `${CORE}/endpoints`, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'firstseen' },
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [ADDRESS] }],
  });
  const deployment = JSON.parse(await kubectl('get', 'deployment', 'firstseen', '-o', 'json'));
  await deployments('PUT', `${APPS}/deployments/firstseen/status`, { ...deployment, status: { replicas: 1 } });
  await deployments('DELETE', `${APPS}/replicasets/firstseen-1`);
  await garbage('DELETE', `${CORE}/pods/firstseen-1-a`);
  await kubelet('DELETE', `${CORE}/pods/firstseen-1-a?gracePeriodSeconds=0`);
}

test('upgrades, restarts, drains and new certificates tell of nobody; a stranger who does one of them is told of', async () => {
  const { server } = cluster;
  await server.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  await server.kubectl('create', 'clusterrolebinding', 'bob', '--clusterrole=cluster-admin', '--user=bob');

  // docs/guides/upgrade.md, and back.
  await upgrade('--set', 'podLabels.a=b,networkPolicy.enabled=true,networkPolicy.controlPlaneCIDRs={192.0.2.10/32}');
  await upgrade('--set', 'podLabels.a=c');
  await server.helm('rollback', 'firstseen', '1', '--namespace', NAMESPACE);
  await kubectl('rollout', 'restart', 'deploy/firstseen');
  await rollOut();
  // docs/guides/certificates.md
  await kubectl('create', 'secret', 'generic', 'firstseen-tls', '--from-literal=tls.crt=x');
  await kubectl('patch', 'secret', 'firstseen-tls', '-p', '{"stringData":{"tls.crt":"y"}}');
  await kubectl('delete', 'secret', 'firstseen-tls');
  // docs/guides/replicas.md: a node is drained, and one that is gone loses its pods.
  const admin = sender(server.adminToken);
  const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });
  for (const name of ['drained', 'evicted', 'lost']) await admin('POST', `${CORE}/pods`, podOf(name));
  await server.kubectl('cordon', 'n1');
  await admin('POST', `${CORE}/pods/drained/eviction`, eviction('drained'));
  await (await controller('pod-garbage-collector'))('DELETE', `${CORE}/pods/lost?gracePeriodSeconds=0`);
  // What Kubernetes puts into every namespace.
  await (await controller('root-ca-cert-publisher'))('POST', `${CORE}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-root-ca.crt' },
  });
  await (await controller('service-account-controller'))('POST', `${CORE}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });

  // The last: what was sent before has been judged when this has.
  await sender(server.userTokens.bob)('POST', `${CORE}/pods/evicted/eviction`, eviction('evicted'));
  const isTold = async () => (await told()).some(({ spec }) => spec.request.subresource === 'eviction');
  await waitFor(isTold, { what: 'the alert about the eviction', timeoutMs: 60_000, intervalMs: 250 });
  expect((await told()).map(({ spec }) => `${spec.actor.user}: ${spec.reason}`)).toEqual([
    expect.stringMatching(/^bob: /),
  ]);
});
