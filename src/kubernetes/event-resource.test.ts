import { expect, test } from '@jest/globals';
import { hostileAlert, sampleAlert } from '../../test/support/sample-alert.ts';
import type { AlertRequest } from '../detect/alert.ts';
import { alertReference, eventResource, requestedObject } from './event-resource.ts';

const REQUEST: AlertRequest = { time: '2026-03-01T12:00:00.000001Z', dryRun: false, truncated: false };

test('finds the object of a request, and the path for its uid', () => {
  expect(requestedObject({ ...REQUEST, resource: 'pods', namespace: 'web', name: 'a/b' })).toEqual({
    reference: { apiVersion: 'v1', kind: 'Pod', name: 'a/b', namespace: 'web' },
    path: '/api/v1/namespaces/web/pods/a%2Fb',
  });
  const role = { resource: 'clusterroles', apiGroup: 'rbac.authorization.k8s.io', name: 'admin' };
  expect(requestedObject({ ...REQUEST, ...role, uid: 'u' })).toEqual({
    reference: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'admin', uid: 'u' },
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin',
  });
});

test('a Namespace has no namespace, although its requests do', () => {
  const namespace = requestedObject({ ...REQUEST, resource: 'namespaces', namespace: 'web', name: 'web' });
  expect(namespace?.reference).toEqual({ apiVersion: 'v1', kind: 'Namespace', name: 'web' });
});

test('knows a Secret, and does not look it up', () => {
  const secret = requestedObject({ ...REQUEST, resource: 'secrets', namespace: 'web', name: 's' });
  expect(secret?.reference.kind).toBe('Secret');
  expect(secret?.path).toBeUndefined();
});

test.each([
  { resource: 'pods', namespace: 'web' },
  { resource: 'pods', name: 'x' },
  { resource: 'widgets', apiGroup: 'example.com', namespace: 'web', name: 'x' },
  { uri: '/metrics', name: 'x' },
  { resource: 'constructor', name: 'x' },
])('a request for %j has no known object', (request) => {
  expect(requestedObject({ ...REQUEST, ...request })).toBeUndefined();
});

test('ignores a version that would change the path', () => {
  const path = requestedObject({ ...REQUEST, resource: 'nodes', name: 'n', apiVersion: 'v1/secrets' })?.path;
  expect(path).toBe('/api/v1/nodes/n');
});

test.each([hostileAlert(), sampleAlert({ spec: { reason: 'é'.repeat(600) } })])(
  'a note has at most 1,024 bytes and names its alert: %#',
  (alert) => {
    const { note } = JSON.parse(JSON.stringify(eventResource(alert, alertReference(alert), 'pod-0')));
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
    expect(note.slice(-`… (alert ${alert.id})`.length)).toBe(`… (alert ${alert.id})`);
  },
);

test('fills every required field', () => {
  const alert = sampleAlert({
    spec: {
      rule: { name: '0'.repeat(200), title: '', type: 'query' },
      display: { user: '', action: '', object: '', source: '', newTerm: '' },
    },
  });
  const event = JSON.parse(JSON.stringify(eventResource(alert, alertReference(alert), '')));
  expect(event.reason).toHaveLength(128);
  expect(event.action).toBe('Detected');
  expect(event.reportingInstance).toBe('firstseen');
});
