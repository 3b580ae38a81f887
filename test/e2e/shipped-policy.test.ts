import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ACCOUNT, accountToken } from '../support/chart.ts';
import { type Cluster, EXEC_RULE, OPEN_PATH, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { waitFor } from '../support/wait.ts';
import { type Recorder, startRecorder } from './support/recorder.ts';

let recorder: Recorder;
let cluster: Cluster;
let firstseen: Firstseen;

beforeAll(async () => {
  recorder = await startRecorder();
  cluster = await startCluster({ webhookUrl: recorder.url, auditPolicyFile: 'deploy/audit-policy.yaml' });
  firstseen = await startFirstseen({ state: sqliteState(), kubeconfig: cluster.kubeconfig });
  recorder.forwardTo(firstseen.post);
});
afterAll(async () => {
  await cluster?.server.stop(); // its last events still find the recorder
  await firstseen?.stop();
  recorder?.stop();
});

/** Sends a request that the policy records last, so that whatever was to come before it has come. */
async function settle(name: string): Promise<void> {
  expect((await cluster.server.anonymous('/version', { userAgent: name })).status).toBe(200);
  await recorder.eventsOf(name, 1);
}

function create(path: string, userAgent: string, body: object): Promise<{ readonly status: number }> {
  const headers = { 'content-type': 'application/json' };
  const token = cluster.server.adminToken;
  return cluster.server.request(path, { method: 'POST', token, userAgent, headers, body: JSON.stringify(body) });
}

test('an anonymous request is an alert', async () => {
  expect((await cluster.server.anonymous(OPEN_PATH, { userAgent: 'masscan/1.3' })).status).toBe(200);
  const [event] = await recorder.eventsOf('masscan/1.3', 1);
  expect(event?.level).toBe('Request');
  await cluster.waitForAlert('masscan/1.3', { count: 1 });
});

test('an exec is one alert, and is told when it starts', async () => {
  const path = '/api/v1/namespaces/default/pods/cart/exec?command=id&stdout=true';
  const token = cluster.server.userTokens.alice;
  await cluster.server.request(path, { method: 'POST', token, userAgent: 'exec/1.0' });
  const events = await recorder.eventsOf('exec/1.0', 2);
  expect(events.map(({ stage, level }) => [stage, level])).toEqual([
    ['ResponseStarted', 'Request'],
    ['ResponseComplete', 'Request'],
  ]);
  await cluster.waitForAlert('exec/1.0', { count: 1, rule: EXEC_RULE });
});

test('a binding to cluster-admin and a privileged pod are alerts, so their bodies are there', async () => {
  const binding = {
    metadata: { name: 'too-much' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
  };
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  expect((await create(bindings, 'binder/1.0', binding)).status).toBe(201);
  const pod = {
    metadata: { name: 'privileged' },
    spec: { containers: [{ name: 'main', image: 'main:1', securityContext: { privileged: true } }] },
  };
  expect((await create(OPEN_PATH, 'podder/1.0', pod)).status).toBe(201);
  await cluster.waitForAlert('binder/1.0', { count: 1, rule: 'cluster-admin-binding-created' });
  await cluster.waitForAlert('podder/1.0', { count: 1, rule: 'privileged-pod-created' });
});

test('a secret stays out of the audit events, its creation does not', async () => {
  const secret = { metadata: { name: 'hush' }, stringData: { password: 'correct-horse' } };
  expect((await create('/api/v1/namespaces/default/secrets', 'secretive/1.0', secret)).status).toBe(201);
  const [event] = await recorder.eventsOf('secretive/1.0', 1);
  expect(event?.level).toBe('Metadata');
  expect(JSON.stringify(recorder.events())).not.toMatch(/correct-horse|Y29ycmVjdC1ob3JzZ/);
});

test('a failed login is recorded, at its only stage', async () => {
  const wrong = { token: 'wrong', userAgent: 'stranger/1.0' };
  expect((await cluster.server.request(OPEN_PATH, wrong)).status).toBe(401);
  const [event] = await recorder.eventsOf('stranger/1.0', 1);
  expect(event).toMatchObject({ stage: 'ResponseStarted' });
  expect(event?.user).toEqual({});
});

test('probes are not recorded, and no request when it has only just arrived', async () => {
  for (const path of ['/healthz', '/livez?verbose', '/readyz?verbose']) {
    expect((await cluster.server.anonymous(path, { userAgent: 'prober/1.0' })).status).toBe(200);
  }
  const token = cluster.server.adminToken;
  expect((await cluster.server.request('/metrics', { token, userAgent: 'prober/1.0' })).status).toBe(200);
  await settle('after-probes/1.0');
  const unwanted = recorder
    .events()
    .filter(({ userAgent, stage }) => userAgent === 'prober/1.0' || stage === 'RequestReceived');
  expect(unwanted).toEqual([]);
});

test("firstseen's own writes are not recorded, whatever else is done with its token is", async () => {
  await waitFor(async () => (await firstseen.metric('firstseen_delivered_total', { sink: 'kubernetes-event' })) >= 4, {
    what: 'the events of four alerts',
  });
  const token = await accountToken(cluster.server);
  const thief = { token, userAgent: 'thief/1.0' };
  expect((await cluster.server.request('/api/v1/secrets', thief)).status).toBe(403);
  await recorder.eventsOf('thief/1.0', 1);
  await settle('after-writes/1.0');
  const own = recorder.events().filter(({ user }) => user.username === ACCOUNT);
  const written = own.filter(({ objectRef }) => ['alerts', 'events'].includes(objectRef?.resource ?? ''));
  expect(written).toEqual([]);
  expect(await firstseen.metric('firstseen_own_writes_dropped_total')).toBe(0);
});

test('a start of the API server, and what kubectl and Helm do every day, raise no alert', async () => {
  const { server } = cluster;
  const before = new Set((await cluster.alerts()).map(({ metadata }) => metadata.name));
  await server.restart({});
  await server.kubectl('get', 'all', '-A');
  await server.kubectl('auth', 'can-i', '--list');
  await server.kubectl('create', 'serviceaccount', 'ordinary');
  await server.kubectl('create', 'rolebinding', 'ordinary', '--clusterrole=view', '--serviceaccount=default:ordinary');
  await server.kubectl('delete', 'rolebinding/ordinary', 'serviceaccount/ordinary');
  await server.helm('list', '-A');
  // An alert that is sure to be one: what was to come before it has come.
  expect((await server.anonymous(OPEN_PATH, { userAgent: 'after-work/1.0' })).status).toBe(200);
  await cluster.waitForAlert('after-work/1.0', { count: 1 });
  const raised = (await cluster.alerts()).filter(
    ({ metadata, spec }) => !before.has(metadata.name) && spec.actor.userAgent !== 'after-work/1.0',
  );
  expect(raised).toEqual([]);
});
