import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { resolveField } from '../../../ecs/fields.ts';
import { addressField, SIGMA_FIELDS, searchField, whyNever } from './field-mapping.ts';

function shown(name: string): string | undefined {
  const field = searchField(name);
  return field && `${field.name} ${field.type}${field.never === true ? ' never' : ''}`;
}

test('names of the event, of ECS, and with our prefix', () => {
  expect(shown('verb')).toBe('kubernetes.audit.verb keyword');
  expect(shown('responseStatus.code')).toBe('kubernetes.audit.responseStatus.code integer');
  expect(shown('requestObject.spec.hostPID')).toBe('kubernetes.audit.requestObject.spec.hostPID boolean');
  expect(shown('user.extra.authentication.kubernetes.io/pod-name')).toBe(
    'kubernetes.audit.user.extra.authentication.kubernetes.io/pod-name keyword',
  );
  expect(shown('kubernetes.audit.verb')).toBe('kubernetes.audit.verb keyword');
  expect(shown('user.name')).toBe('user.name keyword');
  expect(shown('source.ip')).toBe('source.ip ip');
  expect(shown('event.action')).toBe('event.action keyword');
});

test.each(['hostPath', 'objectRef.kind', 'verb.x', 'kubernetes.audit.hostPath', 'user.email', 'file_path'])(
  'names that no event has: %s',
  (name) => {
    expect(searchField(name)?.never).toBe(true);
  },
);

test.each(['', '.', 'a..b', 'x'.repeat(2_000)])('names that no event has: %j', (name) => {
  expect(searchField(name)).toBeUndefined();
});

test('what its author may have meant', () => {
  const why = (name: string): string => whyNever(searchField(name) ?? fail(name));
  expect(why('hostPath')).toMatch(/did the author mean requestObject\.spec\.volumes\.hostPath\.path\?$/);
  expect(why('kubernetes.audit.objectRef.nmae')).toMatch(/did the author mean objectRef\.name\?$/);
  expect(why('zzzzzzzzzzzz')).toBe('no audit event has a field zzzzzzzzzzzz');
});

test('every row of the table resolves, is or is not on an event as it says, and means something that is', () => {
  for (const { name, field, addresses, meant } of SIGMA_FIELDS) {
    expect([name, searchField(name)?.name]).toEqual([name, field]);
    expect([name, searchField(name)?.never === true]).toEqual([name, meant !== undefined]);
    if (meant !== undefined) expect([meant, searchField(meant)?.never]).toEqual([meant, undefined]);
    if (addresses !== undefined) expect([addresses, resolveField(addresses)?.type]).toEqual([addresses, 'ip']);
  }
  expect(addressField(searchField('sourceIPs') ?? fail()).name).toBe('source.ip');
});
