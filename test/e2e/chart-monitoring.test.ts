import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { CHART, helm, type Manifest, REQUIRED, renderChart } from '../support/chart.ts';
import { outputOf } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ensureTool } from '../support/tools.ts';

interface Watching extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, string>>;
}

async function rendered(kind: string, ...values: readonly string[]): Promise<Watching | undefined> {
  const manifests = (await renderChart(...values.flatMap((value) => ['--set', value]))) as readonly Watching[];
  return manifests.find((manifest) => manifest.kind === kind && !('firstseen.yaml' in (manifest.data ?? {})));
}

test.each(['ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'ConfigMap'])(
  'nothing that needs Prometheus Operator or Grafana is made unless asked for: %j',
  async (kind) => {
    expect(await rendered(kind)).toBeUndefined();
  },
);

test.each([
  ['ServiceMonitor', 'serviceMonitor', 'endpoints'],
  ['PodMonitor', 'podMonitor', 'podMetricsEndpoints'],
] as const)(
  'a monitor selects by labels that the chart gives, and takes labels and an interval: %j',
  async (kind, key, endpoints) => {
    const at = `monitoring.${key}`;
    const monitor = await rendered(kind, `${at}.enabled=true,${at}.labels.release=prometheus,${at}.interval=15s`);
    expect(monitor?.metadata.labels.release).toBe('prometheus');
    expect(monitor?.metadata.labels['app.kubernetes.io/name']).toBe('firstseen');
    expect(monitor?.spec.jobLabel).toBe('app.kubernetes.io/name');
    expect(monitor?.spec[endpoints]).toEqual([{ port: 'ops', path: '/metrics', interval: '15s' }]);
    const { matchLabels = {} } = (monitor?.spec.selector ?? {}) as { readonly matchLabels?: Record<string, string> };
    expect(matchLabels['app.kubernetes.io/name']).toBe('firstseen');
    expect(matchLabels['app.kubernetes.io/instance']).toBe('firstseen');
  },
);

test('the Service of health and metrics is the one that the ServiceMonitor selects', async () => {
  const manifests = (await renderChart('--set', 'monitoring.serviceMonitor.enabled=true')) as readonly Watching[];
  const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
  const { matchLabels = {} } = (monitor?.spec.selector ?? {}) as { readonly matchLabels?: Record<string, string> };
  const selected = manifests.filter(
    ({ kind, metadata }) =>
      kind === 'Service' && Object.entries(matchLabels).every(([name, value]) => metadata.labels[name] === value),
  );
  expect(selected.map(({ metadata }) => metadata.name)).toEqual(['firstseen-ops']);
  const { ports = [] } = (selected[0]?.spec ?? {}) as { readonly ports?: readonly { readonly name: string }[] };
  expect(ports.map(({ name }) => name)).toEqual(['ops']);
});

test('the alerts of the chart are those of deploy/, with the place of the guide, and promtool takes them', async () => {
  const plain = readFileSync('deploy/prometheus-rules.yaml', 'utf8');
  const asItComes = await rendered('PrometheusRule', 'monitoring.prometheusRule.enabled=true');
  expect(asItComes?.spec).toEqual(parse(plain));

  const url = 'https://git.example/firstseen/monitoring.md';
  const at = 'monitoring.prometheusRule';
  const moved = await rendered('PrometheusRule', `${at}.enabled=true,${at}.runbookUrl=${url}`);
  expect(moved?.spec).toEqual(parse(plain.replaceAll('docs/guides/monitoring.md', url)));
  const file = join(createTemporaryFolder('rules'), 'rules.yaml');
  writeFileSync(file, stringify(moved?.spec));
  await outputOf(await ensureTool('promtool'), ['check', 'rules', file]);
});

test('the dashboard is in a ConfigMap that the sidecar of Grafana finds', async () => {
  const map = await rendered('ConfigMap', 'monitoring.dashboard.enabled=true');
  expect(map?.metadata.labels.grafana_dashboard).toBe('1');
  const dashboard: unknown = JSON.parse(map?.data['firstseen.json'] ?? '');
  expect(dashboard).toEqual(JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')));
});

test.each([
  ['monitoring.serviceMonitor.interval=often', /monitoring\/serviceMonitor\/interval/],
  ['monitoring.dashbord.enabled=true', /'dashbord' not allowed/],
] as const)('values that cannot be are refused by name: %j', async (value, expected) => {
  await expect(helm('template', 'x', CHART, ...REQUIRED, '--set', value)).rejects.toThrow(expected);
});
