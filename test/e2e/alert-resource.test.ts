import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { alertResource, alertStatusPatch } from '../../src/kubernetes/alert-resource.ts';
import type { ApiAnswer, ApiServer } from '../support/api-server.ts';
import {
  type AlertClient,
  accountToken,
  alertClient,
  alertNamed,
  installChart,
  renderedSchemas,
  type Schema,
  startChartServer,
} from '../support/chart.ts';
import { expectObject, expectPresent } from '../support/expect.ts';
import { hostileAlert } from '../support/sample-alert.ts';

const ALERT_MAX_BYTES = 8_192;

/** Writes as the service account that the chart makes. */
let alerts: AlertClient;
let server: ApiServer;

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
  alerts = alertClient(server, await accountToken(server));
});
afterAll(() => server?.stop());

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function messageOf({ body }: ApiAnswer): string {
  const status: unknown = JSON.parse(body);
  return isObject(status) && typeof status.message === 'string' ? status.message : '';
}

/** The largest value that a schema takes. */
function largest(schema: Schema): unknown {
  if (schema.enum) return schema.enum.toSorted((a, b) => b.length - a.length)[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, child]) => [name, largest(child)]));
    case 'array':
      return Array.from({ length: schema.maxItems ?? 0 }, () => largest(schema.items ?? {}));
    case 'string':
      return schema.format === 'date-time' ? '2026-11-24T05:00:00.123456Z' : 'x'.repeat(schema.maxLength ?? 0);
    case 'integer':
      return schema.maximum ?? (schema.format === 'int32' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER);
    case 'boolean':
      return false;
    default:
      throw new Error(`no largest value of ${JSON.stringify(schema)}`);
  }
}

test('an alert shows in the columns of kubectl get alerts', async () => {
  await server.apply(alertNamed('first'));
  const opened = await server.kubectl('get', 'alerts');
  expect(opened).toMatch(/^NAME +SEVERITY +RULE +USER +ACTION +OBJECT +COUNT +STATUS +LAST SEEN +AGE\n/);
  expect(opened).toMatch(
    /^first +medium +anonymous-request-unusual-agent +system:anonymous +list pods +default +Open +\S+$/m,
  );

  const seen = { count: 3, firstSeen: '2026-11-24T05:00:00.123456Z', lastSeen: '2026-11-24T05:00:01.000001Z' };
  expect((await alerts.patchStatus('first', seen)).status).toBe(200);
  const wide = await server.kubectl('get', 'fsa', '-o', 'wide');
  expect(wide).toMatch(/AGE +SOURCE +USER AGENT +NEW TERM +RISK +CLUSTER\n/);
  expect(wide).toMatch(/ 3 +Open +\S+ +\S+ +203\.0\.113\.7 +masscan\/1\.3 +masscan\/1\.3 +47 +local$/m);

  const selector =
    'spec.severity=medium,spec.rule.name=anonymous-request-unusual-agent,spec.display.user=system:anonymous,status.phase=Open';
  expect(await server.kubectl('get', 'alerts', '-o', 'name', '--field-selector', selector)).toMatch(/first/);
  expect(await server.kubectl('get', 'alerts', '-o', 'name', '--field-selector', 'status.phase=Closed')).toBe('');
  expect(await server.kubectl('get', 'firstseen', '-o', 'name')).toMatch(/alert\.firstseen\.dev\/first/);
  expect(await server.kubectl('explain', 'alert.spec.actor.sourceIP')).toMatch(
    /Clients can forge all other\s+addresses/,
  );
});

test('the spec of an alert never changes, and its count is what firstseen says', async () => {
  await expect(
    server.kubectl('patch', 'alert', 'first', '--type=merge', '-p', '{"spec":{"severity":"low"}}'),
  ).rejects.toThrow(/spec is immutable: an alert records one fact; only its status changes/);
  // Were it refused, whoever may write a status could set a count that nothing brings down again.
  for (const count of [Number.MAX_SAFE_INTEGER, 4]) {
    expect((await alerts.patchStatus('first', { count })).status).toBe(200);
  }
  expect((await alerts.patchStatus('first', { phase: 'Gone' })).status).toBe(422);
  const both = alertNamed('both', { groupBy: [{ field: 'user.name', value: 'x' }] });
  expect(messageOf(await alerts.create(both))).toMatch(/an alert has new terms or a group, never both/);
});

test('a responder sets the phase and nothing else', async () => {
  await server.kubectl('create', 'clusterrolebinding', 'alice', '--clusterrole=firstseen-responder', '--user=alice');
  const alice = ['--kubeconfig', server.kubeconfigFor(server.userTokens.alice)];
  const acknowledge = '{"status":{"phase":"Acknowledged"}}';
  await server.kubectl(...alice, 'patch', 'alert', 'first', '--subresource=status', '--type=merge', '-p', acknowledge);
  expect(await server.kubectl('get', 'alert', 'first', '-o', 'jsonpath={.status.phase}')).toBe('Acknowledged');
  await expect(
    server.kubectl(...alice, 'patch', 'alert', 'first', '--type=merge', '-p', '{"metadata":{"labels":{"a":"b"}}}'),
  ).rejects.toThrow(/Forbidden/);
  await expect(server.kubectl(...alice, 'delete', 'alert', 'first')).rejects.toThrow(/Forbidden/);
});

test('an alert at all of its bounds fits into 8 KiB', async () => {
  const schemas = await renderedSchemas();
  const alertSchema = schemas.find(({ manifest }) => manifest.metadata.name === 'alerts.firstseen.dev');
  const { spec, status } = alertSchema?.schema.properties ?? {};
  expectPresent(spec);
  expectPresent(status);
  const { groupBy, newTerms, ...properties } = spec.properties ?? {};
  expectPresent(groupBy);
  expectPresent(newTerms);
  const { overflow, ...statusProperties } = status.properties ?? {};
  expectPresent(overflow);
  // An overflow alert has neither new terms nor a group.
  const kinds = [
    { name: 'newterms', inSpec: { newTerms }, inStatus: {} },
    { name: 'groupby', inSpec: { groupBy }, inStatus: {} },
    { name: 'overflow', inSpec: {}, inStatus: { overflow } },
  ];
  for (const { name, inSpec, inStatus } of kinds) {
    const alert = {
      apiVersion: 'firstseen.dev/v1alpha1',
      kind: 'Alert',
      metadata: {
        name: name.padEnd(63, 'a'),
        labels: Object.fromEntries(
          ['rule', 'severity', 'cluster'].map((label) => [`firstseen.dev/${label}`, 'x'.repeat(63)]),
        ),
      },
      spec: largest({ ...spec, properties: { ...properties, ...inSpec } }),
    };
    const created = await alerts.create(alert);
    expect(created).toMatchObject({ status: 201 });
    const patched = await alerts.patchStatus(alert.metadata.name, {
      ...Object(largest({ ...status, properties: { ...statusProperties, ...inStatus } })),
      phase: undefined,
    });
    expect(patched).toMatchObject({ status: 200 });
    await server.kubectl(
      'patch',
      'alert',
      alert.metadata.name,
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Acknowledged"}}',
    );
    const { body } = await alerts.read(alert.metadata.name);
    expect(body).toMatch(/"managedFields"/);
    const bytes = Buffer.byteLength(body);
    expect(bytes).toBeLessThanOrEqual(ALERT_MAX_BYTES);
    await server.kubectl('delete', 'alert', alert.metadata.name);
  }
});

test('what firstseen writes of a hostile request is taken as it is, and fits into 8 KiB', async () => {
  const hostile = hostileAlert();
  const resource = JSON.parse(JSON.stringify(alertResource(hostile)));
  const created = await alerts.create(resource);
  expect(created.status).toBe(201);
  const { status } = alertStatusPatch(hostile.state) as { readonly status: object };
  const patched = await alerts.patchStatus(resource.metadata.name, status);
  expect(patched.status).toBe(200);
  expect(Buffer.byteLength(patched.body)).toBeLessThanOrEqual(ALERT_MAX_BYTES);
  const kept: unknown = JSON.parse(patched.body);
  expectObject(kept);
  expect(kept.spec).toEqual(resource.spec);
});
