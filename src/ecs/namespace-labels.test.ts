import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest } from '../../test/support/events.ts';
import { FIELDS, resolveField } from './fields.ts';
import { isNamespaceLabel } from './namespace-labels.ts';

const labels = { env: 'prod', 'pod-security.kubernetes.io/enforce': 'baseline', empty: '', a_b: 'x' };

function read(label: string, namespaceLabels?: Readonly<Record<string, string>>) {
  const field = resolveField(`kubernetes.namespace_labels.${label}`);
  return field?.read({ ...anonymousRequest(), ...(namespaceLabels && { namespaceLabels }) });
}

test('a label is read by its name, with dots or with underscores for them', () => {
  assert.equal(read('env', labels), 'prod');
  assert.equal(read('pod-security.kubernetes.io/enforce', labels), 'baseline');
  assert.equal(read('pod-security_kubernetes_io/enforce', labels), 'baseline');
  assert.equal(read('a.b', labels), 'x');
});

test('what is not there, is empty, or is not known is absent', () => {
  assert.equal(read('team', labels), undefined);
  assert.equal(read('empty', labels), undefined);
  assert.equal(read('constructor', labels), undefined);
  assert.equal(read('env'), undefined);
});

test('well-known labels have rows, and any other name below the prefix is a field', () => {
  const rows = FIELDS.map(({ name }) => name).filter(isNamespaceLabel);
  assert.deepEqual(rows, [
    'kubernetes.namespace_labels.kubernetes_io/metadata_name',
    'kubernetes.namespace_labels.pod-security_kubernetes_io/enforce',
  ]);
  assert.equal(resolveField('kubernetes.namespace_labels'), undefined);
  assert.equal(resolveField('kubernetes.namespace_labels.'), undefined);
});
