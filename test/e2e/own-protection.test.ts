/** The pack in the cluster, and what happens to one who turns against firstseen itself, on a real API server. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { ACCOUNT, accountToken, NAMESPACE } from '../support/chart.ts';
import { type Alert, type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { waitFor } from '../support/wait.ts';

/** Some of the pack is as good as all of it, and quicker. */
const TAG = 'rbac';
const WAIT = { intervalMs: 250 };

let cluster: Cluster;
let firstseen: Firstseen;
/** The rules of the pack with the tag, in the order of their names. */
let pack: readonly string[];

beforeAll(async () => {
  const { rules } = await loadRuleFiles(['rules']);
  pack = rules.flatMap(({ document: { name, tags } }) => (tags.includes(TAG) ? [name] : [])).sort();
  cluster = await startCluster();
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: await cluster.kubeconfigOfPod('firstseen-0'),
    certificates: cluster.certificates,
    port: cluster.webhookPort,
    config: { rules: { paths: undefined, pack: { tags: [TAG] } }, receiver: { lingerMs: 500 } },
  });
});
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
});

async function installed(): Promise<readonly string[]> {
  const selector = 'labelSelector=app.kubernetes.io/managed-by%3Dfirstseen';
  const { items }: { readonly items: readonly Pick<Alert, 'metadata'>[] } = JSON.parse(
    await cluster.server.read(`/apis/firstseen.dev/v1alpha1/detectionrules?${selector}`),
  );
  return items.map(({ metadata }) => metadata.name).sort();
}

async function packIsInstalled(): Promise<void> {
  const isThere = async () => JSON.stringify(await installed()) === JSON.stringify(pack);
  await waitFor(isThere, { ...WAIT, what: 'the pack to be in the cluster' });
}

const patch = (name: string, spec: object) =>
  cluster.server.kubectl('patch', 'detectionrule', name, '--type=merge', '-p', JSON.stringify({ spec }));

async function specOf(name: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await cluster.server.read(`/apis/firstseen.dev/v1alpha1/detectionrules/${name}`)).spec;
}

type Told = Alert & {
  readonly spec: { readonly actor: { readonly user?: string }; readonly request: { readonly name?: string } };
};

async function toldOf(rule: string, user: string, name: string): Promise<readonly Told[]> {
  return ((await cluster.alerts()) as readonly Told[]).filter(
    ({ spec }) =>
      spec.rule.name === `firstseen-tamper-${rule}` && spec.actor.user === user && spec.request.name === name,
  );
}

/** Waits for the alert about what a user has done to an object. */
async function told(rule: string, user: string, name: string): Promise<void> {
  await waitFor(async () => (await toldOf(rule, user, name)).length > 0, { ...WAIT, what: `the alert about ${name}` });
}

test('the pack is installed, keeps what people set over a restart, and comes back when it is deleted', async () => {
  await packIsInstalled();
  const [first = '', second = ''] = pack;
  const before = await specOf(first);
  await patch(first, { severity: 'critical', exceptions: [{ query: 'user.name: ci', reason: 'the build' }] });
  await firstseen.stop();
  await cluster.server.kubectl('delete', 'detectionrule', second);
  await firstseen.start();
  await packIsInstalled();
  const after = await specOf(first);
  expect(after.severity).toBe('critical');
  expect(after.exceptions).toEqual([{ query: 'user.name: ci', reason: 'the build' }]);
  expect(after.query).toBe(before.query);
});

test('whoever changes a rule is told of, with an exception in place that would silence it; firstseen itself is not', async () => {
  const [first = ''] = pack;
  await cluster.server.apply({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'RuleException',
    metadata: { name: 'silence' },
    spec: { rules: ['firstseen-tamper-rules'], tags: ['tamper'], query: 'user.name: *', reason: 'quiet' },
  });
  await told('rules', 'admin', 'silence');
  await patch(first, { severity: 'low' });
  await told('rules', 'admin', first);
  for (const name of pack) expect({ name, alerts: await toldOf('rules', ACCOUNT, name) }).toEqual({ name, alerts: [] });
});

test('a stolen token of firstseen that changes a rule is told of', async () => {
  const [first = ''] = pack;
  const { status } = await cluster.server.request(`/apis/firstseen.dev/v1alpha1/detectionrules/${first}`, {
    method: 'PATCH',
    token: await accountToken(cluster.server, 'firstseen-0'),
    userAgent: 'firstseen/0.1.0',
    headers: { 'content-type': 'application/merge-patch+json', 'audit-id': 'a1b2c3d4-0000-4000-8000-000000000000' },
    body: JSON.stringify({ spec: { enabled: false } }),
  });
  expect(status).toBe(200);
  await told('rules', ACCOUNT, first);
});

test('the Deployment scaled to nothing, a Secret, a definition and an alert that is deleted are told of', async () => {
  const { server } = cluster;
  await server.kubectl('-n', NAMESPACE, 'scale', 'deployment/firstseen', '--replicas=0');
  await told('workload', 'admin', 'firstseen');
  await server.kubectl('-n', NAMESPACE, 'create', 'secret', 'generic', 'firstseen-tls');
  await told('workload', 'admin', 'firstseen-tls');
  await server.kubectl('annotate', 'crd', 'ruleexceptions.firstseen.dev', 'note=1');
  await told('definitions', 'admin', 'ruleexceptions.firstseen.dev');
  await server.kubectl(
    'patch',
    'clusterrolebinding',
    'firstseen',
    '--dry-run=server',
    '-p',
    '{"metadata":{"labels":{"a":"b"}}}',
  );
  const [alert] = await toldOf('workload', 'admin', 'firstseen-tls');
  const name = alert?.metadata.name ?? '';
  await server.kubectl('delete', 'alert', name);
  await told('alerts', 'admin', name);
  expect(await toldOf('access', 'admin', 'firstseen')).toEqual([]); // a dry run changes nothing
  await server.kubectl('label', 'clusterrolebinding', 'firstseen', 'a=b');
  await told('access', 'admin', 'firstseen');
});

test('what stops firstseen under any name, its pods and its account are told of', async () => {
  const { server } = cluster;
  const kubectl = (...args: readonly string[]) => server.kubectl('-n', NAMESPACE, ...args);
  const metadata = { namespace: NAMESPACE };
  await kubectl('set', 'image', 'pod/firstseen-0', 'firstseen-0=evil:1');
  await told('workload', 'admin', 'firstseen-0');
  const named = [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: 'wall' },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...metadata, name: 'none' }, spec: { hard: { pods: '0' } } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'a-list' }, data: { users: '*' } },
    { apiVersion: 'v1', kind: 'Endpoints', metadata: { ...metadata, name: 'elsewhere' }, subsets: [] },
  ];
  await server.apply({ apiVersion: 'v1', kind: 'List', items: named });
  for (const { metadata } of named) await told('workload', 'admin', metadata.name);
  await kubectl('create', 'token', 'firstseen');
  await told('workload', 'admin', 'firstseen');
  // Not the one whose token firstseen has here.
  await cluster.tokenOfPod('firstseen-1');
  await kubectl('delete', 'pod', 'firstseen-1', '--force', '--grace-period=0');
  // Its creation is the first of what the administrator did to it.
  await waitFor(async () => (await toldOf('workload', 'admin', 'firstseen-1')).some(({ status }) => status.count > 1), {
    ...WAIT,
    what: 'the deletion of the pod to be counted',
  });
});

test('a forged alert is told of, and so is a status, which is then set right', async () => {
  const { server } = cluster;
  const [alert] = await toldOf('rules', 'admin', 'silence');
  const name = alert?.metadata.name ?? '';
  await server.kubectl(
    ...['patch', 'alert', name, '--subresource=status', '--type=merge', '-p'],
    JSON.stringify({ status: { phase: 'Acknowledged', count: Number.MAX_SAFE_INTEGER, evidence: [] } }),
  );
  await told('alerts', 'admin', name);
  const isRight = async () => {
    const { status } = JSON.parse(await server.kubectl('get', 'alert', name, '-o', 'json'));
    return status.count === alert?.status.count && status.evidence.length > 0 && status.phase === 'Acknowledged';
  };
  await waitFor(isRight, { ...WAIT, what: 'the status to be set right' });
  const { metadata: _, ...forged } = JSON.parse(await server.kubectl('get', 'alert', name, '-o', 'json'));
  await server.apply({ ...forged, metadata: { name: 'forged' } });
  await told('alerts', 'admin', 'forged');
});

test('a set of which nothing is left says so, and its events are taken on', async () => {
  await cluster.server.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: await Promise.all(
      pack.map(async (name) => ({
        apiVersion: 'firstseen.dev/v1alpha1',
        kind: 'DetectionRule',
        metadata: { name },
        spec: { ...(await specOf(name)), enabled: false },
      })),
    ),
  });
  await waitFor(async () => (await firstseen.metric('firstseen_rules', { state: 'ready' })) === 0, {
    ...WAIT,
    what: 'no rule to be in force',
  });
  expect(firstseen.log()).toMatch(/no rule is in force: /);
  expect(await firstseen.isReady()).toBe(true);
  const answer = await fetch(`${firstseen.opsUrl}/readyz?verbose`);
  expect(await answer.text()).toMatch(/0 ready.*firstseen detects only changes to itself/);
  await cluster.server.kubectl('delete', 'ruleexception', 'silence');
  await waitFor(async () => (await toldOf('rules', 'admin', 'silence')).some(({ status }) => status.count >= 2), {
    ...WAIT,
    what: 'the deletion to be counted',
  });
});
