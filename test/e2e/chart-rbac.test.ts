import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { ACCOUNT, installChart, startChartServer } from '../support/chart.ts';

let server: ApiServer;

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
});
afterAll(() => server?.stop());

/** What `kubectl auth can-i` says, for one line such as `create events.events.k8s.io -n default`. */
async function mayDo(request: string, as: string): Promise<boolean> {
  try {
    return (await server.kubectl('auth', 'can-i', ...request.split(' '), `--as=${as}`)).trim() === 'yes';
  } catch (error) {
    if (error instanceof Error && /^no\b/m.test(error.message)) return false;
    throw error;
  }
}

test('the service account may do what it has to', async () => {
  const lookedUp = [
    'namespaces',
    'nodes',
    'pods',
    'serviceaccounts',
    'services',
    'daemonsets.apps',
    'deployments.apps',
    'replicasets.apps',
    'statefulsets.apps',
    'cronjobs.batch',
    'jobs.batch',
    'clusterrolebindings.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'rolebindings.rbac.authorization.k8s.io',
    'roles.rbac.authorization.k8s.io',
  ];
  for (const request of [
    ...['get', 'list', 'watch', 'create', 'delete'].map((verb) => `${verb} alerts.firstseen.dev`),
    'patch alerts.firstseen.dev --subresource=status',
    ...['list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} detectionrules.firstseen.dev`),
    'patch detectionrules.firstseen.dev --subresource=status',
    'create events.events.k8s.io -n default',
    'create events.events.k8s.io -n kube-system',
    ...lookedUp.map((resource) => `get ${resource} -n default`),
  ]) {
    expect([request, await mayDo(request, ACCOUNT)]).toEqual([request, true]);
  }
});

test.each([
  ...['update', 'patch', 'deletecollection'].map((verb) => `${verb} alerts.firstseen.dev`),
  ...['get', 'update'].map((verb) => `${verb} alerts.firstseen.dev --subresource=status`),
  ...['get', 'update', 'deletecollection'].map((verb) => `${verb} detectionrules.firstseen.dev`),
  ...['get', 'update'].map((verb) => `${verb} detectionrules.firstseen.dev --subresource=status`),
  ...['create', 'update', 'delete'].map((verb) => `${verb} ruleexceptions.firstseen.dev`),
  ...['get', 'list', 'update', 'patch', 'delete'].map((verb) => `${verb} events.events.k8s.io -n default`),
  'create events -n default',
  ...['get', 'list', 'watch', 'create'].map((verb) => `${verb} secrets -n firstseen`),
  'get configmaps -n firstseen',
  ...['list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} pods -n default`),
  'create pods -n default --subresource=exec',
  'get pods -n default --subresource=log',
  'create serviceaccounts -n firstseen --subresource=token',
  'impersonate users',
  'bind clusterroles.rbac.authorization.k8s.io',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'get customresourcedefinitions.apiextensions.k8s.io',
  'get leases.coordination.k8s.io -n firstseen',
])('the service account may do nothing else: %j', async (request) => {
  expect(await mayDo(request, ACCOUNT)).toBe(false);
});

describe('the roles for users', () => {
  beforeAll(async () => {
    await server.kubectl('create', 'clusterrolebinding', 'alice', '--clusterrole=firstseen-responder', '--user=alice');
    await server.kubectl('create', 'clusterrolebinding', 'bob', '--clusterrole=firstseen-author', '--user=bob');
  });

  test.each([
    { request: 'list alerts.firstseen.dev', alice: true, bob: true },
    { request: 'patch alerts.firstseen.dev --subresource=status', alice: true, bob: false },
    { request: 'update detectionrules.firstseen.dev', alice: false, bob: true },
    { request: 'create ruleexceptions.firstseen.dev', alice: false, bob: true },
    { request: 'create alerts.firstseen.dev', alice: false, bob: false },
    { request: 'delete alerts.firstseen.dev', alice: false, bob: false },
  ])('$request: responder $alice, author $bob', async ({ request, alice, bob }) => {
    expect(await mayDo(request, 'alice')).toBe(alice);
    expect(await mayDo(request, 'bob')).toBe(bob);
  });
});

test('the view role is part of view, edit and admin', async () => {
  const view: unknown = JSON.parse(await server.kubectl('get', 'clusterrole', 'firstseen-view', '-o', 'json'));
  for (const role of ['view', 'edit', 'admin']) {
    expect(JSON.stringify(view)).toContain(`"rbac.authorization.k8s.io/aggregate-to-${role}":"true"`);
  }
});
