/** What people do to alerts, with the commands and with kubectl, by users who may do more and less. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Cluster, OPEN_PATH, sqliteState, startCluster } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import type { Firstseen } from '../support/firstseen.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

/** Of the cluster that is started: an ordinary query rule on agents that begin with `e2e-`. */
const RULE = 'e2e-arrived';

/** What bob does to alerts is not recorded. */
const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
  - level: None
    users: [bob]
    resources: [{ group: firstseen.dev, resources: [alerts/status] }]
  - level: RequestResponse
`;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

let cluster: Cluster;
let firstseen: Firstseen;
let alice: readonly string[];
let bob: readonly string[];
let first: string;
let auditLog: string;

beforeAll(async () => {
  const folder = createTemporaryFolder('audit');
  const auditPolicyFile = join(folder, 'policy.yaml');
  auditLog = join(folder, 'audit.log');
  writeFileSync(auditPolicyFile, POLICY);
  cluster = await startCluster({ auditPolicyFile, flags: [`--audit-log-path=${auditLog}`] });
  const { server } = cluster;
  await server.kubectl('create', 'clusterrolebinding', 'respond', '--clusterrole=firstseen-responder', '--user=alice');
  await server.kubectl('create', 'clusterrolebinding', 'look', '--clusterrole=firstseen-view', '--user=bob');
  alice = ['--kubeconfig', server.kubeconfigFor(server.userTokens.alice)];
  bob = ['--kubeconfig', server.kubeconfigFor(server.userTokens.bob)];
  firstseen = await cluster.startFirstseen(sqliteState());
  first = await openAnother([]);
});
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
});

const names = async () => {
  const alerts = (await cluster.alerts()).filter(({ spec }) => spec.rule.name === RULE);
  return alerts.map(({ metadata }) => `alert.firstseen.dev/${metadata.name}`);
};

/** Makes requests until there is an alert beside these. */
async function openAnother(known: readonly string[]): Promise<string> {
  return waitFor(
    async () => {
      await cluster.server.anonymous(OPEN_PATH, { userAgent: 'e2e-agent/1.0' });
      const name = (await names()).find((each) => !known.includes(each));
      return name ?? false;
    },
    { what: `an alert beside ${known.length}`, intervalMs: 500 },
  );
}

async function waitForCondition(name: string, type: string, status: string): Promise<Condition> {
  return waitFor(
    async () => {
      const path = name.replace('alert.firstseen.dev/', '/apis/firstseen.dev/v1alpha1/alerts/');
      const alert: { readonly status?: { readonly conditions?: readonly Condition[] } } = JSON.parse(
        await cluster.server.read(path),
      );
      const conditions = alert.status?.conditions ?? [];
      return conditions.find((each) => each.type === type && each.status === status && each.reason !== '');
    },
    { what: `${name} to say ${type} ${status}`, intervalMs: 500 },
  );
}

async function waitForVerified(name: string, type: string, status: string): Promise<string> {
  return waitFor(
    async () => {
      const { reason, message } = await waitForCondition(name, type, status);
      return reason === 'Verified' && message;
    },
    { what: `who made ${name} ${type} ${status}`, intervalMs: 500 },
  );
}

test('list and show tell what kubectl tells; who may not look is told which role is missing', async () => {
  const listed = await runFirstseen('alerts', 'list', first, ...bob);
  expect(listed).toMatch(/^NAME +SEVERITY +RULE +USER +ACTION +OBJECT +COUNT +STATUS +LAST SEEN +AGE\n/);
  expect(listed).toMatch(new RegExp(` low +${RULE} +system:anonymous +list pods +default +\\d+ +Open `));
  expect(await runFirstseen('alerts', 'show', first, ...bob)).toMatch(/User agent: +e2e-agent\/1\.0/);
  await expect(runFirstseen('alerts', 'ack', first, ...bob)).rejects.toThrow(
    /refused: .*"bob" cannot patch.*\n +hint: ask for the ClusterRole firstseen-responder/,
  );
  await expect(runFirstseen('alerts', 'show', 'no-such-alert', ...alice)).rejects.toThrow(
    /alert not found: no-such-alert/,
  );
  await expect(runFirstseen('alerts', 'close', ...alice)).rejects.toThrow(
    /no alerts given: pass names, selectors or --all/,
  );
  await expect(runFirstseen('alerts', 'list', '--field-selector', 'spec.nothing=1', ...alice)).rejects.toThrow(
    /field label not supported: spec\.nothing|"spec\.nothing"/,
  );
});

test('acknowledged by alice: a dry run changes nothing, then the alert names her, as the audit log does', async () => {
  for (const [dryRun, text] of [
    ['client', 'acknowledged (dry run)'],
    ['server', 'acknowledged (server dry run)'],
    ['none', 'acknowledged'],
    ['none', 'unchanged (Acknowledged)'],
  ] as const) {
    expect(await runFirstseen('alerts', 'ack', first, '--dry-run', dryRun, ...alice)).toBe(`${first} ${text}\n`);
  }
  expect(await waitForVerified(first, 'Acknowledged', 'True')).toMatch(/^acknowledged at \S+Z by alice$/);
});

test('closed by selector: the next match opens another, and the first says who closed it', async () => {
  const closed = await runFirstseen('alerts', 'close', '--rule', RULE, '--user', 'system:*', '--since', '1h', ...alice);
  expect(closed).toBe(`${first} closed\n`);
  const second = await openAnother([first]);
  expect(await runFirstseen('alerts', 'list', '--rule', RULE, '--phase', 'open', '-o', 'name', ...alice)).toBe(
    `${second}\n`,
  );
  expect(await waitForVerified(first, 'Closed', 'True')).toMatch(/^closed at \S+Z by alice$/);
  expect((await waitForCondition(first, 'Acknowledged', 'True')).message).toMatch(/by alice$/); // that stays
});

test('reopened with kubectl by somebody else', async () => {
  const patch = '{"status":{"phase":"Open"}}';
  await cluster.server.kubectl('patch', first, '--subresource=status', '--type=merge', '-p', patch);
  expect(await waitForVerified(first, 'Closed', 'False')).toMatch(/^reopened at \S+Z by admin$/);
  expect(await runFirstseen('alerts', 'close', first, ...alice)).toBe(`${first} closed\n`);
  expect(await waitForVerified(first, 'Closed', 'True')).toMatch(/^closed at \S+Z by alice$/);
});

test('what the audit log does not tell of is unverified', async () => {
  await cluster.server.kubectl(
    'create',
    'clusterrolebinding',
    'too',
    '--clusterrole=firstseen-responder',
    '--user=bob',
  );
  const reopened = await waitFor(
    async () => (await runFirstseen('alerts', 'reopen', first, ...bob).catch(() => false)) as string | false,
    { what: 'the right of bob' },
  );
  expect(reopened).toBe(`${first} reopened\n`);
  const { reason, message } = await waitForCondition(first, 'Closed', 'False');
  expect(reason).toBe('Unverified');
  expect(message).toMatch(/^reopened about \S+Z by an unknown user: the audit log names nobody$/);
});

test('a deleted alert stays away, and the next match opens another', async () => {
  const before = await names();
  const [live] = before.filter((name) => name !== first);
  await cluster.server.kubectl('delete', live ?? '');
  const next = await openAnother(before);
  expect(await names()).not.toContain(live ?? '');
  expect(next).not.toBe(live);
});

test('explain: the match, known terms, requests around the alert, and next commands', async () => {
  await cluster.server.anonymous(OPEN_PATH, { userAgent: 'e2e-agent/1.1' });
  const { metadata } = await cluster.waitForAlert('e2e-agent/1.1', { count: 1 });
  const busy = await runFirstseen('explain', metadata.name, '--config', firstseen.configFile, ...alice);
  expect(busy).toMatch(/The state could not be read: .*in use by another process/); // the running firstseen holds it open
  await firstseen.stop();
  const told = await runFirstseen(
    'explain',
    metadata.name,
    '--config',
    firstseen.configFile,
    '--log',
    auditLog,
    ...alice,
  );
  await firstseen.start();
  expect(told).toMatch(/^anonymous-\S+: .+\nmedium, Open, once, last seen /);
  expect(told).toMatch(/\nWhat matched\n {2}user_agent\.original: e2e-agent\/1\.1\n {2}\[holds\] /);
  expect(told).toMatch(/\(it is "e2e-agent\/1\.1"\)/); // the condition is shown with the values of the event
  expect(told).toMatch(/\nWhat was known before\n(.+\n)+? {2}- e2e-agent\/1\.0 \(last seen /);
  expect(told).toMatch(
    /\nAround the alert\n(.+\n)*? {2}\S+ {2}system:anonymous {2}list \S+ {2}200 {2}127\.0\.0\.1 {2}e2e-agent\/1\.0\n/,
  );
  expect(told).toMatch(/\nWhat to do\n/);
  const [, next = ''] = told.split('\nNext\n');
  expect(next).toMatch(new RegExp(`^( {2}# .+\n {2}.+\n){2} {2}# .+\n {2}firstseen alerts ack ${metadata.name}\n$`));
});

test('retention keeps so many of a rule, and lets closed ones go first', async () => {
  const kept = (await names()).filter((name) => name !== first);
  expect(kept).toHaveLength(1);
  await runFirstseen('alerts', 'close', first, ...alice);
  await waitForCondition(first, 'Closed', 'True');
  await firstseen.stop();
  await firstseen.start({ config: { retention: { maxAlertsPerRule: 1 } } });
  await waitFor(async () => (await names()).length === 1, { what: 'one alert to be left', timeoutMs: 120_000 });
  expect(await names()).toEqual(kept);
});
