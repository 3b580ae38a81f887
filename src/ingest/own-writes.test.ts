import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../audit/event.ts';
import { isOwnWrite, type OwnIdentity } from './own-writes.ts';

const own: OwnIdentity = { username: 'system:serviceaccount:firstseen:firstseen', podUid: 'pod-1' };
const POD_UID = 'authentication.kubernetes.io/pod-uid';

function write(objectRef: AuditEvent['objectRef'], user: Partial<AuditEvent['user']> = {}): AuditEvent {
  return {
    verb: 'create',
    user: { username: own.username, ...user },
    ...(objectRef === undefined ? {} : { objectRef }),
  };
}

const alerts = { apiGroup: 'firstseen.dev', resource: 'alerts' };

test('our own alerts, their status, and events are own writes', () => {
  assert.ok(isOwnWrite(write(alerts), own));
  assert.ok(isOwnWrite({ ...write({ ...alerts, subresource: 'status' }), verb: 'patch' }, own));
  assert.ok(isOwnWrite(write({ apiGroup: 'events.k8s.io', resource: 'events' }), own));
});

test('whatever else our account does is evaluated', () => {
  const others: readonly AuditEvent['objectRef'][] = [
    { apiGroup: 'firstseen.dev', resource: 'detectionrules' },
    { apiGroup: 'firstseen.dev', resource: 'events' },
    { apiGroup: 'events.k8s.io', resource: 'alerts' },
    { resource: 'events' },
    { resource: 'secrets' },
    { apiGroup: 'firstseen.dev' },
    {},
    undefined,
  ];
  for (const objectRef of others) assert.equal(isOwnWrite(write(objectRef), own), false, JSON.stringify(objectRef));
});

test('a verb that we never use there is evaluated: it would be a stolen token', () => {
  const status = write({ ...alerts, subresource: 'status' });
  for (const verb of ['deletecollection', 'update', 'patch']) {
    assert.equal(isOwnWrite({ ...write(alerts), verb }, own), false, verb);
  }
  assert.equal(isOwnWrite({ ...status, verb: 'update' }, own), false);
  assert.equal(isOwnWrite({ ...write({ apiGroup: 'events.k8s.io', resource: 'events' }), verb: 'delete' }, own), false);
});

test('another user that writes alerts is evaluated, one that we impersonate nothing of too', () => {
  assert.equal(isOwnWrite(write(alerts, { username: 'eve' }), own), false);
  const impersonating = { ...write(alerts, { username: 'eve' }), impersonatedUser: { username: own.username } };
  assert.equal(isOwnWrite(impersonating, own), false);
  assert.equal(isOwnWrite({ objectRef: alerts }, own), false);
});

test('where the event tells the pod it must be ours; where it does not, or we do not know ours, the name is enough', () => {
  const from = (...pods: readonly string[]) => write(alerts, { extra: { [POD_UID]: pods } });
  assert.equal(isOwnWrite(from('pod-1'), own), true);
  assert.equal(isOwnWrite(from('pod-2'), own), false, 'our token in another pod');
  assert.equal(isOwnWrite(from(), own), false);
  assert.equal(isOwnWrite(from('pod-2'), { username: own.username }), true);
});

test('without an identity nothing is ours', () => {
  assert.equal(isOwnWrite(write(alerts), undefined), false);
});

test('a group named like a property of every object is no fault', () => {
  for (const apiGroup of ['__proto__', 'constructor', 'toString']) {
    assert.equal(isOwnWrite(write({ apiGroup, resource: 'alerts' }), own), false);
  }
});
