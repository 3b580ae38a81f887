import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../test/support/events.ts';
import { FIELDS, resolveField } from './fields.ts';
import { isNamespaceLabel } from './namespace-labels.ts';

const labels = { env: 'prod', 'pod-security.kubernetes.io/enforce': 'baseline', empty: '', a_b: 'x' };

function read(label: string, namespaceLabels?: Readonly<Record<string, string>>) {
  const field = resolveField(`kubernetes.namespace_labels.${label}`);
  return field?.read({ ...anonymousRequest(), ...(namespaceLabels && { namespaceLabels }) });
}

test('a label is read by its name, with dots or with underscores for them', () => {
  expect(read('env', labels)).toBe('prod');
  expect(read('pod-security.kubernetes.io/enforce', labels)).toBe('baseline');
  expect(read('pod-security_kubernetes_io/enforce', labels)).toBe('baseline');
  expect(read('a.b', labels)).toBe('x');
});

test('what is not there, is empty, or is not known is absent', () => {
  expect(read('team', labels)).toBeUndefined();
  expect(read('empty', labels)).toBeUndefined();
  expect(read('constructor', labels)).toBeUndefined();
  expect(read('env')).toBeUndefined();
});

test('well-known labels have rows, and any other name below the prefix is a field', () => {
  const rows = FIELDS.map(({ name }) => name).filter(isNamespaceLabel);
  expect(rows).toEqual([
    'kubernetes.namespace_labels.kubernetes_io/metadata_name',
    'kubernetes.namespace_labels.pod-security_kubernetes_io/enforce',
  ]);
  expect(resolveField('kubernetes.namespace_labels')).toBeUndefined();
  expect(resolveField('kubernetes.namespace_labels.')).toBeUndefined();
});
