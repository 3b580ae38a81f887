/** Alerts of the pack on writes that were stored although their answer is an error, and none on errors of any day. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Alert, arrivalRuleFile, arrive, type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { waitFor } from '../support/wait.ts';
import { ADMISSION, type Backend, LIST, newName, startBackend, TABLE } from './support/attempts.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const BINDINGS = `${RBAC}/clusterrolebindings`;
const PODS = '/api/v1/namespaces/default/pods';
const AGENT = 'e2e-writer/1.0';
/** Whose alerts are about the test itself. */
const ARRIVALS = 'e2e-arrived';

let cluster: Cluster;
let firstseen: Firstseen;
let hook: Backend;

beforeAll(async () => {
  cluster = await startCluster();
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: cluster.kubeconfig,
    certificates: cluster.certificates,
    port: cluster.webhookPort,
    rules: [arrivalRuleFile()],
    config: { rules: { cluster: { enabled: false } } },
  });
  hook = await startBackend(cluster.certificates.authority, (body, response) => {
    const { uid } = JSON.parse(body).request;
    const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
    response.end(JSON.stringify({ ...review, response: { uid, allowed: false } }));
  });
  // The API server has sent in vain until now, and waits longer each time.
  await waitFor(async () => (await firstseen.metric('firstseen_events_total')) > 0, {
    what: 'the first events of the API server',
    timeoutMs: 90_000,
  });
}, 180_000);
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
  hook?.stop();
});

interface Write {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  readonly accept?: string;
  readonly token?: string;
}

async function send({ method = 'POST', path, body, accept = 'application/json', token }: Write): Promise<number> {
  const { status } = await cluster.server.request(path, {
    method,
    token: token ?? cluster.server.adminToken,
    userAgent: AGENT,
    headers: { accept, 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return status;
}

const pod = (name: string, labels = {}, version = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels, ...version },
  spec: { containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] },
});
const binding = (name: string, labels = {}, version = {}) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name, labels, ...version },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' }],
});
const KINDS = [
  { path: PODS, make: pod, rule: 'privileged-pod-created' },
  { path: BINDINGS, make: binding, rule: 'cluster-admin-binding-created' },
];

/** The alerts of the pack, with their counts. */
async function alerts(): Promise<readonly string[]> {
  const all = (await cluster.alerts()).filter(({ spec }) => spec.rule.name !== ARRIVALS);
  return all.map(({ metadata, status }) => `${metadata.name} ${status.count}`).sort();
}

const RAISED = /^firstseen_decisions_total\{[^}]*rule="([^"]*)",outcome="(opened|attached|overflow)"\} ([1-9]\d*)$/gm;

/** Which rules of the pack have raised what, as the metrics have it. */
async function raised(): Promise<readonly string[]> {
  const answer = await fetch(`${firstseen.opsUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return [...(await answer.text()).matchAll(RAISED)]
    .map((match) => match.slice(1).join(' '))
    .filter((line) => !line.startsWith(ARRIVALS))
    .sort();
}

/** Makes what is there already, a webhook that denies what is labelled so, and waits for the alerts about that. */
async function prepare(): Promise<void> {
  const webhook = {
    name: 'deny.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    clientConfig: { url: hook.url, caBundle: hook.caBundle },
    rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE'], resources: ['*'] }],
    objectSelector: { matchExpressions: [{ key: 'deny', operator: 'Exists' }] },
  };
  await arrive(firstseen, 3, async () => {
    for (const { path, make } of KINDS) expect(await send({ path, body: make('there') })).toBe(201);
    const configuration = { metadata: { name: 'deny' }, webhooks: [webhook] };
    expect(await send({ path: `${ADMISSION}/validatingwebhookconfigurations`, body: configuration })).toBe(201);
  });
  await waitFor(async () => (await send({ path: PODS, body: pod(newName(), { deny: 'y' }) })) === 400, {
    what: 'the webhook to be asked',
    timeoutMs: 20_000,
  });
  for (const rule of [
    ...KINDS.map(({ rule: ofKind }) => ofKind),
    'admission-webhook-created',
    'firstseen-tamper-reach',
  ]) {
    await waitFor(() => alertOf(rule), { what: `the alert of ${rule}`, timeoutMs: 20_000 });
  }
}

async function alertOf(rule: string, name?: string): Promise<(Alert & Named) | undefined> {
  const all = (await cluster.alerts()) as readonly (Alert & Named)[];
  return all.find(({ spec }) => spec.rule.name === rule && (name === undefined || spec.request.name === name));
}

interface Named {
  readonly spec: { readonly reason: string; readonly request: { readonly name: string; readonly code: number } };
}

/** What goes wrong with requests on any day, and the code of its answer. */
function failures(): readonly (readonly [number, Write])[] {
  const { alice } = cluster.server.userTokens;
  return KINDS.flatMap(({ path, make }): readonly (readonly [number, Write])[] => {
    const there = `${path}/there`;
    return [
      [422, { path, body: make('not/valid') }],
      [409, { path, body: make('there') }],
      [409, { method: 'PUT', path: there, body: make('there', {}, { resourceVersion: '1' }) }],
      [409, { method: 'DELETE', path: there, body: { preconditions: { uid: 'x' } } }],
      [400, { path, body: make('denied', { deny: 'y' }) }],
      [400, { path, body: { kind: 'Other', apiVersion: 'v1' } }],
      [403, { path, body: make('forbidden'), token: alice }],
      [403, { method: 'DELETE', path: there, token: alice }],
      [404, { method: 'DELETE', path: `${path}/absent` }],
      [404, { method: 'PATCH', path: `${path}/absent`, body: { metadata: { labels: { a: 'b' } } } }],
      [401, { path, body: make('nobody'), token: 'wrong' }],
      [201, { path: `${path}?dryRun=All`, body: make('dry') }],
    ];
  });
}

/** The same with kubectl, and what it says. */
async function kubectlFailures(): Promise<void> {
  const { server } = cluster;
  const alice = `--token=${server.userTokens.alice}`;
  const admin = ['create', 'clusterrolebinding'];
  const grant = ['--clusterrole=cluster-admin', '--user=eve'];
  for (const [says, ...args] of [
    [/already exists|AlreadyExists/, ...admin, 'there', ...grant],
    [/Invalid value|invalid/, 'run', 'UPPER', '--image=a', '--privileged'],
    [/denied the request/, 'run', 'denied', '--image=a', '--privileged', '--labels=deny=y'],
    [/orbidden/, ...admin, 'forbidden', ...grant, alice],
    [/not found|NotFound/, 'delete', 'clusterrolebinding', 'absent'],
    [/not found|NotFound/, 'label', 'pod', 'absent', 'a=b'],
  ] as const) {
    await expect(server.kubectl(...args)).rejects.toThrow(says);
  }
}

test('300 failures of any day are no alert, and no dry run is', async () => {
  await prepare();
  const [before, alertsBefore] = [await raised(), await alerts()];
  let made = 0;
  for (let round = 0; round < 10; round++) {
    await kubectlFailures();
    made += 6;
  }
  while (made < 300) {
    const round = failures();
    await arrive(firstseen, round.length, async () => {
      for (const [code, write] of round) expect([write, await send(write)]).toEqual([write, code]);
    });
    made += round.filter(([code]) => code >= 400).length;
  }
  expect(await raised()).toEqual(before);
  expect(await alerts()).toEqual(alertsBefore);
}, 300_000);

test('a privileged pod and a binding to cluster-admin are alerts, whatever their answer', async () => {
  for (const [accept, query, code] of [
    [TABLE, '?includeObject=x', 400],
    [LIST, '', 406],
  ] as const) {
    // What one user does in one namespace within an hour is one alert.
    const namespace = newName();
    await cluster.server.kubectl('create', 'namespace', namespace);
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    expect(await send({ path: accounts, body: { metadata: { name: 'default' } } })).toBe(201);
    const name = newName();
    const { namespace: _, ...metadata } = pod(name).metadata;
    const privileged = { path: `/api/v1/namespaces/${namespace}/pods`, body: { ...pod(name), metadata } };
    const granted = { path: BINDINGS, body: binding(name) };
    for (const [rule, { path, body }] of [
      ['privileged-pod-created', privileged],
      ['cluster-admin-binding-created', granted],
    ] as const) {
      expect(await send({ path: `${path}${query}`, body, accept })).toBe(code);
      const { status } = await cluster.server.request(`${path}/${name}`, { token: cluster.server.adminToken });
      expect(status).toBe(200); // it is there
      const alert = await waitFor(() => alertOf(rule, name), { what: `the alert of ${rule}`, timeoutMs: 20_000 });
      const { spec } = alert;
      expect(spec.request.code).toBe(code);
      expect(spec.reason).toContain(`(error ${code}, may have been carried out)`);
    }
  }
}, 120_000);
