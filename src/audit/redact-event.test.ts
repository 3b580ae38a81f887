import { expect, test } from '@jest/globals';
import type { AuditEvent } from './event.ts';
import { redactEvent } from './redact-event.ts';

const show = { execArguments: 'show' } as const;

function redacted(event: AuditEvent): AuditEvent {
  const decoded = { event, ordinal: 0, truncated: false, receivedAt: 2, at: 1, skewed: false };
  const result = redactEvent(decoded, show);
  expect({ ...result, event: undefined }).toEqual({ ...decoded, event: undefined });
  return result.event;
}

test('an event without secrets is the same event', () => {
  const event: AuditEvent = {
    verb: 'create',
    user: { username: 'eve', extra: { a: ['b'] } },
    requestURI: '/api/v1/pods',
    responseStatus: { code: 201 },
    requestObject: { spec: { hostPID: true, containers: [{ image: 'x', env: [{ name: 'A' }] }] } },
  };
  expect(redacted(event)).toEqual(event);
  expect(JSON.stringify(redacted(event))).toBe(JSON.stringify(event));
});

test('metadata is redacted wherever a text may be', () => {
  const secret = 'Bearer abcdefgh1234';
  const event: AuditEvent = {
    auditID: secret,
    verb: secret,
    userAgent: secret,
    requestURI: '/x?y=abcdefgh1234',
    user: { username: secret, groups: [secret], extra: { k: [secret] } },
    impersonatedUser: { username: secret },
    sourceIPs: [secret],
    objectRef: { name: secret },
    annotations: { k: secret },
    responseStatus: { message: secret },
  };
  const text = JSON.stringify(redacted(event));
  expect(text).not.toMatch(/abcdefgh/);
  expect(text.split('REDACTED')).toHaveLength(13);
});

test.each<unknown>([
  { kind: 'Secret', data: { a: 'hunter2' }, stringData: { b: 'hunter2' } },
  { kind: 'ConfigMap', data: { a: 'hunter2', nested: { a: ['hunter2', 7_357] } }, binaryData: { b: 'hunter2' } },
  { kind: 'SecretList', items: [{ data: { a: 'hunter2' } }] },
  [{ op: 'add', path: '/data/a', value: 'hunter2' }],
  [{ op: 'replace', path: '/stringData', value: { a: 'hunter2' } }],
  [{ op: 'replace', path: '/items/0/data/a', value: 'hunter2' }],
  [{ op: 'add', path: '', value: { data: { a: 'hunter2' } } }],
  { spec: { token: 'hunter2' } },
  { status: { token: 'hunter2' } },
  { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"hunter2"}}' } } },
  [{ op: 'add', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', value: 'hunter2' }],
  { spec: { containers: [{ env: [{ name: 'A', value: 'hunter2' }] }] } },
  [{ op: 'add', path: '/spec/containers/0/env/-', value: { name: 'A', value: 'hunter2' } }],
  'password=hunter2',
])('the content of Secrets and ConfigMaps is hidden, alone, in lists, and in patches: %s', (body) => {
  const { requestObject, responseObject } = redacted({ requestObject: body, responseObject: body });
  for (const shown of [requestObject, responseObject]) {
    expect(JSON.stringify(shown)).not.toMatch(/hunter2|7357/);
    expect(JSON.stringify(shown)).toMatch(/REDACTED/);
  }
});

test('a member that is called what it holds is hidden in any resource, and one that leads to a secret is not', () => {
  const hidden = { password: 'x', auth: { clientSecret: 'y', apiKey: ['z'], 'access-token': 'w' } };
  const left = { secretName: 'db', secret: { name: 'db', optional: true }, tokenExpiry: 60, passwordPolicy: 'strong' };
  expect(redacted({ requestObject: { spec: { ...hidden, ...left } } }).requestObject).toEqual({
    spec: {
      password: 'REDACTED',
      auth: { clientSecret: 'REDACTED', apiKey: ['REDACTED'], 'access-token': 'REDACTED' },
      ...left,
    },
  });
});

test('the rest of a body is left, and its text is looked at', () => {
  const body = {
    kind: 'Pod',
    metadata: { name: 'data', labels: { data: 'x' } },
    spec: { data: 'x', containers: [{ args: ['--token=hunter2', '-v'] }] },
  };
  expect(redacted({ requestObject: body }).requestObject).toEqual({
    ...body,
    spec: { data: 'x', containers: [{ args: ['--token=REDACTED', '-v'] }] },
  });
  const patch = [{ op: 'remove', path: '/data/a' }, 'x', { op: 'add', path: '/spec/data', value: 'x' }];
  expect(redacted({ requestObject: patch }).requestObject).toEqual([
    { op: 'remove', path: '/data/a', value: undefined },
    'x',
    { op: 'add', path: '/spec/data', value: 'x' },
  ]);
});
