import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtinGroupsOf } from '../../src/policy/builtin-resources.ts';
import { ACCOUNT, accountToken } from '../support/chart.ts';
import { ANONYMOUS_RULE, type Cluster, EXEC_RULE, OPEN_PATH, sqliteState, startCluster } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { type Recorder, startRecorder } from './support/recorder.ts';

const BUSY = 'busy/1.0';
const ROUNDS = 8;
const OPTIONS = ['audit-policy', '--rules', 'rules', '--heartbeat'];

let recorder: Recorder;
let cluster: Cluster;
let firstseen: Firstseen;

beforeAll(async () => {
  recorder = await startRecorder();
  cluster = await startCluster({ webhookUrl: recorder.url }); // records everything, with bodies
});
afterAll(async () => {
  await cluster?.server.stop(); // its last events still find the recorder
  await firstseen?.stop();
  recorder?.stop();
});

async function policyFile(...more: readonly string[]): Promise<string> {
  const file = join(createTemporaryFolder('policy'), 'audit-policy.yaml');
  writeFileSync(file, await runFirstseen(...OPTIONS, ...more));
  return file;
}

/** Sends a request that every policy here records, so that whatever was to come before it has come. */
async function settle(name: string): Promise<void> {
  expect((await cluster.server.anonymous(OPEN_PATH, { userAgent: name })).status).toBe(200);
  await recorder.eventsOf(name, 1);
}

async function send(method: string, path: string, body?: object, type = 'application/json'): Promise<number> {
  const headers = { 'content-type': type };
  const token = cluster.server.adminToken;
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await cluster.server.request(path, { method, token, userAgent: BUSY, headers, ...content })).status;
}

const MERGE = 'application/merge-patch+json';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const metadata = (name: string) => ({ metadata: { name } });

function deployment(replicas: number): object {
  const labels = { app: 'busy' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: `main:${replicas}` }] } };
  return { ...metadata('busy'), spec: { replicas, selector: { matchLabels: labels }, template } };
}

/**
 * What a cluster does that nobody looks at, roughly in its proportions: leases, status, reads, watches, Events, probes;
 * and some work of people.
 */
async function busyTrace(round: string): Promise<void> {
  const { server } = cluster;
  await send('POST', LEASES, { ...metadata('busy'), spec: { leaseDurationSeconds: 15 } });
  await send('POST', '/api/v1/nodes', metadata('busy'));
  await send('POST', DEPLOYMENTS, deployment(1));
  for (let n = 0; n < ROUNDS; n++) {
    for (let i = 0; i < 6; i++) {
      await send('GET', `${LEASES}/busy`);
      await send('PATCH', `${LEASES}/busy`, { spec: { leaseTransitions: n * 10 + i } }, MERGE);
    }
    const conditions = [{ type: 'Ready', status: 'True', reason: `${round}-${n}` }];
    for (let i = 0; i < 3; i++) {
      await send('PATCH', '/api/v1/nodes/busy/status', { status: { conditions } }, MERGE);
      await send('PATCH', `${OPEN_PATH}/cart/status`, { status: { conditions } }, MERGE);
    }
    for (const path of ['pods', 'services', 'endpoints', 'configmaps', 'secrets']) {
      await send('GET', `/api/v1/namespaces/default/${path}`);
    }
    await send('GET', `/api/v1/pods?watch=true&timeoutSeconds=1`);
    for (let i = 0; i < 3; i++) {
      const involvedObject = { kind: 'Pod', name: 'cart', namespace: 'default' };
      const event = { metadata: { generateName: 'busy-' }, involvedObject, reason: 'Busy', message: 'Again.' };
      await send('POST', '/api/v1/namespaces/default/events', event);
    }
    for (const path of ['/healthz', '/livez', '/readyz']) await server.anonymous(path, { userAgent: BUSY });
    await send('GET', '/metrics');
    await send('GET', '/openapi/v2');
    await send('PUT', `${DEPLOYMENTS}/busy`, deployment(n + 2));
  }
  await server.kubectl('get', 'all', '-A');
  await server.kubectl('describe', 'pod', 'cart');
  await server.helm('list', '-A');
  await send('DELETE', `${DEPLOYMENTS}/busy`);
  await send('DELETE', '/api/v1/nodes/busy');
  await send('DELETE', `${LEASES}/busy`);
}

/** How many events the trace gives, and bytes of them. */
async function measure(round: string): Promise<{ readonly events: number; readonly bytes: number }> {
  await settle(`before-${round}`);
  const earlier = recorder.events().length;
  await busyTrace(round);
  await settle(`after-${round}`);
  const found = recorder
    .events()
    .slice(earlier)
    .filter(({ userAgent = '' }) => /^(busy|kubectl|helm)/i.test(userAgent));
  return { events: found.length, bytes: found.reduce((sum, event) => sum + JSON.stringify(event).length, 0) };
}

test('the table of built-in resources holds all that the API server has', async () => {
  const names = (await cluster.server.kubectl('api-resources', '-o', 'name')).trim().split('\n');
  const missing = names.filter((name) => {
    const [resource = '', ...group] = name.split('.');
    return !builtinGroupsOf(resource).includes(group.join('.'));
  });
  expect(missing).toEqual([]);
  expect(names.length).toBeGreaterThan(50);
});

test('a busy trace gives fewer than half of the events, and of the bytes, that everything gives', async () => {
  const whole = await measure('everything');
  await cluster.server.restart({ auditPolicyFile: writePolicy('Metadata') });
  const lines = await measure('metadata');
  await cluster.server.restart({ auditPolicyFile: await policyFile('--kubernetes-version', '1.36') });
  const small = await measure('derived');
  expect(small.events).toBeGreaterThan(0);
  expect(lines.events).toBeGreaterThan(250); // the trace is one
  expect(small.events).toBeLessThan(lines.events / 2); // events
  expect(small.bytes).toBeLessThan(lines.bytes / 2);
  expect(small.bytes).toBeLessThan(whole.bytes / 2); // bytes
});

function writePolicy(level: string): string {
  const file = join(createTemporaryFolder('policy'), 'audit-policy.yaml');
  const omit = 'omitStages: [RequestReceived]';
  writeFileSync(file, `apiVersion: audit.k8s.io/v1\nkind: Policy\n${omit}\nrules:\n  - level: ${level}\n`);
  return file;
}

/** For a rule of each sort, what sets it off; for the others see rule-pack.test.ts. */
const TRIGGERS: Readonly<Record<string, (userAgent: string) => Promise<{ readonly status: number }>>> = {
  [ANONYMOUS_RULE]: (userAgent) => cluster.server.anonymous(OPEN_PATH, { userAgent }),
  [EXEC_RULE]: (userAgent) => exec('command=id', cluster.server.userTokens.alice, userAgent),
  'anonymous-scan': async (userAgent) => {
    for (let n = 1; n < 20; n++) await cluster.server.anonymous(`/apis/batch/v1/namespaces/n${n}/jobs`, { userAgent });
    return cluster.server.anonymous('/api/v1/secrets', { userAgent });
  },
  'exec-for-credentials': (userAgent) =>
    exec(
      'command=cat&command=%2Frun%2Fsecrets%2Fkubernetes.io%2Fserviceaccount%2Ftoken',
      cluster.server.userTokens.alice,
      userAgent,
    ),
  'service-account-grants-then-execs': async (userAgent) => {
    const { server } = cluster;
    await server.kubectl('create', 'serviceaccount', 'robot');
    await server.kubectl(
      'create',
      'clusterrolebinding',
      'robot',
      '--clusterrole=cluster-admin',
      '--serviceaccount=default:robot',
    );
    const token = (await server.kubectl('create', 'token', 'robot')).trim();
    const apiGroup = 'rbac.authorization.k8s.io';
    await create(
      `/apis/${apiGroup}/v1/namespaces/default/rolebindings`,
      userAgent,
      {
        ...metadata('given'),
        roleRef: { apiGroup, kind: 'ClusterRole', name: 'view' },
        subjects: [{ apiGroup, kind: 'User', name: 'bob' }],
      },
      token,
    );
    return exec('command=id', token, userAgent);
  },
  'cluster-admin-binding-created': (userAgent) => {
    const apiGroup = 'rbac.authorization.k8s.io';
    return create(`/apis/${apiGroup}/v1/clusterrolebindings`, userAgent, {
      ...metadata('too-much'),
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup, kind: 'User', name: 'bob' }],
    });
  },
  'privileged-pod-created': (userAgent) =>
    create(OPEN_PATH, userAgent, {
      ...metadata('privileged'),
      spec: { containers: [{ name: 'main', image: 'main:1', securityContext: { privileged: true } }] },
    }),
};

function exec(command: string, token: string, userAgent: string): Promise<{ readonly status: number }> {
  const path = `${OPEN_PATH}/cart/exec?${command}&stdout=true`;
  return cluster.server.request(path, { method: 'POST', token, userAgent });
}

function create(
  path: string,
  userAgent: string,
  body: object,
  token = cluster.server.adminToken,
): Promise<{ readonly status: number }> {
  const headers = { 'content-type': 'application/json' };
  return cluster.server.request(path, { method: 'POST', token, userAgent, headers, body: JSON.stringify(body) });
}

test('rules of each sort still fire', async () => {
  firstseen = await startFirstseen({ state: sqliteState(), kubeconfig: cluster.kubeconfig });
  recorder.forwardTo(firstseen.post);
  for (const [rule, trigger] of Object.entries(TRIGGERS)) {
    await trigger(`trigger-${rule}`);
    await cluster.waitForAlert(`trigger-${rule}`, { count: 1, rule });
  }
});

test("firstseen's own writes are not recorded, what else is done with its token is as if it were anybody", async () => {
  await waitFor(async () => (await firstseen.metric('firstseen_delivered_total', { sink: 'kubernetes-event' })) >= 4, {
    what: 'the events of four alerts',
  });
  const token = await accountToken(cluster.server);
  const thief = { method: 'POST', token, userAgent: 'thief/1.0' };
  expect((await cluster.server.request(`${OPEN_PATH}/cart/exec?command=id`, thief)).status).toBe(403);
  await recorder.eventsOf('thief/1.0', 1);
  await settle('after-writes/1.0');
  const own = recorder.events().filter(({ user }) => user.username === ACCOUNT);
  const written = own.filter(({ objectRef }) => ['alerts', 'events'].includes(objectRef?.resource ?? ''));
  expect(written).toEqual([]);
  expect(await firstseen.metric('firstseen_own_writes_dropped_total')).toBe(0);
});

test('the heartbeat is recorded, other paths that no rule asks for are not', async () => {
  const token = cluster.server.adminToken;
  for (const path of ['/firstseen-heartbeat/e2e', '/version', '/metrics']) {
    await cluster.server.request(path, { token, userAgent: 'paths/1.0' });
  }
  await settle('after-paths/1.0');
  const paths = recorder.events().filter(({ userAgent }) => userAgent === 'paths/1.0');
  expect(paths.map(({ requestURI, level, stage }) => [requestURI, level, stage])).toEqual([
    ['/firstseen-heartbeat/e2e', 'Metadata', 'ResponseComplete'],
  ]);
});

test('the policies for every version and for 1.37 load, too', async () => {
  for (const more of [[], ['--kubernetes-version', '1.37']]) {
    await cluster.server.restart({ auditPolicyFile: await policyFile(...more) });
    await settle(`loaded-${more.length}/1.0`);
  }
});
