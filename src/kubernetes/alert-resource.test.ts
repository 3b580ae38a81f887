import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
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

test('the bounds match the CustomResourceDefinition', () => {
  const bounds: Record<string, number> = {};
  const unbounded: string[] = [];
  for (const [path, { type, maxLength, maxItems, enum: values }] of schemaOfAlert()) {
    if (values !== undefined) continue;
    const bound = maxLength ?? maxItems;
    if (bound === undefined && (type === 'string' || type === 'array')) unbounded.push(path);
    if (bound !== undefined) bounds[path] = bound;
  }
  expect(unbounded).toEqual([]);
  expect({ ...ALERT_BOUNDS }).toEqual(bounds);
});

test('writes an ordinary alert unchanged', () => {
  const alert = sampleAlert();
  expect(alertResource(alert)).toEqual({
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

test('group fields and counts share one list, up to its bound', () => {
  const { newTerms: _, ...spec } = sampleAlert().spec;
  const results = [{ field: 'count', value: '5' }];
  const groupOf = (...fields: readonly string[]) => {
    const groupBy = fields.map((field) => ({ field, value: 'x' }));
    const alert = { ...sampleAlert(), spec: { ...spec, ...(fields.length === 0 ? {} : { groupBy }), results } };
    const resource = JSON.parse(JSON.stringify(alertResource(alert)));
    expect(resource.spec.results).toBeUndefined();
    return resource.spec.groupBy.map(({ field }: { field: string }) => field);
  };
  expect(groupOf('user.name')).toEqual(['user.name', 'count']);
  expect(groupOf()).toEqual(['count']);
  expect(groupOf('a', 'b', 'c', 'd', 'e')).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('the patch has only the changing fields, and never the phase', () => {
  const patch = JSON.parse(JSON.stringify(alertStatusPatch(sampleAlert({ state: { phase: 'Closed' } }).state)));
  expect(Object.keys(patch)).toEqual(['status']);
  expect(Object.keys(patch.status).sort()).toEqual([
    'conditions',
    'count',
    'evidence',
    'firstSeen',
    'lastSeen',
    'overflow',
  ]);
  // Null takes away what somebody else has written there.
  expect(patch.status).toMatchObject({ overflow: null, conditions: null });
});

test('no text exceeds its bound in bytes, or has invisible characters', () => {
  const written = [...leaves(alertResource(hostileAlert()), ''), ...leaves(alertStatusPatch(hostileAlert().state), '')];
  expect(written.length).toBeGreaterThan(60);
  for (const [path, text] of written) {
    expect(text).not.toMatch(/\p{C}/u);
    const bound = ALERT_BOUNDS[path];
    if (bound !== undefined) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bound);
  }
});

test('a valid label value stays as it is', () => {
  expect(labelValue('default-rule.v2')).toBe('default-rule.v2');
});

test.each(['', 'a b', '-a', 'a\n', 'é', 'x'.repeat(64), '../..'])('the label value of %j is a hash', (text) => {
  expect(labelValue(text)).toMatch(/^sha256-[0-9a-f]{32}$/);
});

function* leaves(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item, `${path}[]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, path === '' ? key : `${path}.${key}`);
  }
}
