import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../test/support/events.ts';
import type { AuditEvent } from '../audit/event.ts';
import { createOwnWrites } from './own-writes.ts';

const username = 'system:serviceaccount:firstseen:firstseen';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
const CLUSTER = 'local';

function write(objectRef: AuditEvent['objectRef'], user: Partial<AuditEvent['user']> = {}): AuditEvent {
  return {
    verb: 'create',
    user: { username, ...user },
    ...(objectRef === undefined ? {} : { objectRef }),
  };
}

const alerts = { apiGroup: 'firstseen.dev', resource: 'alerts' };

/** Whether an event counts as our own write if these are our pods. */
async function isOwn(event: AuditEvent, pods: readonly string[] | undefined = ['pod-1'], cluster = CLUSTER) {
  const ourPods = pods && (async () => new Set(pods));
  const own = createOwnWrites({ username, cluster: CLUSTER, ourPods });
  const decoded = { ...anonymousRequest(), event };
  return (await own.foreign(cluster, [decoded])).length === 0;
}

test('writes of alerts, their status and Events are own writes', async () => {
  expect(await isOwn(write(alerts))).toBe(true);
  expect(await isOwn({ ...write({ ...alerts, subresource: 'status' }), verb: 'patch' })).toBe(true);
  expect(await isOwn(write({ apiGroup: 'events.k8s.io', resource: 'events' }))).toBe(true);
});

test.each<AuditEvent['objectRef'][]>([
  [{ apiGroup: 'firstseen.dev', resource: 'detectionrules' }],
  [{ apiGroup: 'firstseen.dev', resource: 'events' }],
  [{ apiGroup: 'events.k8s.io', resource: 'alerts' }],
  [{ resource: 'events' }],
  [{ resource: 'secrets' }],
  [{ apiGroup: 'firstseen.dev' }],
  [{}],
  [undefined],
])('our account creating %j is evaluated', async (objectRef) => {
  expect(await isOwn(write(objectRef))).toBe(false);
});

test.each(['deletecollection', 'update', 'patch'])('our account with %s on alerts is evaluated', async (verb) => {
  expect(await isOwn({ ...write(alerts), verb })).toBe(false);
});

test('a verb that we never use is evaluated, because the token may be stolen', async () => {
  const status = write({ ...alerts, subresource: 'status' });
  expect(await isOwn({ ...status, verb: 'update' })).toBe(false);
  expect(await isOwn({ ...write({ apiGroup: 'events.k8s.io', resource: 'events' }), verb: 'delete' })).toBe(false);
});

test('evaluates writes of other users, impersonation, and events without a user', async () => {
  expect(await isOwn(write(alerts, { username: 'eve' }))).toBe(false);
  const impersonating = { ...write(alerts, { username: 'eve' }), impersonatedUser: { username } };
  expect(await isOwn(impersonating)).toBe(false);
  expect(await isOwn({ objectRef: alerts })).toBe(false);
});

test('with bound tokens the pod must be a replica; otherwise the name decides', async () => {
  const from = (...pods: readonly string[]) => write(alerts, { extra: { [POD_UID]: pods } });
  const replicas = ['pod-1', 'pod-2'];
  expect(await isOwn(from('pod-1'), replicas)).toBe(true);
  expect(await isOwn(from('pod-2'), replicas)).toBe(true); // another replica
  expect(await isOwn(from('pod-3'), replicas)).toBe(false); // our account in another pod
  expect(await isOwn(from('pod-1', 'pod-3'), replicas)).toBe(false);
  expect(await isOwn(from(), replicas)).toBe(false);
  const unbound = createOwnWrites({ username, cluster: CLUSTER, ourPods: undefined });
  expect(await unbound.foreign(CLUSTER, [{ ...anonymousRequest(), event: from('pod-3') }])).toEqual([]);
});

test('an account of the same name in another cluster is not ours', async () => {
  expect(await isOwn(write(alerts), ['pod-1'], 'staging')).toBe(false);
});

test('looks up each possible pod once, and keeps the order of the batch', async () => {
  const asked: (readonly string[])[] = [];
  const own = createOwnWrites({
    username,
    cluster: CLUSTER,
    async ourPods(uids) {
      asked.push(uids);
      return new Set(['pod-1']);
    },
  });
  const other = anonymousRequest({ event: { user: { username: 'eve', extra: { [POD_UID]: ['pod-9'] } } } });
  expect(await own.foreign(CLUSTER, [other])).toEqual([other]);
  expect(asked).toEqual([]);
  const ours = { ...other, event: write(alerts, { extra: { [POD_UID]: ['pod-1'] } }) };
  const stranger = { ...other, event: write(alerts, { extra: { [POD_UID]: ['pod-7'] } }) };
  expect(await own.foreign(CLUSTER, [stranger, ours, ours, other])).toEqual([stranger, other]);
  expect(asked).toEqual([['pod-7', 'pod-1']]);
});

test.each(['__proto__', 'constructor', 'toString'])(
  'handles an API group named like an object property: %s',
  async (apiGroup) => {
    expect(await isOwn(write({ apiGroup, resource: 'alerts' }))).toBe(false);
  },
);

test('an announced change of a rule is an own write', async () => {
  const rule = {
    verb: 'patch',
    user: { username },
    objectRef: { apiGroup: 'firstseen.dev', resource: 'detectionrules' },
  };
  const [announced, other] = [anonymousRequest({ event: rule }), anonymousRequest({ event: rule })];
  const ourChanges = async () => new Set([announced]);
  const own = createOwnWrites({ username, cluster: CLUSTER, ourPods: undefined, ourChanges });
  expect(await own.foreign(CLUSTER, [announced, other])).toEqual([other]);
  expect(await own.foreign('another', [announced, other])).toEqual([announced, other]);
});
