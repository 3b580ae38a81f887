import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation, noting, withFaults } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { detectorOf, ruleDocument } from '../../test/support/rules.ts';
import type { Store } from '../alerts/store.ts';
import type { QuarantinedItem } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createEvaluator } from './create-evaluator.ts';
import { createIngest } from './create-ingest.ts';
import { sha256Hashes } from './hashes.ts';
import { createOwnWrites, type OwnWrites } from './own-writes.ts';

const EVENT_LIST = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1' };

function body(...items: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ ...EVENT_LIST, items }));
}

function ingestOn(store: Store, own?: OwnWrites) {
  const { told, observer } = noting();
  const decoded: { events: readonly DecodedEvent[]; quarantined: readonly QuarantinedItem[] }[] = [];
  const detector = detectorOf(ruleDocument());
  const ingest = createIngest({
    evaluate: createEvaluator({
      store,
      detector: () => detector,
      hashes: sha256Hashes,
      sinks: [],
      own,
      observer,
    }),
    observer: { ...observer, decoded: (_cluster, events, quarantined) => decoded.push({ events, quarantined }) },
    now: () => NOON + 5,
  });
  return { ingest, told, decoded };
}

test('decodes, evaluates and commits a batch before it accepts it', async () => {
  const { store, alerts } = evaluation([]);
  const { ingest, decoded } = ingestOn(store);
  const outcome = await ingest.ingest(CLUSTER, body(anonymousRequest().event, anonymousRequest({ id: 'b' }).event));
  expect(outcome).toEqual({ kind: 'accepted', events: 2, quarantined: 0 });
  expect(decoded[0]?.events[0]?.receivedAt).toBe(NOON + 5);
  expect((await alerts()).map(({ state }) => state.count)).toEqual([2]);
});

test('quarantines unreadable items, and evaluates the rest', async () => {
  const { store, alerts } = evaluation([]);
  const { ingest, decoded } = ingestOn(store);
  const outcome = await ingest.ingest(CLUSTER, body('no event', anonymousRequest().event, { verb: 7 }));
  expect(outcome).toEqual({ kind: 'accepted', events: 1, quarantined: 2 });
  expect(decoded[0]?.quarantined.map(({ ordinal }) => ordinal)).toEqual([0, 2]);
  expect(await alerts()).toHaveLength(1);
});

test.each<[string, object]>([
  ['auditID', { auditID: null }],
  ['stage', { stage: null }],
  ['verb', { verb: null }],
  ['requestURI', { requestURI: null, objectRef: { resource: 'pods', subresource: 'exec' } }],
  ['userAgent', { userAgent: null }],
  ['sourceIPs', { sourceIPs: null }],
  ['groups of the user', { user: { username: 'system:anonymous', groups: null } }],
  ['impersonatedUser', { impersonatedUser: null }],
  ['objectRef', { objectRef: null }],
  ['a member of objectRef', { objectRef: { resource: 'pods', namespace: null, name: null, apiGroup: null } }],
  ['responseStatus', { responseStatus: null }],
  ['an annotation', { annotations: { 'authorization.k8s.io/decision': null } }],
])('an event with null in %s is evaluated, and opens its alert', async (_what, changes) => {
  const { store, alerts } = evaluation([]);
  const { ingest } = ingestOn(store);
  const event = { ...anonymousRequest().event, ...changes };
  expect(await ingest.ingest(CLUSTER, body(event))).toEqual({ kind: 'accepted', events: 1, quarantined: 0 });
  expect(await alerts()).toHaveLength(1);
});

test('null in the pod of our own account is no pod: the name alone makes the write ours', async () => {
  const { store } = evaluation([]);
  const username = 'system:serviceaccount:firstseen:firstseen';
  const own = createOwnWrites({ username, cluster: CLUSTER, ourPods: async () => new Set() });
  const { ingest, told } = ingestOn(store, own);
  const objectRef = { resource: 'alerts', apiGroup: 'firstseen.dev', subresource: null };
  const user = { username, extra: { 'authentication.kubernetes.io/pod-uid': null } };
  const event = { ...anonymousRequest().event, verb: 'create', user, objectRef };
  expect((await ingest.ingest(CLUSTER, body(event))).kind).toBe('accepted');
  expect(told.ownWrites).toBe(1);
});

test('a body that is no EventList is rejected, and nothing is evaluated', async () => {
  const { ingest, decoded, told } = ingestOn(evaluation([]).store);
  const rejected = async (text: string) => {
    const outcome = await ingest.ingest(CLUSTER, Buffer.from(text));
    return outcome.kind === 'rejected' ? outcome.reason : outcome.kind;
  };
  expect(await rejected('not JSON')).toBe('not_json');
  expect(await rejected('{"kind":"List"}')).toBe('not_event_list');
  expect(decoded).toEqual([]);
  expect(told.outcomes).toEqual([]);
});

test('without the store only a batch with a decision fails, and its retry counts once', async () => {
  const { store, alerts } = evaluation([]);
  let away = true;
  let afterCommit = false;
  const failing = withFaults(
    store,
    () => {
      if (away) throw new OperationalError('store_unavailable', 'away');
    },
    () => {
      if (afterCommit) throw new OperationalError('store_unavailable', 'the answer is lost');
    },
  );
  const { ingest } = ingestOn(failing);
  const quiet = body(anonymousRequest({ username: 'eve' }).event);
  const noticed = body(anonymousRequest().event);
  expect((await ingest.ingest(CLUSTER, quiet)).kind).toBe('accepted');
  const unavailable = expect.objectContaining({ name: 'OperationalError', retryable: true });
  await expect(ingest.ingest(CLUSTER, noticed)).rejects.toThrow(unavailable);
  away = false;
  afterCommit = true;
  await expect(ingest.ingest(CLUSTER, noticed)).rejects.toThrow(unavailable);
  afterCommit = false;
  expect((await ingest.ingest(CLUSTER, noticed)).kind).toBe('accepted');
  expect((await alerts()).map(({ state }) => state.count)).toEqual([1]);
});
