import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
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
  expectKind(batch, 'batch');
  return alertWrites(batch.events);
}
const phases = (changes: object) => writesOf(changes).map(({ write }) => write.phase ?? '?');

test('reads user, time and phase from a patch', () => {
  expect(writesOf({})).toEqual([{ id: 'one', write: { at: 1_772_366_400_000_000, user: 'alice', phase: 'Closed' } }]);
});

test.each([
  { responseStatus: { code: 403 } },
  { responseStatus: { code: 409, reason: 'Conflict' } },
  { responseStatus: { code: 500, reason: 'InternalError' } },
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
])('ignores failed requests and other writes: %#', (changes) => {
  expect(writesOf(changes)).toEqual([]);
});

test.each([
  { responseStatus: { code: 400 }, requestURI: `${patch.requestURI}?includeObject=x` },
  { responseStatus: { code: 406 } },
  { responseStatus: { code: 500 } },
  { responseStatus: { code: 504, reason: 'Timeout' } },
])('a write whose answer is an error that can follow a stored write counts, and says so: %#', (changes) => {
  const failure = { kind: 'Status', status: 'Failure' };
  const [first] = writesOf({ ...changes, responseObject: failure });
  expect(first?.write).toMatchObject({ user: 'alice', phase: 'Closed', doubtful: true });
});

test('the answer tells the phase, else the request, in any form of a patch', () => {
  expect(phases({ responseObject: { status: { phase: 'Acknowledged' } } })).toEqual(['Acknowledged']);
  expect(phases({ requestObject: { status: null }, responseObject: { status: { phase: 'Open' } } })).toEqual(['Open']);
  expect(phases({ requestObject: [{ op: 'replace', path: '/status/phase', value: 'Open' }] })).toEqual(['Open']);
  expect(phases({ requestObject: [{ op: 'remove', path: '/status' }] })).toEqual(['?']);
  expect(phases({ requestObject: { status: { phase: 'Gone' } } })).toEqual(['?']);
  expect(phases({ verb: 'update', requestObject: { status: { phase: 'Open', count: 2 } } })).toEqual(['Open']);
  expect(phases({ level: 'Metadata', requestObject: undefined })).toEqual(['?']);
});

test('names both users of an impersonation, and escapes names', () => {
  const [first] = writesOf({ user: { username: 'ad\u202emin' }, impersonatedUser: { username: 'bob' } });
  expect(first?.write.user).toBe('ad\\u{202e}min as bob');
  const [long] = writesOf({ user: { username: 'x'.repeat(500) } });
  expect(Buffer.byteLength(long?.write.user ?? '')).toBeLessThanOrEqual(64);
});
