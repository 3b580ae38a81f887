import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { createRedactor } from './redactor.ts';

const redactor = createRedactor({ execArguments: 'hide' });

function decoded(event: AuditEvent): DecodedEvent {
  return { event, ordinal: 0, truncated: false, receivedAt: 2, at: 1, skewed: false };
}

const value = (field: string, text: string, event: AuditEvent = {}) => redactor.value(field, text, decoded(event));

test('a value is redacted by where it comes from', () => {
  const body = 'kubernetes.audit.requestObject';
  assert.equal(value('kubernetes.audit.requestURI', '/x?y=z'), '/x?y=REDACTED');
  assert.equal(
    value('kubernetes.audit.requestURI', '/a/exec?command=a&command=b'),
    '/a/exec?command=a&command=REDACTED',
  );
  for (const path of ['data.a', 'data', 'items.data.a', 'stringData.a', 'binaryData.b.c', 'spec.token']) {
    assert.equal(value(`${body}.${path}`, 'x'), 'REDACTED', path);
    assert.equal(value(`kubernetes.audit.responseObject.${path}`, 'x'), 'REDACTED', path);
  }
  for (const path of ['spec.data', 'datax', 'spec.env', 'value'])
    assert.equal(value(`${body}.${path}`, 'x'), 'x', path);
  assert.equal(value(`${body}.spec.containers.env.value`, 'x'), 'REDACTED');
  assert.equal(value('user_agent.original', 'a token=b'), 'a token=REDACTED');
});

test('what is derived from an event is redacted as what it is derived from', () => {
  const event: AuditEvent = {
    requestURI: '/api/v1/namespaces/a/pods/b/exec?command=my+sql&command=-phunter2&command=x',
    objectRef: { resource: 'pods', subresource: 'exec' },
  };
  assert.equal(value('firstseen.exec.command', 'my sql -phunter2 x', event), 'my sql REDACTED REDACTED');
  assert.equal(value('firstseen.pod.containers.env.value', 'x'), 'REDACTED');
  assert.equal(value('firstseen.pod.containers.image', 'x'), 'x');
  assert.equal(value('firstseen.pod.containers.command', '--token=x'), '--token=REDACTED');
});

test('a value of a JSON patch is redacted if one of its operations is about a hidden place', () => {
  const patch = (path: string) => ({ requestObject: [{ op: 'add', path, value: 'x' }] });
  const field = 'kubernetes.audit.requestObject.value';
  assert.equal(value(field, 'x', patch('/data/a')), 'REDACTED');
  assert.equal(value(`${field}.data.a`, 'x', patch('')), 'x');
  assert.equal(value(`${field}.a`, 'x', patch('/data')), 'REDACTED');
  assert.equal(value(field, 'x', patch('/spec/replicas')), 'x');
  assert.equal(value('kubernetes.audit.responseObject.value', 'x', patch('/data/a')), 'x');
});

test('the whole event as a text is that of the redacted event', () => {
  const event = { auditID: '1', requestObject: { data: { a: 'hunter2' } } };
  assert.equal(
    value('event.original', JSON.stringify(event), event),
    '{"auditID":"1","requestObject":{"data":{"a":"REDACTED"}}}',
  );
});

test('an event that is asked for again is redacted once', () => {
  const event = decoded({ userAgent: 'token=a' });
  assert.equal(redactor.event(event), redactor.event(event));
  assert.equal(redactor.event(event).event.userAgent, 'token=REDACTED');
});
