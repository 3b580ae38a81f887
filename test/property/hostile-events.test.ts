/**
 * Events that no API server sends: of real ones each member, at every depth, is dropped, null, or of another type. The receiver
 * answers 200, the events beside them are evaluated, and what cannot be read is set aside.
 */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAlertLifecycle } from '../../src/alerts/lifecycle.ts';
import type { Store } from '../../src/alerts/store.ts';
import { decodeEvent } from '../../src/audit/decode.ts';
import type { RuleFault } from '../../src/detect/detector.ts';
import { createAlertReview } from '../../src/ingest/alert-writes.ts';
import { createEvaluator } from '../../src/ingest/create-evaluator.ts';
import { createIngest } from '../../src/ingest/create-ingest.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { createHeartbeat, heartbeatPath } from '../../src/ingest/heartbeat.ts';
import { createMetricsObserver } from '../../src/ingest/metrics-observer.ts';
import { createOwnChanges } from '../../src/ingest/own-changes.ts';
import { createOwnPods } from '../../src/ingest/own-pods.ts';
import { createOwnWrites } from '../../src/ingest/own-writes.ts';
import { createQuarantine } from '../../src/ingest/quarantine.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { tamperRules } from '../../src/ruleset/tamper-rules.ts';
import { openSqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { CLUSTER } from '../support/evaluation.ts';
import { anonymousRequest } from '../support/events.ts';
import { mutantsOf, placesIn, replacedBy } from '../support/mutants.ts';
import { post, startReceiver } from '../support/receiver.ts';
import { detectorOf, ruleDocument } from '../support/rules.ts';

const OWN = { username: 'system:serviceaccount:firstseen:firstseen', podUid: 'b6b1ae7e-40d2-4ac1-a14a-0c2d5ea4cbb1' };
const NONCE = '0123456789abcdef0123456789abcdef';
const MUTANTS_PER_BATCH = 60;
const NOW = Date.UTC(2026, 5, 1) * 1_000;

const loaded = await loadRuleFiles([join(import.meta.dirname, '../../rules')]);
const pack = loaded.rules.map(({ document }) => document);
const tamper = tamperRules({ namespace: 'firstseen', names: ['firstseen', 'firstseen-*'], identities: [] });
const detector = detectorOf(ruleDocument(), ...[...pack, ...tamper].map(withoutLearning));

/** A rule that still learns would open nothing. */
function withoutLearning(document: RuleDocument): RuleDocument {
  return document.newTerms === undefined
    ? document
    : { ...document, newTerms: { ...document.newTerms, learningMicros: 0 } };
}

/** With every member that an event can have. */
const WHOLE = anonymousRequest({
  at: NOW,
  event: {
    user: { username: 'system:anonymous', uid: 'u', groups: ['g', 'h'], extra: { 'example.org/team': ['blue'] } },
    impersonatedUser: { username: 'root', uid: 'r', groups: ['system:masters'], extra: { scopes: ['all'] } },
    authenticationMetadata: { impersonationConstraint: 'user' },
    objectRef: {
      resource: 'pods',
      namespace: 'default',
      name: 'web',
      uid: '1',
      apiGroup: 'apps',
      apiVersion: 'v1',
      resourceVersion: '7',
      subresource: 'exec',
    },
    responseStatus: { status: 'Failure', message: 'no', reason: 'Forbidden', code: 403 },
    requestObject: { spec: { containers: [{ image: 'a', command: ['sh'] }] }, rules: [{ verbs: ['*'] }] },
    responseObject: { rules: [{ verbs: ['get'], resources: ['secrets'] }] },
  },
}).event;

const alerts = { resource: 'alerts', apiGroup: 'firstseen.dev', apiVersion: 'v1alpha1', name: 'an-alert' };
const ours = { username: OWN.username, extra: { 'authentication.kubernetes.io/pod-uid': [OWN.podUid] } };
const statusWrite = { verb: 'patch', objectRef: { ...alerts, subresource: 'status' } };

/** What firstseen looks at beside its rules, and what the rules about it look at. */
const OF_FIRSTSEEN: readonly object[] = [
  { user: ours, verb: 'create', objectRef: alerts },
  {
    user: { ...ours, extra: { 'authentication.kubernetes.io/pod-uid': ['another'] } },
    verb: 'create',
    objectRef: alerts,
  },
  { user: ours, verb: 'patch', auditID: OWN.podUid, objectRef: { ...alerts, resource: 'detectionrules' } },
  { user: ours, verb: 'get', requestURI: `${heartbeatPath(CLUSTER)}?nonce=${NONCE}`, objectRef: undefined },
  { ...statusWrite, requestObject: { status: { phase: 'Closed' } }, impersonatedUser: { username: 'mara' } },
  { ...statusWrite, requestObject: [{ op: 'replace', path: '/status/phase', value: 'Acknowledged' }] },
  { verb: 'delete', objectRef: alerts, requestObject: { dryRun: ['All'] } },
  {
    verb: 'patch',
    objectRef: { resource: 'deployments', apiGroup: 'apps', namespace: 'firstseen', name: 'firstseen' },
  },
].map((changes) => ({ ...anonymousRequest({ at: NOW }).event, ...changes }));

const OF_RULES: readonly object[] = pack.flatMap(({ tests }) => {
  const event = tests.find(({ expect }) => expect === 'fire')?.events.at(-1);
  return typeof event === 'object' && event !== null ? [{ auditID: 'of-a-rule', ...event }] : [];
});
const EVENTS: readonly object[] = [WHOLE, ...OF_FIRSTSEEN, ...OF_RULES];

/** A receiver with all that stands behind it in life. @param store what the decisions are settled in */
async function startHostile(store: Store = openSqliteState({ kind: 'sqlite', path: ':memory:' })) {
  const metrics = createMetrics();
  const logger = createLogger({
    level: 'error',
    format: 'json',
    stream: new Writable({ write: (_c, _e, done) => done() }),
  });
  const quarantine = createQuarantine();
  const observer = createMetricsObserver(metrics, quarantine, logger);
  const decided = new Set<string | undefined>();
  const faults: RuleFault[] = [];
  const deps = { store, cluster: CLUSTER, now: () => NOW };
  const heartbeat = createHeartbeat({ ...deps, get: async () => 403, metrics, logger, own: OWN });
  const pods = createOwnPods({ ...deps, podUid: OWN.podUid });
  const changes = createOwnChanges({ ...deps, username: OWN.username });
  const evaluate = createEvaluator({
    store,
    detector: () => detector,
    hashes: sha256Hashes,
    sinks: [],
    own: createOwnWrites({ username: OWN.username, cluster: CLUSTER, ourPods: pods.ours, ourChanges: changes.ours }),
    namespaceLabels: { of: () => ({ 'example.org/team': 'blue' }) },
    review: createAlertReview({ lifecycle: createAlertLifecycle(store, []), cluster: CLUSTER, clusters: [CLUSTER] }),
    heartbeat,
    observer: {
      ...observer,
      detected(cluster, evaluated, detection) {
        observer.detected(cluster, evaluated, detection);
        faults.push(...detection.faults);
      },
      settled(cluster, decisions, settled) {
        observer.settled(cluster, decisions, settled);
        for (const { event } of decisions) decided.add(event.event.auditID);
      },
    },
  });
  const { ingest } = createIngest({ evaluate, observer, now: () => NOW });
  const { port, bugs } = await startReceiver({}, ingest);
  let sent = 0;

  /** Sends the events between two good ones. What went wrong, if anything did. */
  async function send(events: readonly unknown[]): Promise<string | undefined> {
    const [before, after] = [`before-${sent}`, `after-${sent++}`];
    const items = [
      anonymousRequest({ at: NOW, id: before }).event,
      ...events,
      anonymousRequest({ at: NOW, id: after }).event,
    ];
    const { status, text } = await post(port, '/audit', { body: list(items) });
    if (status !== 200) return `answered ${status}: ${String(bugs.at(-1))}`;
    const answer: { readonly events: number; readonly quarantined: number } = JSON.parse(text);
    const readable = items.filter((item, ordinal) => 'event' in decodeEvent(item, ordinal, NOW)).length;
    if (answer.events !== readable || answer.quarantined !== items.length - readable) return `answered ${text}`;
    return decided.has(before) && decided.has(after) ? undefined : 'a good neighbour was lost';
  }

  return { send, port, faults };
}

function list(items: readonly unknown[]): string {
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}

/** Each decision in a partition of its own, so that each opens an alert, whatever was there before. */
function alwaysEmpty(): Store {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  let partitions = 0;
  return {
    ...store,
    decisionsPerCommit: 1,
    update: (cluster, reads, step) => store.update(`${cluster}-${partitions++}`, reads, step),
  };
}

test('there are events for every rule of the pack', () => {
  expect(loaded.problems).toEqual([]);
  expect(OF_RULES).toHaveLength(pack.length);
});

/** A failure is looked for event by event, which takes long: so many are enough. */
const MOST_FAILURES = 10;

test.each([
  ['each type', EVENTS],
  ['something large', EVENTS.slice(0, 20)],
] as const)(
  'each member at every depth, with %s in its place: 200, and its neighbours are kept',
  async (replacements, events) => {
    const { send, faults } = await startHostile(alwaysEmpty());
    const mutants = events.flatMap((event) => mutantsOf(event, replacements));
    const failed: string[] = [];
    for (let start = 0; start < mutants.length; start += MUTANTS_PER_BATCH) {
      const batch = mutants.slice(start, start + MUTANTS_PER_BATCH);
      if ((await send(batch.map(({ event }) => event))) === undefined) continue;
      for (const { what, event } of batch) {
        const problem = await send([event]);
        if (problem !== undefined) failed.push(`${what}: ${problem}`);
      }
      if (failed.length >= MOST_FAILURES) break;
    }
    expect(failed).toEqual([]);
    expect(faults.map(({ rule, error }) => `${rule}: ${error}`)).toEqual([]);
  },
);

test('several members at once, over what earlier events left in the store', async () => {
  const { send, faults } = await startHostile();
  const change = fc.record({ place: fc.nat(), way: fc.nat() });
  const mutant = fc
    .record({ event: fc.constantFrom(...EVENTS), changes: fc.array(change, { minLength: 1, maxLength: 5 }) })
    .map(({ event, changes }) =>
      changes.reduce<unknown>((changed, { place, way }) => {
        const places = placesIn(changed);
        return replacedBy(changed, places[place % places.length] ?? [], way);
      }, event),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(mutant, { minLength: 1, maxLength: 20 }), async (events) => {
      expect(await send(events)).toBeUndefined();
    }),
  );
  expect(faults).toEqual([]);
});

test('each member of the list around the events: never a 500', async () => {
  const { port } = await startHostile();
  const whole = {
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: { resourceVersion: '1' },
    items: [WHOLE],
  };
  const statuses = new Set<number>();
  for (const { event } of mutantsOf(whole, 'each type')) {
    statuses.add((await post(port, '/audit', { body: JSON.stringify(event) })).status);
  }
  expect([...statuses].sort()).toEqual([200, 400]);
});

test('null in a member of a field is the same as nothing', () => {
  for (const event of [WHOLE, ...OF_FIRSTSEEN]) {
    const { requestObject: _, responseObject: __, ...metadata } = event as Readonly<Record<string, unknown>>;
    const read = mutantsOf(metadata, 'each type').map(({ what, event }) => [what, decodeEvent(event, 0, NOW)] as const);
    const decoded = new Map(read);
    const nulls = read.filter(([what]) => /\D: null$/.test(what));
    expect(nulls.length).toBeGreaterThan(10);
    for (const [what, item] of nulls) expect(item).toEqual(decoded.get(what.replace(/null$/, 'nothing')));
  }
});
