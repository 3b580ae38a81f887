import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiServer } from '../support/api-server.ts';
import { alertNamed, CHART, installChart, NAMESPACE, REQUIRED, startChartServer } from '../support/chart.ts';

let server: ApiServer;

before(async () => {
  server = await startChartServer();
});
after(() => server?.stop());

test('the chart installs, and says what comes next', async () => {
  const notes = await installChart(server);
  assert.match(notes, /kubectl -n firstseen exec deploy\/firstseen -- firstseen webhook-config/);
  assert.match(notes, /--audit-webhook-config-file=.*\n.*--audit-policy-file=/);
  assert.doesNotMatch(notes, /fluxcd|of another name/);
  assert.equal(
    await server.kubectl(
      'get',
      'crd',
      '-o',
      'jsonpath={.items[*].status.conditions[?(@.type=="NonStructuralSchema")].message}',
    ),
    '',
  );
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
  const notes = await server.helm('upgrade', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  assert.match(notes, /kubectl get alerts\.notification\.toolkit\.fluxcd\.io -A/);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
});

test('what goes away on uninstall comes back on install, and the alerts stay', async () => {
  await server.helm('uninstall', 'firstseen', '--namespace', NAMESPACE);
  await assert.rejects(server.kubectl('get', 'clusterrole', 'firstseen'), /NotFound/);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
  await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
});
