import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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

test('nothing that needs Prometheus Operator or Grafana is made unless asked for', async () => {
  for (const kind of ['ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'ConfigMap']) {
    assert.equal(await rendered(kind), undefined, kind);
  }
});

test('a monitor selects by labels that the chart gives, and takes labels and an interval', async () => {
  for (const [kind, key, endpoints] of [
    ['ServiceMonitor', 'serviceMonitor', 'endpoints'],
    ['PodMonitor', 'podMonitor', 'podMetricsEndpoints'],
  ] as const) {
    const at = `monitoring.${key}`;
    const monitor = await rendered(kind, `${at}.enabled=true,${at}.labels.release=prometheus,${at}.interval=15s`);
    assert.equal(monitor?.metadata.labels.release, 'prometheus');
    assert.equal(monitor?.metadata.labels['app.kubernetes.io/name'], 'firstseen');
    assert.equal(monitor?.spec.jobLabel, 'app.kubernetes.io/name');
    assert.deepEqual(monitor?.spec[endpoints], [{ port: 'ops', path: '/metrics', interval: '15s' }]);
    const { matchLabels = {} } = (monitor?.spec.selector ?? {}) as { readonly matchLabels?: Record<string, string> };
    assert.equal(matchLabels['app.kubernetes.io/name'], 'firstseen');
    assert.equal(matchLabels['app.kubernetes.io/instance'], 'firstseen');
  }
});

test('the Service of health and metrics is the one that the ServiceMonitor selects', async () => {
  const manifests = (await renderChart('--set', 'monitoring.serviceMonitor.enabled=true')) as readonly Watching[];
  const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
  const { matchLabels = {} } = (monitor?.spec.selector ?? {}) as { readonly matchLabels?: Record<string, string> };
  const selected = manifests.filter(
    ({ kind, metadata }) =>
      kind === 'Service' && Object.entries(matchLabels).every(([name, value]) => metadata.labels[name] === value),
  );
  assert.deepEqual(
    selected.map(({ metadata }) => metadata.name),
    ['firstseen-ops'],
  );
  const { ports = [] } = (selected[0]?.spec ?? {}) as { readonly ports?: readonly { readonly name: string }[] };
  assert.deepEqual(
    ports.map(({ name }) => name),
    ['ops'],
  );
});

test('the alerts of the chart are those of deploy/, with the place of the guide, and promtool takes them', async () => {
  const plain = readFileSync('deploy/prometheus-rules.yaml', 'utf8');
  const asItComes = await rendered('PrometheusRule', 'monitoring.prometheusRule.enabled=true');
  assert.deepEqual(asItComes?.spec, parse(plain));

  const url = 'https://git.example/firstseen/monitoring.md';
  const at = 'monitoring.prometheusRule';
  const moved = await rendered('PrometheusRule', `${at}.enabled=true,${at}.runbookUrl=${url}`);
  assert.deepEqual(moved?.spec, parse(plain.replaceAll('docs/guides/monitoring.md', url)));
  const file = join(createTemporaryFolder('rules'), 'rules.yaml');
  writeFileSync(file, stringify(moved?.spec));
  await outputOf(await ensureTool('promtool'), ['check', 'rules', file]);
});

test('the dashboard is in a ConfigMap that the sidecar of Grafana finds', async () => {
  const map = await rendered('ConfigMap', 'monitoring.dashboard.enabled=true');
  assert.equal(map?.metadata.labels.grafana_dashboard, '1');
  const dashboard: unknown = JSON.parse(map?.data['firstseen.json'] ?? '');
  assert.deepEqual(dashboard, JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')));
});

test('values that cannot be are refused by name', async () => {
  for (const [value, expected] of [
    ['monitoring.serviceMonitor.interval=often', /monitoring\/serviceMonitor\/interval/],
    ['monitoring.dashbord.enabled=true', /'dashbord' not allowed/],
  ] as const) {
    await assert.rejects(helm('template', 'x', CHART, ...REQUIRED, '--set', value), expected);
  }
});
