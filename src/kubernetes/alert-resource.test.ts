import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { hostileAlert, sampleAlert } from '../../test/support/sample-alert.ts';
import { ALERT_BOUNDS, alertResource, alertStatusPatch, labelValue } from './alert-resource.ts';

interface Schema {
  readonly type: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The schemas of a property and of all below it, by path. */
function* walk(path: string, schema: Schema): Generator<readonly [string, Schema]> {
  yield [path, schema];
  if (schema.items !== undefined) yield* walk(`${path}[]`, schema.items);
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* walk(`${path}.${name}`, property);
}

function schemaOfAlert(): ReadonlyMap<string, Schema> {
  const file = new URL('../../helm/firstseen/templates/crd-alerts.yaml', import.meta.url);
  const withoutTemplate = readFileSync(file, 'utf8').replace(/^.*\{\{.*$/gm, '');
  const { spec, status } = parse(withoutTemplate).spec.versions[0].schema.openAPIV3Schema.properties;
  return new Map([...walk('spec', spec), ...walk('status', status)]);
}

test('the bounds are those of the CustomResourceDefinition', () => {
  const bounds: Record<string, number> = {};
  for (const [path, { type, maxLength, maxItems, enum: values }] of schemaOfAlert()) {
    if (values !== undefined) continue;
    const bound = maxLength ?? maxItems;
    assert.ok(bound !== undefined || (type !== 'string' && type !== 'array'), `${path} has a bound`);
    if (bound !== undefined) bounds[path] = bound;
  }
  assert.deepEqual({ ...ALERT_BOUNDS }, bounds);
});

test('an ordinary alert is written as it is', () => {
  const alert = sampleAlert();
  assert.deepEqual(alertResource(alert), {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'Alert',
    metadata: {
      name: alert.id,
      labels: {
        'firstseen.dev/rule': 'anonymous-request-unusual-agent',
        'firstseen.dev/severity': 'medium',
        'firstseen.dev/cluster': 'local',
      },
    },
    spec: alert.spec,
  });
});

test('the group and what was counted of it are one list, up to its bound', () => {
  const { newTerms: _, ...spec } = sampleAlert().spec;
  const results = [{ field: 'count', value: '5' }];
  const groupOf = (...fields: readonly string[]) => {
    const groupBy = fields.map((field) => ({ field, value: 'x' }));
    const alert = { ...sampleAlert(), spec: { ...spec, ...(fields.length === 0 ? {} : { groupBy }), results } };
    const resource = JSON.parse(JSON.stringify(alertResource(alert)));
    assert.equal(resource.spec.results, undefined);
    return resource.spec.groupBy.map(({ field }: { field: string }) => field);
  };
  assert.deepEqual(groupOf('user.name'), ['user.name', 'count']);
  assert.deepEqual(groupOf(), ['count']);
  assert.deepEqual(groupOf('a', 'b', 'c', 'd', 'e'), ['a', 'b', 'c', 'd', 'e']);
});

test('of the state only what changes is written, and never the phase', () => {
  const patch = JSON.parse(JSON.stringify(alertStatusPatch(sampleAlert({ state: { phase: 'Closed' } }).state)));
  assert.deepEqual(Object.keys(patch), ['status']);
  assert.deepEqual(Object.keys(patch.status), ['count', 'firstSeen', 'lastSeen', 'evidence']);
});

test('no text is longer than its bound, in bytes, and none holds what cannot be seen', () => {
  const written = [...leaves(alertResource(hostileAlert()), ''), ...leaves(alertStatusPatch(hostileAlert().state), '')];
  assert.ok(written.length > 60);
  for (const [path, text] of written) {
    assert.doesNotMatch(text, /\p{C}/u, path);
    const bound = ALERT_BOUNDS[path];
    if (bound !== undefined) assert.ok(Buffer.byteLength(text) <= bound, path);
  }
});

test('a label is a label value whatever the text', () => {
  assert.equal(labelValue('default-rule.v2'), 'default-rule.v2');
  for (const text of ['', 'a b', '-a', 'a\n', 'é', 'x'.repeat(64), '../..']) {
    assert.match(labelValue(text), /^sha256-[0-9a-f]{32}$/);
  }
});

function* leaves(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item, `${path}[]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, path === '' ? key : `${path}.${key}`);
  }
}
