/** Alerts from the store to a real API server, and back what a user does to them. */

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AlertLifecycle, createAlertLifecycle } from '../../src/alerts/lifecycle.ts';
import { createReconciler, type Reconciler } from '../../src/alerts/reconcile.ts';
import { readAlerts } from '../../src/alerts/records.ts';
import type { AlertRecord } from '../../src/detect/alert.ts';
import { createAlertSync } from '../../src/kubernetes/alert-sync.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { createAlertSink } from '../../src/sinks/alert-sink.ts';
import { createKubernetesEventSink } from '../../src/sinks/kubernetes-event-sink.ts';
import { openSqliteState, type SqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { REQUIRED } from '../support/chart.ts';
import { sampleAlert } from '../support/sample-alert.ts';
import { waitFor } from '../support/wait.ts';

const CHART = join(import.meta.dirname, '..', '..', 'helm', 'firstseen');
const CLUSTER = 'local';
const ALERTS = '/apis/firstseen.dev/v1alpha1/alerts';

let server: ApiServer;
let client: KubernetesClient;
let store: SqliteState;
let reconciler: Reconciler;
let lifecycle: AlertLifecycle;
const logged: string[] = [];
const QUIET = createLogger({ level: 'error', format: 'text' });

beforeAll(async () => {
  server = await startApiServer();
  await server.apply(await server.helm('template', 'fs', CHART, ...REQUIRED, '-s', 'templates/crd-alerts.yaml'));
  await server.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd/alerts.firstseen.dev');
  client = await createKubernetesClient({ kubeconfig: server.adminKubeconfig, version: 'test' });
  store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  lifecycle = createAlertLifecycle(store, ['alert']);
  const log = (message: string) => void logged.push(message);
  reconciler = createReconciler(
    {
      queue: store,
      sinks: [
        { ...createAlertSink({ client }), coalesceMs: 50 },
        createKubernetesEventSink({ client }, { localCluster: CLUSTER, lookUp: true, instance: 'firstseen-0' }),
      ],
      clusters: [CLUSTER],
      end: lifecycle.end,
      logger: { info: log, warn: log, error: log },
    },
    { poll: { minMs: 1_000, maxMs: 1_000 }, pause: { minMs: 50, maxMs: 200 }, retry: { minMs: 50, maxMs: 200 } },
  );
  reconciler.start();
});
afterAll(async () => {
  await reconciler?.stop(5_000);
  await store?.close();
  client?.close();
  await server?.stop();
});

test('an alert that opens is soon in the cluster, as an Alert and as an Event', async () => {
  await commit(sampleAlert({ id: 'opened' }));
  await waitFor(() => exists(`${ALERTS}/opened`), { what: 'the Alert' });
  await waitFor(() => exists('/apis/events.k8s.io/v1/namespaces/default/events/opened'), { what: 'the Event' });
});

test('the record of an alert that a user has deleted goes with its next repeat', async () => {
  await commit(sampleAlert({ id: 'unwanted' }));
  await waitFor(() => exists(`${ALERTS}/unwanted`), { what: 'the Alert' });
  await server.kubectl('delete', 'alert', 'unwanted');
  await commit(sampleAlert({ id: 'unwanted', version: 2, state: { count: 2 } }));
  await waitFor(async () => !(await held()).includes('unwanted'), { what: 'the record to go' });
  await waitFor(async () => (await store.depth(CLUSTER, 'alert')).due === 0, { what: 'the queue to be empty' });
  await expect(exists(`${ALERTS}/unwanted`)).rejects.toThrow();
});

test('an alert that retention drops is taken away, and then its record', async () => {
  await commit(sampleAlert({ id: 'old' }));
  await waitFor(() => exists(`${ALERTS}/old`), { what: 'the Alert' });
  await commit(sampleAlert({ id: 'old', version: 2, state: { removed: true } }));
  await waitFor(async () => !(await held()).includes('old'), { what: 'the record to go' });
  await expect(exists(`${ALERTS}/old`)).rejects.toThrow();
});

/** All that is firstseen's. */
const FORGED = {
  count: Number.MAX_SAFE_INTEGER,
  lastSeen: '2099-01-01T00:00:00Z',
  evidence: [],
  overflow: { samples: ['x'] },
  conditions: [
    { type: 'Closed', status: 'True', reason: 'Verified', lastTransitionTime: '2026-01-01T00:00:00Z', message: 'x' },
  ],
};

test('a forged status is set right without a further match', async () => {
  await commit(sampleAlert({ id: 'forged' }));
  await waitFor(async () => (await statusOf('forged')).count === 1, { what: 'the Alert' });
  const status = await statusOf('forged');
  const isRight = async () => isDeepStrictEqual(await statusOf('forged'), status);
  // Before anybody looks: the list tells of it.
  await forge('forged', FORGED);
  const sync = createAlertSync({ client, store, lifecycle, logger: QUIET }, [CLUSTER]);
  sync.start();
  await waitFor(isRight, { what: 'the status after the list' });
  for (const forged of [FORGED, { evidence: null }, { count: null, firstSeen: null }]) {
    await forge('forged', forged);
    await waitFor(isRight, { what: `the status after ${JSON.stringify(forged)}` });
  }
  await sync.stop();
});

test('what opens while the API server is away is written when it is back', async () => {
  await server.stop();
  for (let i = 0; i < 30; i += 1) await commit(sampleAlert({ id: `while-away-${i}` }));
  await waitFor(() => logged.includes('alert delivery is failing'), { what: 'a word about it' });
  await server.restart();
  await waitFor(async () => (await server.read(ALERTS)).match(/"name":"while-away-/g)?.length === 30, {
    what: 'all alerts',
  });
  expect((await store.depth(CLUSTER, 'alert')).dead).toBe(0);
});

async function statusOf(name: string) {
  return (
    JSON.parse(await server.kubectl('get', 'alerts', '-o', 'json')).items.find(
      ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name === name,
    )?.status ?? {}
  );
}

function forge(name: string, status: object): Promise<string> {
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

/** Writes the alert as a batch does that opens it or adds to it. */
async function commit({ id, version, spec, state }: AlertRecord): Promise<void> {
  const fields = { spec: JSON.stringify(spec), state: JSON.stringify(state), ver: String(version) };
  const entries = [{ member: id, score: state.openedAt }];
  await store.update(CLUSTER, [], () => ({
    kind: 'commit',
    writes: [
      { kind: 'setFields', key: stateKeys.alert(id), mode: 'set', fields },
      { kind: 'setScores', key: stateKeys.alerts, mode: 'set', entries },
      { kind: 'markDue', sink: 'alert', alertId: id, delayMs: 0 },
      ...(version === 1 ? [{ kind: 'markDue', sink: 'kubernetes-event', alertId: id, delayMs: 0 } as const] : []),
    ],
    result: undefined,
  }));
  reconciler.nudge();
}

async function held(): Promise<readonly string[]> {
  return (await readAlerts(store, CLUSTER)).map(({ id }) => id);
}

async function exists(path: string): Promise<boolean> {
  await server.read(path);
  return true;
}
