import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { alertNamed, CHART, helm, installChart, NAMESPACE, REQUIRED, startChartServer } from '../support/chart.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let server: ApiServer;

beforeAll(async () => {
  server = await startChartServer();
});
afterAll(() => server?.stop());

function get(resource: string, jsonpath: string): Promise<string> {
  return server.kubectl('-n', NAMESPACE, 'get', resource, '-o', `jsonpath=${jsonpath}`);
}

function upgrade(...args: readonly string[]): Promise<string> {
  return server.helm('upgrade', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED, ...args);
}

test('the chart installs, and says what comes next', async () => {
  const notes = await installChart(server);
  expect(notes).toMatch(/kubectl -n firstseen exec deploy\/firstseen -- firstseen webhook-config/);
  expect(notes).toMatch(/--audit-webhook-config-file=.*\n.*--audit-policy-file=/);
  expect(notes).not.toMatch(/fluxcd|of another name/);
  expect(
    await server.kubectl(
      'get',
      'crd',
      '-o',
      'jsonpath={.items[*].status.conditions[?(@.type=="NonStructuralSchema")].message}',
    ),
  ).toBe('');
  await server.apply(alertNamed('first'));
});

test('the notes tell users of Flux how to reach its alerts', async () => {
  const schema = { openAPIV3Schema: { type: 'object' } };
  await server.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'alerts.notification.toolkit.fluxcd.io' },
    spec: {
      group: 'notification.toolkit.fluxcd.io',
      scope: 'Namespaced',
      names: { kind: 'Alert', listKind: 'AlertList', plural: 'alerts', singular: 'alert' },
      versions: [{ name: 'v1beta3', served: true, storage: true, schema }],
    },
  });
  await server.kubectl('wait', '--for=condition=Established', 'crd/alerts.notification.toolkit.fluxcd.io');
  const notes = await upgrade();
  expect(notes).toMatch(/kubectl get alerts\.notification\.toolkit\.fluxcd\.io -A/);
  expect(await server.kubectl('get', 'alerts')).toMatch(/^first /m);
});

test('a newer chart with other values goes in, and a rollback takes both back', async () => {
  const newer = createTemporaryFolder('packages');
  await helm('package', CHART, '--version', '0.2.0', '--app-version', '0.2.0', '--destination', newer);
  const before = Number(await get('deploy/firstseen', '{.metadata.generation}'));
  const redis = 'state.kind=redis,state.redis.url=redis://redis:6379,replicas=2,config.log.level=debug';
  await server.helm(
    ...['upgrade', 'firstseen', join(newer, 'firstseen-0.2.0.tgz'), '--namespace', NAMESPACE, ...REQUIRED],
    ...['--set', redis],
  );
  const seen = '{.spec.replicas} {.spec.strategy.type} {.spec.template.spec.containers[0].image}';
  expect(await get('deploy/firstseen', seen)).toBe('2 RollingUpdate firstseen:0.2.0');
  expect(await get('configmap/firstseen', '{.data}')).toMatch(/level: debug/);
  expect(await get('pdb/firstseen', '{.spec.maxUnavailable}')).toBe('1');
  expect(
    await server.kubectl('get', 'crd', 'alerts.firstseen.dev', '-o', 'jsonpath={.metadata.labels.helm\\.sh/chart}'),
  ).toBe('firstseen-0.2.0');

  await server.helm('rollback', 'firstseen', '1', '--namespace', NAMESPACE);
  expect(await get('deploy/firstseen', seen)).toBe(`1 Recreate firstseen:${appVersion()}`);
  expect(await get('configmap/firstseen', '{.data}')).toMatch(/level: info/);
  await expect(get('pdb/firstseen', '{}')).rejects.toThrow(/NotFound/);
  expect(Number(await get('deploy/firstseen', '{.metadata.generation}'))).toBeGreaterThan(before);
  expect(await server.kubectl('get', 'alerts')).toMatch(/^first /m);
});

test('the Service keeps its address, whatever an upgrade asks for', async () => {
  const address = await get('service/firstseen', '{.spec.clusterIP}');
  const other = address === '10.96.0.77' ? '10.96.0.78' : '10.96.0.77';
  for (const asked of [other, address, '']) {
    const notes = await upgrade('--set', `service.clusterIP=${asked}`);
    expect(await get('service/firstseen', '{.spec.clusterIP}')).toBe(address);
    const warning = `service.clusterIP=${other} has no effect`;
    if (asked === other) expect(notes).toContain(warning);
    else expect(notes).not.toContain(warning);
  }
});

test('a pod of it is let into a namespace that enforces the restricted level of Pod Security', async () => {
  const level = 'pod-security.kubernetes.io/enforce=restricted';
  await server.kubectl('label', 'namespace', NAMESPACE, level, '--overwrite');
  const { metadata, spec } = JSON.parse(await get('deploy/firstseen', '{.spec.template}'));
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'probe', namespace: NAMESPACE }, spec };
  await server.apply(pod);
  await server.kubectl('-n', NAMESPACE, 'delete', 'pod', 'probe', '--force');
});

test('what goes away on uninstall comes back on install, and the alerts stay', async () => {
  await server.helm('uninstall', 'firstseen', '--namespace', NAMESPACE);
  await expect(server.kubectl('get', 'clusterrole', 'firstseen')).rejects.toThrow(/NotFound/);
  expect(await get('pvc/firstseen-state', '{.metadata.name}')).toBe('firstseen-state'); // what was learned stays
  expect(await server.kubectl('get', 'alerts')).toMatch(/^first /m);
  const fixed = ['--set', 'service.clusterIP=10.96.0.88'];
  await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED, ...fixed);
  expect(await get('service/firstseen', '{.spec.clusterIP}')).toBe('10.96.0.88');
  expect(await server.kubectl('get', 'alerts')).toMatch(/^first /m);
});

function appVersion(): string {
  return /^appVersion: "(.*)"$/m.exec(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))?.[1] ?? '';
}
