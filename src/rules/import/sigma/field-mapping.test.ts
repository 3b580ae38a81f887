import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveField } from '../../../ecs/fields.ts';
import { addressField, SIGMA_FIELDS, searchField, whyNever } from './field-mapping.ts';

function shown(name: string): string | undefined {
  const field = searchField(name);
  return field && `${field.name} ${field.type}${field.never === true ? ' never' : ''}`;
}

test('names of the event, of ECS, and with our prefix', () => {
  assert.equal(shown('verb'), 'kubernetes.audit.verb keyword');
  assert.equal(shown('responseStatus.code'), 'kubernetes.audit.responseStatus.code integer');
  assert.equal(shown('requestObject.spec.hostPID'), 'kubernetes.audit.requestObject.spec.hostPID boolean');
  assert.equal(
    shown('user.extra.authentication.kubernetes.io/pod-name'),
    'kubernetes.audit.user.extra.authentication.kubernetes.io/pod-name keyword',
  );
  assert.equal(shown('kubernetes.audit.verb'), 'kubernetes.audit.verb keyword');
  assert.equal(shown('user.name'), 'user.name keyword');
  assert.equal(shown('source.ip'), 'source.ip ip');
  assert.equal(shown('event.action'), 'event.action keyword');
});

test('names that no event has', () => {
  for (const name of ['hostPath', 'objectRef.kind', 'verb.x', 'kubernetes.audit.hostPath', 'user.email', 'file_path']) {
    assert.equal(searchField(name)?.never, true, name);
  }
  for (const name of ['', '.', 'a..b', 'x'.repeat(2_000)]) assert.equal(searchField(name), undefined);
});

test('what its author may have meant', () => {
  const why = (name: string): string => whyNever(searchField(name) ?? assert.fail(name));
  assert.match(why('hostPath'), /did its author mean requestObject\.spec\.volumes\.hostPath\.path\?$/);
  assert.match(why('kubernetes.audit.objectRef.nmae'), /did its author mean objectRef\.name\?$/);
  assert.equal(why('zzzzzzzzzzzz'), 'no audit event has a field zzzzzzzzzzzz');
});

test('every row of the table resolves, is or is not on an event as it says, and means something that is', () => {
  for (const { name, field, addresses, meant } of SIGMA_FIELDS) {
    assert.equal(searchField(name)?.name, field, name);
    assert.equal(searchField(name)?.never === true, meant !== undefined, name);
    if (meant !== undefined) assert.equal(searchField(meant)?.never, undefined, meant);
    if (addresses !== undefined) assert.equal(resolveField(addresses)?.type, 'ip', addresses);
  }
  assert.equal(addressField(searchField('sourceIPs') ?? assert.fail()).name, 'source.ip');
});
