import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load-config.ts';
import { ACCOUNT, CHART, helm, REQUIRED, renderChart, renderedSchemas, type Schema } from '../support/chart.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Every schema in it, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [path: string, schema: Schema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* walk(property, `${path}.${name}`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}{}`);
}

test('helm lint has nothing to say', async () => {
  assert.match(await helm('lint', '--strict', CHART, ...REQUIRED), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  await helm('lint', CHART);
});

test('the chart renders, in each of its forms', async () => {
  const kinds = async (...args: readonly string[]) => (await renderChart(...args)).map(({ kind }) => kind).sort();
  const crds = ['CustomResourceDefinition', 'CustomResourceDefinition', 'CustomResourceDefinition'];
  const userRoles = ['ClusterRole', 'ClusterRole', 'ClusterRole'];
  const rest = ['ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'Deployment', 'Service', 'ServiceAccount'];
  assert.deepEqual(await kinds(), [...crds, ...userRoles, ...rest].sort());
  assert.deepEqual(
    await kinds('--set', 'crds.enabled=false,rbac.userRoles=false,state.sqlite.persistence.enabled=true'),
    [...rest, 'PersistentVolumeClaim'].sort(),
  );
  const redis = await renderChart('--set', 'state.kind=redis,state.redis.existingSecret=redis');
  assert.match(JSON.stringify(redis), /"secretKeyRef":\{"name":"redis","key":"url"\}/);
});

test('values that are missing, unknown or set by the chart itself are refused by name', async () => {
  await assert.rejects(helm('template', 'x', CHART), /tls\.existingSecret is required/);
  for (const [values, expected] of [
    ['nonsense=1', /'nonsense' not allowed/],
    ['state.kind=redis', /\/state\/redis\/existingSecret/],
    ['config.ops.listen=x', /\/config\/ops/],
    ['config.receiver.tls.certFile=x', /\/config\/receiver\/tls/],
  ] as const) {
    await assert.rejects(helm('template', 'x', CHART, ...REQUIRED, '--set', values), expected);
  }
});

test('the pod has no more rights than it needs', async () => {
  const deployment = (await renderChart()).find(({ kind }) => kind === 'Deployment');
  const text = JSON.stringify(deployment);
  for (const part of [
    '"runAsNonRoot":true',
    '"seccompProfile":{"type":"RuntimeDefault"}',
    '"allowPrivilegeEscalation":false',
    '"readOnlyRootFilesystem":true',
    '"capabilities":{"drop":["ALL"]}',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('everything in the resources is bounded and described', async () => {
  const definitions = await renderedSchemas();
  assert.equal(definitions.length, 3);
  for (const { manifest, schema } of definitions) {
    const { metadata } = manifest;
    assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    for (const part of ['spec', 'status']) {
      const partSchema = schema.properties?.[part];
      assert.ok(partSchema);
      for (const [path, child] of walk(partSchema, `${metadata.name} ${part}`)) {
        if (child.type === 'string') assert.ok(child.enum ?? child.maxLength, `${path} has no maxLength`);
        if (child.type === 'array') {
          assert.ok(child.maxItems, `${path} has no maxItems`);
          assert.equal(child['x-kubernetes-list-type'], 'atomic', path);
        }
        if (child.type === 'object' && !child.properties)
          assert.ok(child.maxProperties, `${path} has no maxProperties`);
        if (/[^\]}]$/.test(path)) assert.ok(child.description, `${path} has no description`);
      }
    }
  }
});

test('the audit policy names the default service account and keeps the stages that it must', () => {
  const policy: unknown = parse(readFileSync('deploy/audit-policy.yaml', 'utf8'));
  assert.ok(isObject(policy) && Array.isArray(policy.rules));
  assert.deepEqual(policy.omitStages, ['RequestReceived']);
  const rules: readonly unknown[] = policy.rules;
  assert.ok(!JSON.stringify(rules).includes('ResponseStarted'));
  const own = rules.filter(isObject).filter(({ users }) => Array.isArray(users) && users.includes(ACCOUNT));
  assert.deepEqual(
    own.map(({ level, verbs, resources }) => ({ level, verbs, resources })),
    [
      {
        level: 'None',
        verbs: ['get', 'list', 'watch', 'create', 'delete'],
        resources: [{ group: 'firstseen.dev', resources: ['alerts'] }],
      },
      { level: 'None', verbs: ['patch'], resources: [{ group: 'firstseen.dev', resources: ['alerts/status'] }] },
      { level: 'None', verbs: ['create'], resources: [{ group: 'events.k8s.io', resources: ['events'] }] },
    ],
  );
});

test('the configuration that the chart writes is one that the program takes', async (t) => {
  for (const [form, values, env] of [
    ['as it comes', [], {}],
    [
      'with Redis',
      ['state.kind=redis', 'state.redis.existingSecret=redis'],
      { FIRSTSEEN_STATE: 'redis://redis:6379/0' },
    ],
    ['without looking up', ['eventTargets.lookup=false', 'config.kubernetes.enabled=false'], {}],
  ] as const) {
    await t.test(form, async () => {
      const manifests = await renderChart(...values.flatMap((value) => ['--set', value]));
      const configMap: unknown = manifests.find(({ kind }) => kind === 'ConfigMap');
      assert.ok(
        isObject(configMap) && isObject(configMap.data) && typeof configMap.data['firstseen.yaml'] === 'string',
      );
      const file = join(createTemporaryFolder('config'), 'firstseen.yaml');
      writeFileSync(file, configMap.data['firstseen.yaml']);
      const loaded = loadConfig({ file, env, flags: {} });
      assert.deepEqual(loaded.kind === 'invalid' ? loaded.problems : [], []);
    });
  }
});
