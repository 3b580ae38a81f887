import { expect, test } from '@jest/globals';
import { isApplied, isTouched, managedFieldsOf, withoutOthers } from './managed-fields.ts';

const rule = {
  metadata: { name: 'a', labels: { 'app.kubernetes.io/managed-by': 'firstseen' } },
  spec: {
    title: 'A',
    query: 'user.name: a',
    severity: 'low',
    suppression: { by: ['user.name'], window: '1h' },
    exceptions: [{ query: 'user.name: b', reason: 'known' }],
  },
};

/** The managed fields of an object that one manager has updated, and nobody has applied. */
function updatedBy(manager: string, fieldsV1: object, subresource = '') {
  return managedFieldsOf({ metadata: { managedFields: [{ manager, operation: 'Update', subresource, fieldsV1 }] } });
}

test('omits fields that somebody else has set', () => {
  const fields = updatedBy('kubectl-edit', { 'f:spec': { 'f:severity': {}, 'f:enabled': {}, 'f:exceptions': {} } });
  const { severity: _severity, exceptions: _exceptions, ...spec } = rule.spec;
  expect(withoutOthers(rule, fields)).toEqual({ ...rule, spec });
  expect(isTouched(fields)).toBe(true);
});

test('omits one field of a mapping and keeps the others', () => {
  const fields = updatedBy('kubectl', { 'f:spec': { 'f:suppression': { '.': {}, 'f:window': {} } } });
  expect(withoutOthers(rule, fields)).toEqual({
    ...rule,
    spec: { ...rule.spec, suppression: { by: ['user.name'] } },
  });
});

test('omits a mapping without remaining fields', () => {
  const fields = updatedBy('kubectl', { 'f:spec': { 'f:suppression': { 'f:window': {}, 'f:by': {} } } });
  const { suppression: _suppression, ...spec } = rule.spec;
  expect(withoutOthers(rule, fields)).toEqual({ ...rule, spec });
});

test('somebody else can own a mapping without its fields', () => {
  const fields = updatedBy('kubectl', { 'f:spec': { 'f:suppression': { '.': {} } } });
  expect(withoutOthers(rule, fields)).toEqual(rule);
});

test('handles several managers, and names with dots', () => {
  const labels = { 'f:labels': { 'f:app.kubernetes.io/managed-by': {} } };
  const fields = [
    ...updatedBy('argocd-controller', { 'f:metadata': labels }),
    ...updatedBy('kubectl-edit', { 'f:spec': { 'f:title': {}, 'f:not-in-it': {} } }),
  ];
  const { title: _title, ...spec } = rule.spec;
  expect(withoutOthers(rule, fields)).toEqual({ metadata: { name: 'a' }, spec });
});

test('our own fields and a status do not count as changes', () => {
  const fields = [
    ...updatedBy('firstseen', { 'f:spec': { 'f:title': {} } }),
    ...updatedBy('kubectl', { 'f:status': { 'f:matches': {} } }, 'status'),
  ];
  expect(isTouched(fields)).toBe(false);
  expect(withoutOthers(rule, fields)).toEqual(rule);
});

test('recognises a rule that firstseen applied', () => {
  const applied = managedFieldsOf({ metadata: { managedFields: [{ manager: 'firstseen', operation: 'Apply' }] } });
  expect(isApplied(applied)).toBe(true);
  expect(isApplied(updatedBy('firstseen', { 'f:spec': {} }))).toBe(false);
  expect(isApplied(managedFieldsOf({ metadata: {} }))).toBe(false);
});

test.each([[undefined], [1], [{}], [{ metadata: { managedFields: 'all' } }]])('%j has no managed fields', (object) => {
  expect(managedFieldsOf(object)).toEqual([]);
});

test('ignores malformed sets of fields', () => {
  const odd = updatedBy('kubectl', { 'f:spec': 'all', 'k:{"name":"a"}': {}, 'f:metadata': { 'v:1': {} } });
  expect(withoutOthers(rule, odd)).toEqual({ metadata: rule.metadata });
});
