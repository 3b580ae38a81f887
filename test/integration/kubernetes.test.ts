/** What firstseen writes to the Kubernetes API, and reads from it, on a real API server with the rights that the chart gives. */

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AlertRecord } from '../../src/detect/alert.ts';
import { createAlertWatch } from '../../src/kubernetes/alert-watch.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { createAlertSink } from '../../src/sinks/alert-sink.ts';
import { createKubernetesEventSink } from '../../src/sinks/kubernetes-event-sink.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { REQUIRED } from '../support/chart.ts';
import { operationalError } from '../support/expect.ts';
import { hostileAlert, sampleAlert } from '../support/sample-alert.ts';
import { waitFor } from '../support/wait.ts';

const CHART = join(import.meta.dirname, '..', '..', 'helm', 'firstseen');
const EVENTS = { localCluster: 'local', lookUp: true, instance: 'firstseen-0' };
const FOREVER = new AbortController().signal;

let server: ApiServer;
let admin: KubernetesClient;
/** With the rights of the chart's service account. */
let client: KubernetesClient;

beforeAll(async () => {
  server = await startApiServer();
  admin = await createKubernetesClient({ kubeconfig: server.adminKubeconfig, version: 'test' });
  const early = sampleAlert({ id: 'too-early' });
  await expect(createAlertSink({ client: admin }).deliver(early, undefined, FOREVER)).rejects.toThrow(
    operationalError('api_unavailable', /CustomResourceDefinition/),
  ); // an API server without the resource definitions is one to wait for
  await server.kubectl('create', 'namespace', 'firstseen');
  const parts = ['crd-alerts', 'serviceaccount', 'clusterrole'].flatMap((name) => ['-s', `templates/${name}.yaml`]);
  const chart = await server.helm('template', 'fs', CHART, '-n', 'firstseen', ...REQUIRED, ...parts);
  await server.apply(chart);
  await server.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd/alerts.firstseen.dev');
  const token = (await server.kubectl('create', 'token', 'fs-firstseen', '-n', 'firstseen')).trim();
  client = await createKubernetesClient({ kubeconfig: server.kubeconfigFor(token), version: 'test' });
});
afterAll(async () => {
  client?.close();
  admin?.close();
  await server?.stop();
});

test('an alert is created once, and afterwards only its status changes', async () => {
  const sink = createAlertSink({ client });
  const alert = sampleAlert({ id: 'created-once' });
  expect(await sink.deliver(alert, undefined, FOREVER)).toBe('done');
  const created = await live('created-once');
  expect(created.spec).toEqual(JSON.parse(JSON.stringify(alert.spec)));
  expect(created.status).toEqual({
    phase: 'Open',
    count: 1,
    firstSeen: '2026-03-01T12:00:00.000001Z',
    lastSeen: '2026-03-01T12:00:00.000001Z',
    evidence: alert.state.evidence,
  });

  await patchPhase('created-once', 'Acknowledged');
  const repeated = sampleAlert({
    id: 'created-once',
    version: 2,
    state: { count: 7, lastSeen: 1_772_370_000_000_000 },
  });
  expect(await sink.deliver(repeated, 1, FOREVER)).toBe('done');
  const patched = await live('created-once');
  expect(patched.status.count).toBe(7);
  expect(patched.status.lastSeen).toBe('2026-03-01T13:00:00.000000Z');
  expect(patched.status.phase).toBe('Acknowledged'); // the phase is the user’s
});

test('a first delivery that comes again finds the alert and leaves its spec alone', async () => {
  const sink = createAlertSink({ client });
  await sink.deliver(sampleAlert({ id: 'delivered-twice' }), undefined, FOREVER);
  const again = sampleAlert({ id: 'delivered-twice', spec: { reason: 'another reason' }, state: { count: 2 } });
  expect(await sink.deliver(again, undefined, FOREVER)).toBe('done');
  const { spec, status } = await live('delivered-twice');
  expect(spec.reason).toBe(sampleAlert().spec.reason);
  expect(status.count).toBe(2);
});

test('a status that somebody has forged is what the alert says after the next delivery', async () => {
  const sink = createAlertSink({ client });
  const alert = sampleAlert({ id: 'forged' });
  await sink.deliver(alert, undefined, FOREVER);
  const { status } = await live('forged');
  await forgeStatus('forged');
  expect(await sink.deliver(alert, 1, FOREVER)).toBe('done');
  expect((await live('forged')).status).toEqual(status);
});

test('an alert that a user has deleted ends, and is not made again', async () => {
  const sink = createAlertSink({ client });
  await sink.deliver(sampleAlert({ id: 'deleted-by-user' }), undefined, FOREVER);
  await server.kubectl('delete', 'alert', 'deleted-by-user');
  expect(await sink.deliver(sampleAlert({ id: 'deleted-by-user', version: 2 }), 1, FOREVER)).toBe('ended');
  await expect(live('deleted-by-user')).rejects.toThrow(/NotFound/);
});

test('an alert that retention drops is deleted, and one that is gone already is no fault', async () => {
  const sink = createAlertSink({ client });
  await sink.deliver(sampleAlert({ id: 'dropped' }), undefined, FOREVER);
  const dropped = sampleAlert({ id: 'dropped', version: 2, state: { removed: true } });
  expect(await sink.deliver(dropped, 1, FOREVER)).toBe('done');
  await expect(live('dropped')).rejects.toThrow(/NotFound/);
  expect(await sink.deliver(dropped, 1, FOREVER)).toBe('done');
});

test('an alert that the resource definition refuses is refused for good', async () => {
  const bad = sampleAlert({ id: 'refused', spec: { riskScore: 101 } });
  await expect(createAlertSink({ client }).deliver(bad, undefined, FOREVER)).rejects.toThrow(
    operationalError('api_rejected', /riskScore/),
  );
});

test('missing rights are worth waiting for', async () => {
  const alice = await createKubernetesClient({
    kubeconfig: server.kubeconfigFor(server.userTokens.alice),
    version: 'test',
  });
  const stranger = await createKubernetesClient({ kubeconfig: server.kubeconfigFor('no-such-token'), version: 'test' });
  for (const without of [alice, stranger]) {
    await expect(createAlertSink({ client: without }).deliver(sampleAlert(), undefined, FOREVER)).rejects.toThrow(
      operationalError('api_unavailable', /40[13]/),
    );
    without.close();
  }
});

test('whatever strings a request has, there is an Alert of at most 8 KiB and an Event', async () => {
  const alert = hostileAlert({ id: 'hostile' });
  expect(await createAlertSink({ client }).deliver(alert, undefined, FOREVER)).toBe('done');
  expect(await createKubernetesEventSink({ client }, EVENTS).deliver(alert, undefined, FOREVER)).toBe('done');
  const stored = await server.kubectl('get', 'alert', 'hostile', '-o', 'json', '--show-managed-fields');
  expect(JSON.stringify(JSON.parse(stored)).length).toBeLessThanOrEqual(8 * 1024);
  const event = await server.kubectl('get', 'events.events.k8s.io', '-n', 'default', 'hostile', '-o', 'json');
  expect(stored + event).not.toMatch(/[^\P{C}\n]/u); // nothing that a terminal would obey
  expect((await live('hostile')).spec.actor.sourceIPs.at(-1)).toBe('203.0.113.7'); // the last hop is kept
});

test('kubectl get alerts shows the columns', async () => {
  await createAlertSink({ client }).deliver(sampleAlert({ id: 'columns' }), undefined, FOREVER);
  const [head, row] = (await server.kubectl('get', 'alerts', 'columns')).split('\n');
  expect(head?.replace(/ {2,}/g, '|').trim()).toBe('NAME|SEVERITY|RULE|USER|ACTION|OBJECT|COUNT|STATUS|LAST SEEN|AGE');
  expect(row?.replace(/ {2,}/g, '|') ?? '').toMatch(
    /^columns\|medium\|anonymous-request-unusual-agent\|system:anonymous\|list\|pods in default\|1\|Open\|\d+\w+\|\d+s/,
  );
});

test('an Event is about the object of the request, and kubectl shows it there', async () => {
  const namespace = 'event-about-a-pod';
  await server.kubectl('create', 'namespace', namespace);
  await server.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace },
  });
  const alert = about('event-about-object', { resource: 'serviceaccounts', namespace, name: 'robot' });
  const sink = createKubernetesEventSink({ client }, EVENTS);
  expect(await sink.deliver(alert, undefined, FOREVER)).toBe('done');
  expect(await sink.deliver(alert, undefined, FOREVER)).toBe('done'); // a second delivery finds the first

  const uid = await server.kubectl('get', 'sa', 'robot', '-n', namespace, '-o', 'jsonpath={.metadata.uid}');
  const { regarding, related, note, eventTime } = await event(namespace, 'event-about-object');
  expect(regarding).toEqual({ apiVersion: 'v1', kind: 'ServiceAccount', name: 'robot', namespace, uid });
  expect(related.name).toBe('event-about-object');
  expect(note).toMatch(/^user agent "masscan.*\(alert event-about-object\)$/);
  expect(eventTime).toBe('2026-03-01T12:00:00.000001Z');
  expect(await server.kubectl('get', 'events', '-n', namespace)).toMatch(
    /Warning\s+AnonymousRequestUnusualAgent\s+serviceaccount\/robot\s+user agent/,
  );
  expect(await server.kubectl('describe', 'sa', 'robot', '-n', namespace)).toMatch(
    /Warning\s+AnonymousRequestUnusualAgent.*firstseen.dev\/firstseen/,
  );
});

test('an Event about an object without a namespace is in default', async () => {
  const alert = about('event-about-role', {
    resource: 'clusterroles',
    apiGroup: 'rbac.authorization.k8s.io',
    name: 'cluster-admin',
  });
  await createKubernetesEventSink({ client }, EVENTS).deliver(alert, undefined, FOREVER);
  const { regarding } = await event('default', 'event-about-role');
  expect(regarding.kind).toBe('ClusterRole');
  expect(regarding.uid).toBeTruthy();
});

test('an Event is about the Alert where there is no object, where it is gone, and where it must not be looked up', async () => {
  const objects = {
    'event-no-object': { resource: 'pods', namespace: 'default' },
    'event-object-gone': { resource: 'pods', namespace: 'default', name: 'gone' },
    'event-of-secret': { resource: 'secrets', namespace: 'default', name: 'a-secret' },
    'event-unknown-kind': { resource: 'widgets', apiGroup: 'example.com', namespace: 'default', name: 'x' },
    'event-namespace-gone': { resource: 'pods', namespace: 'no-such-namespace', name: 'x', uid: 'its-uid' },
  };
  await server.kubectl('create', 'secret', 'generic', 'a-secret');
  for (const [id, object] of Object.entries(objects)) {
    const alert = about(id, object);
    await createAlertSink({ client }).deliver(alert, undefined, FOREVER);
    await createKubernetesEventSink({ client }, EVENTS).deliver(alert, undefined, FOREVER);
    const { regarding } = await event('default', id);
    const uid = await server.kubectl('get', 'alert', id, '-o', 'jsonpath={.metadata.uid}');
    expect(regarding).toEqual({ apiVersion: 'firstseen.dev/v1alpha1', kind: 'Alert', name: id, uid });
  }
});

test('an Event about an object in a namespace that is going is about the Alert', async () => {
  await server.kubectl('create', 'namespace', 'going');
  await server.kubectl('delete', 'namespace', 'going', '--wait=false');
  const alert = about('event-namespace-going', { resource: 'pods', namespace: 'going', name: 'x', uid: 'its-uid' });
  expect(await createKubernetesEventSink({ client }, EVENTS).deliver(alert, undefined, FOREVER)).toBe('done');
  expect((await event('default', 'event-namespace-going')).regarding.kind).toBe('Alert');
});

test('an alert of another cluster gets no Event here', async () => {
  const alert = sampleAlert({ id: 'event-elsewhere', cluster: 'elsewhere' });
  expect(await createKubernetesEventSink({ client }, EVENTS).deliver(alert, undefined, FOREVER)).toBe('done');
  await expect(event('default', 'event-elsewhere')).rejects.toThrow(/NotFound/);
});

test('the watch tells phases and deletions, also those of while nobody watched, and over a restart', async () => {
  const sink = createAlertSink({ client });
  for (const id of ['watched-1', 'watched-2']) await sink.deliver(sampleAlert({ id }), undefined, FOREVER);
  await patchPhase('watched-1', 'Acknowledged');

  const first = startWatch();
  await waitFor(() => first.told.includes('list'), { what: 'the list' });
  expect(first.listed.get('watched-1')).toBe('Acknowledged');
  expect(first.listed.get('watched-2')).toBe('Open');
  await patchPhase('watched-2', 'Closed');
  await waitFor(() => first.told.includes('phase watched-2 Closed'), { what: 'the phase' });
  await sink.deliver(sampleAlert({ id: 'watched-2', version: 2, state: { count: 3 } }), 1, FOREVER);
  await sink.deliver(sampleAlert({ id: 'watched-3' }), undefined, FOREVER);
  await server.kubectl('delete', 'alert', 'watched-1');
  await waitFor(() => first.told.includes('deleted watched-1'), { what: 'the deletion' });
  await first.watch.stop();
  expect(first.told).toEqual(['before', 'list', 'phase watched-2 Closed', 'deleted watched-1']); // a count that grew, or an alert that opened, is nothing to tell

  await server.kubectl('delete', 'alert', 'watched-2');
  const second = startWatch();
  try {
    await waitFor(() => second.told.includes('list'), { what: 'the second list' });
    expect(second.listed.has('watched-3')).toBe(true);
    expect(second.listed.has('watched-2')).toBe(false);
    await server.restart();
    await patchPhase('watched-3', 'Closed');
    await waitFor(() => second.told.includes('phase watched-3 Closed') || second.listed.get('watched-3') === 'Closed', {
      what: 'the phase that was set after the restart',
    });
    await server.kubectl('delete', 'alert', 'watched-3');
    await waitFor(() => second.told.includes('deleted watched-3'), { what: 'the deletion after the restart' });
  } finally {
    await second.watch.stop();
  }
});

test('a watch whose place the server no longer keeps lists again, and misses nothing', async () => {
  const sink = createAlertSink({ client });
  await sink.deliver(sampleAlert({ id: 'compacted' }), undefined, FOREVER);
  let broken = false;
  const forgetful: Pick<KubernetesClient, 'call' | 'watch'> = {
    call: client.call,
    // The place of long ago, as a watch has it that was cut off for hours.
    watch(path, signal) {
      if (broken) return client.watch(path, signal);
      broken = true;
      return client.watch(path.replace(/resourceVersion=\d+/, 'resourceVersion=1'), signal);
    },
  };
  const { watch, told } = startWatch(forgetful);
  try {
    await waitFor(() => told.filter((line) => line === 'list').length === 2, {
      what: 'a second list',
    });
    await patchPhase('compacted', 'Closed');
    await waitFor(() => told.includes('phase compacted Closed'), { what: 'the phase' });
  } finally {
    await watch.stop();
  }
});

function about(id: string, object: Partial<AlertRecord['spec']['request']>): AlertRecord {
  const { time } = sampleAlert().spec.request;
  return sampleAlert({ id, spec: { request: { time, verb: 'get', dryRun: false, truncated: false, ...object } } });
}

function startWatch(api: Pick<KubernetesClient, 'call' | 'watch'> = client) {
  const told: string[] = [];
  const listed = new Map<string, string>();
  const watch = createAlertWatch(
    {
      client: api,
      logger: { info() {}, warn() {} },
      handlers: {
        beforeList: () => void told.push('before'),
        onList(alerts) {
          told.push('list');
          listed.clear();
          for (const [name, { phase }] of alerts) listed.set(name, phase);
        },
        onPhase: (name, phase) => void told.push(`phase ${name} ${phase}`),
        onDeleted: (name) => void told.push(`deleted ${name}`),
      },
    },
    { pageSize: 2, backoff: { minMs: 50, maxMs: 1_000 } },
  );
  watch.start();
  return { watch, told, listed };
}

async function live(name: string) {
  return JSON.parse(await server.kubectl('get', 'alert', name, '-o', 'json'));
}

async function event(namespace: string, name: string) {
  return JSON.parse(await server.kubectl('get', 'events.events.k8s.io', '-n', namespace, name, '-o', 'json'));
}

/** All that is firstseen's, by somebody who may write it. */
function forgeStatus(name: string): Promise<string> {
  const status = {
    count: Number.MAX_SAFE_INTEGER,
    lastSeen: '2099-01-01T00:00:00Z',
    evidence: [],
    overflow: { samples: ['x'] },
    conditions: [
      { type: 'Closed', status: 'True', reason: 'Verified', lastTransitionTime: '2026-01-01T00:00:00Z', message: 'x' },
    ],
  };
  return server.kubectl(
    'patch',
    'alert',
    name,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  );
}

function patchPhase(name: string, phase: string): Promise<string> {
  const patch = JSON.stringify({ status: { phase } });
  return server.kubectl('patch', 'alert', name, '--subresource=status', '--type=merge', '-p', patch);
}
