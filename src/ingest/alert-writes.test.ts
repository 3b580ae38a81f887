import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBatch } from '../audit/decode.ts';
import { alertWrites } from './alert-writes.ts';

const AT = '2026-03-01T12:00:00.000000Z';
const patch = {
  level: 'RequestResponse',
  auditID: '3c2b7a43-8a1e-4a52-8a1c-6a3f4c0c1b6e',
  stage: 'ResponseComplete',
  requestURI: '/apis/firstseen.dev/v1alpha1/alerts/one/status',
  verb: 'patch',
  user: { username: 'alice' },
  objectRef: {
    resource: 'alerts',
    name: 'one',
    apiGroup: 'firstseen.dev',
    apiVersion: 'v1alpha1',
    subresource: 'status',
  },
  responseStatus: { code: 200 },
  requestObject: { status: { phase: 'Closed' } },
  requestReceivedTimestamp: AT,
  stageTimestamp: AT,
};

function writesOf(changes: object) {
  const batch = decodeBatch(
    JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [{ ...patch, ...changes }] }),
    1_772_366_401_000_000,
  );
  assert.ok(batch.kind === 'batch');
  return alertWrites(batch.events);
}
const phases = (changes: object) => writesOf(changes).map(({ write }) => write.phase ?? '?');

test('a patch of the phase: whose, when, and which', () => {
  assert.deepEqual(writesOf({}), [{ id: 'one', write: { at: 1_772_366_400_000_000, user: 'alice', phase: 'Closed' } }]);
});

test('what was not carried out, or is no write of the status of an alert, tells nothing', () => {
  for (const changes of [
    { responseStatus: { code: 403 } },
    { responseStatus: undefined },
    { stage: 'RequestReceived' },
    { requestURI: `${patch.requestURI}?dryRun=All` },
    { verb: 'get' },
    { objectRef: { ...patch.objectRef, subresource: undefined } },
    { objectRef: { ...patch.objectRef, apiGroup: 'example.com' } },
    { objectRef: { ...patch.objectRef, name: undefined } },
    { requestObject: { status: { count: 9 } } },
    { requestObject: { metadata: { labels: { a: 'b' } } } },
    { requestObject: [{ op: 'replace', path: '/status/count', value: 9 }] },
    { requestObject: 'phase' },
  ]) {
    assert.deepEqual(writesOf(changes), [], JSON.stringify(changes));
  }
});

test('the answer tells the phase, else the request, in any form of a patch', () => {
  assert.deepEqual(phases({ responseObject: { status: { phase: 'Acknowledged' } } }), ['Acknowledged']);
  assert.deepEqual(phases({ requestObject: { status: null }, responseObject: { status: { phase: 'Open' } } }), [
    'Open',
  ]);
  assert.deepEqual(phases({ requestObject: [{ op: 'replace', path: '/status/phase', value: 'Open' }] }), ['Open']);
  assert.deepEqual(phases({ requestObject: [{ op: 'remove', path: '/status' }] }), ['?']);
  assert.deepEqual(phases({ requestObject: { status: { phase: 'Gone' } } }), ['?']);
  assert.deepEqual(phases({ verb: 'update', requestObject: { status: { phase: 'Open', count: 2 } } }), ['Open']);
  assert.deepEqual(phases({ level: 'Metadata', requestObject: undefined }), ['?']);
});

test('whoever impersonates somebody is named with both names, and no name hides anything', () => {
  const [first] = writesOf({ user: { username: 'ad\u202emin' }, impersonatedUser: { username: 'bob' } });
  assert.equal(first?.write.user, 'ad\\u{202e}min as bob');
  const [long] = writesOf({ user: { username: 'x'.repeat(500) } });
  assert.ok(Buffer.byteLength(long?.write.user ?? '') <= 64);
});
