/**
 * What a page shows of a console on a cluster is what kubectl and firstseen print there. The alerts are those of a replay of
 * the example incident; rules and exceptions are at work in a firstseen that runs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cluster, sqliteState, startCluster } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import { consoleSteps, createConsoleFolder, printsAs, runInConsole, withoutAges } from '../support/console-samples.ts';
import type { Firstseen } from '../support/firstseen.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

interface AlertObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly overflow: boolean };
  readonly status: object;
}

const COMMAND_MS = 60_000;
/** The page on storms, where the overflow alert of one is shown. */
const STORMS = 'docs/guides/storms.md';
const STARTED_MS = 180_000;

let cluster: Cluster;
let firstseen: Firstseen;

beforeAll(async () => {
  // Nothing is recorded: what is done here would raise alerts of its own.
  const auditPolicyFile = join(createTemporaryFolder('policy'), 'policy.yaml');
  writeFileSync(auditPolicyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: None }]\n');
  cluster = await startCluster({ auditPolicyFile });
  for (const alert of await replayed('docs/guides/example-incident.log')) await place(alert);
  firstseen = await cluster.startFirstseen(sqliteState());
}, STARTED_MS);
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
});

async function replayed(log: string): Promise<readonly AlertObject[]> {
  return (JSON.parse(await runFirstseen('replay', '-o', 'json', log)) as { items: AlertObject[] }).items;
}

/** Makes an alert with the status that it has. */
async function place(alert: AlertObject): Promise<void> {
  await cluster.server.apply(alert);
  const status = JSON.stringify({ status: alert.status });
  await cluster.server.kubectl(
    ...['patch', 'alert', alert.metadata.name, '--subresource=status', '--type=merge', '-p', status],
  );
}

describe.each([...consoleSteps({ onCluster: true })])('the console on %s', (page, steps) => {
  let folder: string;
  beforeAll(async () => {
    folder = createConsoleFolder(cluster.server.adminKubeconfig);
    if (page !== STORMS) return;
    const alerts = await replayed(join(folder, 'storm.log'));
    for (const alert of alerts.filter(({ spec }) => spec.overflow)) await place(alert);
  }, COMMAND_MS);
  test.each(steps)(
    '$at: $command',
    async ({ command, printed }) => {
      const now = withoutAges(await runInConsole(folder, command));
      const shown = withoutAges(printed);
      if (!printsAs(now, shown)) expect(now).toBe(shown);
    },
    COMMAND_MS,
  );
});
