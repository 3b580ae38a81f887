import { expect, test } from '@jest/globals';
import type { AuditEvent, DecodedEvent } from './event.ts';
import { eventKeyParts, hourOf, isDryRun, lastHop, requestKeyParts } from './identity.ts';

const event: AuditEvent = {
  auditID: 'a-1',
  stage: 'ResponseComplete',
  verb: 'create',
  requestURI: '/api/v1/namespaces/shop/pods',
  user: { username: 'mara' },
  sourceIPs: ['203.0.113.9', '10.1.2.3'],
  requestReceivedTimestamp: '2026-05-01T10:59:59.999999Z',
  stageTimestamp: '2026-05-01T11:00:00.000001Z',
};

test('the parts of a key are an unambiguous text', () => {
  expect(requestKeyParts('prod', event)).toBe(
    '["prod","a-1","2026-05-01T10:59:59.999999Z","create","/api/v1/namespaces/shop/pods","mara",["203.0.113.9","10.1.2.3"]]',
  );
  expect(requestKeyParts('prod', { ...event, sourceIPs: ['a","b'] })).not.toBe(
    requestKeyParts('prod', { ...event, sourceIPs: ['a', 'b'] }),
  );
});

test('two requests under one auditID have two keys', () => {
  expect(requestKeyParts('dev', event)).not.toBe(requestKeyParts('prod', event));
});

test.each([
  { verb: 'delete' },
  { requestURI: '/api/v1/secrets' },
  { user: { username: 'eve' } },
  { user: {} },
  { sourceIPs: ['10.1.2.3'] },
  { requestReceivedTimestamp: '2026-05-01T10:59:59.999998Z' },
])('two requests under one auditID have two keys: %j', (other) => {
  expect(requestKeyParts('prod', { ...event, ...other })).not.toBe(requestKeyParts('prod', event));
});

test('the stages of a request are one request and two events', () => {
  const started: AuditEvent = { ...event, stage: 'ResponseStarted' };
  expect(requestKeyParts('prod', started)).toBe(requestKeyParts('prod', event));
  expect(eventKeyParts('prod', started)).not.toBe(eventKeyParts('prod', event));
});

test('an event without auditID or times has no key of its own', () => {
  const { auditID: _, ...nameless } = event;
  const { requestReceivedTimestamp: __, ...timeless } = event;
  const { stageTimestamp: ___, ...unstaged } = event;
  expect(requestKeyParts('prod', nameless)).toBeUndefined();
  expect(requestKeyParts('prod', timeless)).toBeUndefined();
  expect(eventKeyParts('prod', nameless)).toBeUndefined();
  expect(eventKeyParts('prod', unstaged)).toBeUndefined();
  expect(requestKeyParts('prod', unstaged)).toBeDefined();
});

test('the last hop is the last of the addresses', () => {
  expect(lastHop(event)).toBe('10.1.2.3');
  expect(lastHop({ sourceIPs: [] })).toBeUndefined();
  expect(lastHop({})).toBeUndefined();
});

test('a dry run is a write with dryRun=All in its query', () => {
  const run = (requestURI: string, verb = 'create', subresource?: string): boolean =>
    isDryRun({ requestURI, verb, objectRef: subresource === undefined ? {} : { subresource } });
  expect(run('/api/v1/pods?dryRun=All')).toBe(true);
  expect(run('/api/v1/pods?fieldManager=x&dryRun=All&y=')).toBe(true);
  expect(run('/api/v1/pods?dry%52un=%41ll')).toBe(true);
  expect(run('/api/v1/pods')).toBe(false);
  expect(run('/api/v1/pods?')).toBe(false);
  expect(run('/api/v1/pods?x=dryRun=All')).toBe(false);
  expect(run('/api/v1/pods?dryRun=None')).toBe(false);
  expect(run('/api/v1/pods?dryRun%3DAll')).toBe(false);
  expect(run('/api/v1/pods?dryRun=%zz')).toBe(false);
  expect(run('/api/v1/dryRun=All')).toBe(false);
});

test.each(['delete', 'deletecollection'])(
  'a deletion is a dry run if its body says so, because then its query does not count: %j',
  (verb) => {
    const requestURI = '/api/v1/namespaces/shop/pods/web?dryRun=All';
    const body = { kind: 'DeleteOptions', apiVersion: 'v1' };
    expect(isDryRun({ requestURI, verb, requestObject: body })).toBe(false);
    expect(isDryRun({ requestURI, verb })).toBe(false); // the body may not be in the log
    expect(isDryRun({ requestURI, verb, requestObject: { ...body, dryRun: 'All' } })).toBe(false);
    expect(isDryRun({ verb, requestObject: { ...body, dryRun: ['All'] } })).toBe(true);
  },
);

test('naming dryRun where the API server does not look at it does not make it harmless', () => {
  expect(isDryRun({ requestURI: '/api/v1/secrets?dryRun=All', verb: 'list' })).toBe(false);
  const requestURI = '/api/v1/namespaces/shop/pods/web/exec?command=sh&dryRun=All';
  expect(isDryRun({ requestURI, verb: 'create', objectRef: { subresource: 'exec' } })).toBe(false);
  const query = '?dryRun=All';
  for (const objectRef of [
    { resource: 'serviceaccounts', subresource: 'token' },
    { resource: 'selfsubjectrulesreviews', apiGroup: 'authorization.k8s.io' },
    { resource: 'tokenreviews', apiGroup: 'authentication.k8s.io' },
  ]) {
    expect([objectRef.resource, isDryRun({ requestURI: query, verb: 'create', objectRef })]).toEqual([
      objectRef.resource,
      false,
    ]);
  }
});

test('the hour is that of the receipt of the request', () => {
  const decoded: DecodedEvent = {
    event,
    ordinal: 0,
    truncated: false,
    receivedAt: 0,
    at: 7_200_000_000,
    skewed: false,
  };
  expect(hourOf(decoded)).toBe(Date.UTC(2026, 4, 1, 10) / 3_600_000);
  expect(hourOf({ ...decoded, event: {} })).toBe(2);
  expect(hourOf({ ...decoded, event: { requestReceivedTimestamp: 'x' } })).toBe(2);
});
