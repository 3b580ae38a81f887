import { expect, test } from '@jest/globals';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { createRedactor } from './redactor.ts';

const redactor = createRedactor({ execArguments: 'hide' });

function decoded(event: AuditEvent): DecodedEvent {
  return { event, ordinal: 0, truncated: false, receivedAt: 2, at: 1, skewed: false };
}

const value = (field: string, text: string, event: AuditEvent = {}) => redactor.value(field, text, decoded(event));

test('a value is redacted by where it comes from', () => {
  const body = 'kubernetes.audit.requestObject';
  expect(value('kubernetes.audit.requestURI', '/x?y=z')).toBe('/x?y=REDACTED');
  expect(value('kubernetes.audit.requestURI', '/a/exec?command=a&command=b')).toBe(
    '/a/exec?command=a&command=REDACTED',
  );
  for (const path of ['data.a', 'data', 'items.data.a', 'stringData.a', 'binaryData.b.c', 'spec.token']) {
    expect([path, value(`${body}.${path}`, 'x')]).toEqual([path, 'REDACTED']);
    expect([path, value(`kubernetes.audit.responseObject.${path}`, 'x')]).toEqual([path, 'REDACTED']);
  }
  for (const path of ['spec.data', 'datax', 'spec.env', 'value'])
    expect([path, value(`${body}.${path}`, 'x')]).toEqual([path, 'x']);
  expect(value(`${body}.spec.containers.env.value`, 'x')).toBe('REDACTED');
  expect(value('user_agent.original', 'a token=b')).toBe('a token=REDACTED');
});

test('what is derived from an event is redacted as what it is derived from', () => {
  const event: AuditEvent = {
    requestURI: '/api/v1/namespaces/a/pods/b/exec?command=my+sql&command=-phunter2&command=x',
    objectRef: { resource: 'pods', subresource: 'exec' },
  };
  expect(value('firstseen.exec.command', 'my sql -phunter2 x', event)).toBe('my sql REDACTED REDACTED');
  expect(value('firstseen.pod.containers.env.value', 'x')).toBe('REDACTED');
  expect(value('firstseen.pod.containers.image', 'x')).toBe('x');
  expect(value('firstseen.pod.containers.command', '--token=x')).toBe('--token=REDACTED');
});

test('a value of a JSON patch is redacted if one of its operations is about a hidden place', () => {
  const patch = (path: string) => ({ requestObject: [{ op: 'add', path, value: 'x' }] });
  const field = 'kubernetes.audit.requestObject.value';
  expect(value(field, 'x', patch('/data/a'))).toBe('REDACTED');
  expect(value(`${field}.data.a`, 'x', patch(''))).toBe('x');
  expect(value(`${field}.a`, 'x', patch('/data'))).toBe('REDACTED');
  expect(value(field, 'x', patch('/spec/replicas'))).toBe('x');
  expect(value('kubernetes.audit.responseObject.value', 'x', patch('/data/a'))).toBe('x');
});

test('the whole event as a text is that of the redacted event', () => {
  const event = { auditID: '1', requestObject: { data: { a: 'hunter2' } } };
  expect(value('event.original', JSON.stringify(event), event)).toBe(
    '{"auditID":"1","requestObject":{"data":{"a":"REDACTED"}}}',
  );
});

test('an event that is asked for again is redacted once', () => {
  const event = decoded({ userAgent: 'token=a' });
  expect(redactor.event(event)).toBe(redactor.event(event));
  expect(redactor.event(event).event.userAgent).toBe('token=REDACTED');
});
