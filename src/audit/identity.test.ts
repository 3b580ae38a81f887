import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.equal(
    requestKeyParts('prod', event),
    '["prod","a-1","2026-05-01T10:59:59.999999Z","create","/api/v1/namespaces/shop/pods","mara",["203.0.113.9","10.1.2.3"]]',
  );
  assert.notEqual(
    requestKeyParts('prod', { ...event, sourceIPs: ['a","b'] }),
    requestKeyParts('prod', { ...event, sourceIPs: ['a', 'b'] }),
  );
});

test('two requests under one auditID have two keys', () => {
  for (const other of [
    { verb: 'delete' },
    { requestURI: '/api/v1/secrets' },
    { user: { username: 'eve' } },
    { user: {} },
    { sourceIPs: ['10.1.2.3'] },
    { requestReceivedTimestamp: '2026-05-01T10:59:59.999998Z' },
  ]) {
    assert.notEqual(requestKeyParts('prod', { ...event, ...other }), requestKeyParts('prod', event));
  }
  assert.notEqual(requestKeyParts('dev', event), requestKeyParts('prod', event));
});

test('the stages of a request are one request and two events', () => {
  const started: AuditEvent = { ...event, stage: 'ResponseStarted' };
  assert.equal(requestKeyParts('prod', started), requestKeyParts('prod', event));
  assert.notEqual(eventKeyParts('prod', started), eventKeyParts('prod', event));
});

test('an event without auditID or times has no key of its own', () => {
  const { auditID: _, ...nameless } = event;
  const { requestReceivedTimestamp: __, ...timeless } = event;
  const { stageTimestamp: ___, ...unstaged } = event;
  assert.equal(requestKeyParts('prod', nameless), undefined);
  assert.equal(requestKeyParts('prod', timeless), undefined);
  assert.equal(eventKeyParts('prod', nameless), undefined);
  assert.equal(eventKeyParts('prod', unstaged), undefined);
  assert.notEqual(requestKeyParts('prod', unstaged), undefined);
});

test('the last hop is the last of the addresses', () => {
  assert.equal(lastHop(event), '10.1.2.3');
  assert.equal(lastHop({ sourceIPs: [] }), undefined);
  assert.equal(lastHop({}), undefined);
});

test('a dry run is a write with dryRun=All in its query', () => {
  const run = (requestURI: string, verb = 'create', subresource?: string): boolean =>
    isDryRun({ requestURI, verb, objectRef: subresource === undefined ? {} : { subresource } });
  assert.equal(run('/api/v1/pods?dryRun=All'), true);
  assert.equal(run('/api/v1/pods?fieldManager=x&dryRun=All&y='), true);
  assert.equal(run('/api/v1/pods?dry%52un=%41ll'), true);
  assert.equal(run('/api/v1/pods'), false);
  assert.equal(run('/api/v1/pods?'), false);
  assert.equal(run('/api/v1/pods?x=dryRun=All'), false);
  assert.equal(run('/api/v1/pods?dryRun=None'), false);
  assert.equal(run('/api/v1/pods?dryRun%3DAll'), false);
  assert.equal(run('/api/v1/pods?dryRun=%zz'), false);
  assert.equal(run('/api/v1/dryRun=All'), false);
});

test('a deletion is a dry run if its body says so, because then its query does not count', () => {
  const requestURI = '/api/v1/namespaces/shop/pods/web?dryRun=All';
  for (const verb of ['delete', 'deletecollection']) {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1' };
    assert.equal(isDryRun({ requestURI, verb, requestObject: body }), false);
    assert.equal(isDryRun({ requestURI, verb }), false, 'the body may not be in the log');
    assert.equal(isDryRun({ requestURI, verb, requestObject: { ...body, dryRun: 'All' } }), false);
    assert.equal(isDryRun({ verb, requestObject: { ...body, dryRun: ['All'] } }), true);
  }
});

test('naming dryRun on a read or an exec does not make it harmless', () => {
  assert.equal(isDryRun({ requestURI: '/api/v1/secrets?dryRun=All', verb: 'list' }), false);
  const requestURI = '/api/v1/namespaces/shop/pods/web/exec?command=sh&dryRun=All';
  assert.equal(isDryRun({ requestURI, verb: 'create', objectRef: { subresource: 'exec' } }), false);
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
  assert.equal(hourOf(decoded), Date.UTC(2026, 4, 1, 10) / 3_600_000);
  assert.equal(hourOf({ ...decoded, event: {} }), 2);
  assert.equal(hourOf({ ...decoded, event: { requestReceivedTimestamp: 'x' } }), 2);
});
