/** What the chart makes, run as it is: certificates, configuration, environment, token and the kubeconfig of the webhook. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, CHART, NAMESPACE, startChartServer } from '../support/chart.ts';
import { NODE_NAME, type Pod, startPod } from '../support/pod.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const PASSWORD = 'a-password-of-redis';

let server: ApiServer;
let redis: RedisServer;
let pod: Pod | undefined;

beforeAll(async () => {
  [server, redis] = await Promise.all([startChartServer(), startRedis({ password: PASSWORD })]);
});
afterAll(async () => {
  await pod?.stop();
  await Promise.all([server?.stop(), redis?.stop()]);
});

test('on a control-plane node: install, take the kubeconfig from its Secret, and an alert comes', async () => {
  const [audit, ops] = [await freePort(), await freePort()];
  await server.kubectl('-n', NAMESPACE, 'create', 'secret', 'generic', 'redis', `--from-literal=password=${PASSWORD}`);
  const rules = join(createTemporaryFolder('values'), 'values.yaml');
  writeFileSync(rules, JSON.stringify({ rules: { inline: { 'mine.yaml': JSON.stringify(rule('inline-rule')) } } }));
  const mine = join(createTemporaryFolder('rules'), 'other.yaml');
  writeFileSync(mine, JSON.stringify(rule('mounted-rule')));
  await server.kubectl('-n', NAMESPACE, 'create', 'configmap', 'mine', `--from-file=${mine}`);
  const notes = await server.helm(
    ...['install', 'firstseen', CHART, '--namespace', NAMESPACE, '--values', rules],
    ...['--set', `mode=DaemonSet,daemonSet.auditPort=${audit},daemonSet.opsPort=${ops},rules.configMaps={mine}`],
    ...[
      '--set',
      `state.kind=redis,state.redis.url=redis://127.0.0.1:${redis.port},state.redis.auth.existingSecret=redis`,
    ],
  );
  expect(notes).toMatch(/rollout status ds\/firstseen/);

  // What the notes say, run as they say it.
  const [command = ''] = /kubectl -n firstseen get secret firstseen-webhook .*(?= > webhook\.yaml)/.exec(notes) ?? [];
  const [, template = ''] = /-o go-template='([^']+)'$/.exec(command) ?? [];
  const webhook = join(createTemporaryFolder('webhook'), 'webhook.yaml');
  const secret = ['-n', NAMESPACE, 'get', 'secret', 'firstseen-webhook'];
  writeFileSync(webhook, await server.kubectl(...secret, '-o', `go-template=${template}`), { mode: 0o600 });

  pod = await startPod(server, {
    workload: 'ds/firstseen',
    namespace: NAMESPACE,
    token: await accountToken(server),
    ops: `127.0.0.1:${ops}`,
  });
  const metrics = await (await fetch(`${pod.opsUrl}/metrics`)).text();
  for (const name of ['inline-rule', 'mounted-rule', 'anonymous-request-unusual-agent']) {
    expect(metrics).toContain(`rule="${name}"`);
  }
  await server.restart({ auditPolicyFile: 'deploy/audit-policy.yaml', auditWebhookConfigFile: webhook });
  await server.anonymous('/version/', { userAgent: 'e2e-node/1' });
  const alerts = await waitFor(
    async () => {
      const shown = await server.kubectl('get', 'alerts', '-o', 'wide');
      return shown.includes('e2e-node/1') && shown;
    },
    { what: 'the alert', intervalMs: 250 },
  );
  expect(alerts).toMatch(/anonymous-request-unusual-agent/);
  expect(await (await fetch(`${pod.opsUrl}/metrics`)).text()).toMatch(new RegExp(`sender="${NODE_NAME}"`));
});

/** A rule that matches nothing that happens here. */
function rule(name: string): object {
  const spec = { title: name, type: 'query', query: 'kubernetes.audit.verb: never', severity: 'low' };
  return { apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule', metadata: { name }, spec };
}
