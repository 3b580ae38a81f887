/** The rule pack in a cluster, on a real API server with the rights that the chart gives. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKubernetesClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { createPackInstaller, type Pack } from '../../src/kubernetes/pack-installer.ts';
import { RULES_PATH } from '../../src/kubernetes/rule-watch.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { parseDetectionRule } from '../../src/rules/rule-schema.ts';
import { type RuleResource, toRuleResource } from '../../src/ruleset/rule-resource.ts';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, startChartServer } from '../support/chart.ts';
import { expectKind } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import { waitFor } from '../support/wait.ts';

interface Rule {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string; readonly labels?: object };
  readonly spec: Readonly<Record<string, unknown>>;
}

let server: ApiServer;
let client: KubernetesClient;

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
  client = await createKubernetesClient({ kubeconfig: server.kubeconfigFor(await accountToken(server)), version: 'x' });
  // An API server begins to serve a new kind a moment after it says that it does.
  await waitFor(listed, { what: 'the kind to be served' });
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

function packRule(name: string, spec: object = {}): RuleDocument {
  const common = { title: name, type: 'query', query: 'event.action: create', severity: 'low', tags: ['pack'] };
  const parsed = parseDetectionRule({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { ...common, ...spec },
  });
  return parsed.kind === 'ok' ? parsed.document : fail(JSON.stringify(parsed.problems));
}

async function listed(): Promise<readonly RuleResource[]> {
  const answer = await client.call({ method: 'GET', path: RULES_PATH });
  expectKind(answer, 'ok');
  return (answer.body as { readonly items: readonly unknown[] }).items.flatMap((item) => toRuleResource(item) ?? []);
}

/** Installs the pack as one version of firstseen does, until it has come to rest, and gives what it has logged and done. */
async function install(rules: readonly RuleDocument[], isWhole = true) {
  const pack: Pack = { rules, isWhole };
  const log: string[] = [];
  const note = (message: string, fields?: object) => void log.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const announced: string[] = [];
  let turns = 0;
  const resources = await listed();
  const installer = createPackInstaller(
    {
      client,
      resources() {
        turns += 1;
        return resources;
      },
      async announce(changes) {
        announced.push(...changes.map(({ verb, name }) => `${verb} ${name}`));
        return changes.map(() => randomUUID());
      },
      logger: { info: note, warn: note } as never,
    },
    pack,
  );
  installer.start();
  await waitFor(() => turns > 0, { what: 'the installer to look' });
  // A stop waits for the turn that has begun.
  await installer.stop();
  return { log: log.join('\n'), announced };
}

async function live(name: string): Promise<Rule> {
  return JSON.parse(await server.read(`/apis/firstseen.dev/v1alpha1/detectionrules/${name}`)) as Rule;
}

async function names(): Promise<readonly string[]> {
  return (await listed()).map(({ name }) => name).sort();
}

test('the pack is installed with its label, and a second time changes nothing', async () => {
  const pack = [packRule('a'), packRule('b', { suppression: { by: ['user.name'], window: '2h' } })];
  const { announced } = await install(pack);
  expect(announced).toEqual(['patch a', 'patch b']);
  expect(await names()).toEqual(['a', 'b']);
  const before = await live('b');
  expect(before.metadata.labels).toEqual({
    'app.kubernetes.io/managed-by': 'firstseen',
    'app.kubernetes.io/part-of': 'firstseen',
  });
  await install(pack);
  expect((await live('b')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

test('what people have set survives an upgrade of the pack, whichever way they set it', async () => {
  await install([packRule('a'), packRule('b'), packRule('c'), packRule('d')]);
  const merge = ['patch', 'detectionrule', '--type=merge'];
  await server.kubectl(...merge, 'a', '-p', '{"spec":{"enabled":false,"severity":"critical"}}');
  const exceptions = [{ query: 'user.name: ci', reason: 'the build' }];
  await server.kubectl(...merge, 'b', '-p', JSON.stringify({ spec: { exceptions, suppression: { window: '3h' } } }));
  await server.apply({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name: 'c', labels: { team: 'blue' } },
    spec: { ...(await live('c')).spec, query: 'event.action: (create or delete)' },
  });

  const next = { title: 'Better', query: 'event.action: update', severity: 'high', suppression: { by: ['user.name'] } };
  await install(['a', 'b', 'c', 'd'].map((name) => packRule(name, next)));
  const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map(live));
  const ofPack = { ...d?.spec };
  expect(ofPack).toEqual({ ...next, enabled: true, type: 'query', tags: ['pack'] }); // enabled has a default
  expect(a?.spec).toEqual({ ...ofPack, enabled: false, severity: 'critical' });
  expect(b?.spec).toEqual({ ...ofPack, exceptions, suppression: { by: ['user.name'], window: '3h' } });
  expect(c?.spec).toEqual({ ...ofPack, query: 'event.action: (create or delete)' });
  expect(c?.metadata.labels).toHaveProperty('team');
});

test('a rule that left the pack goes unless somebody has changed it; one of somebody else is never touched', async () => {
  await server.apply({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name: 'theirs' },
    spec: { title: 'Theirs', type: 'query', query: 'event.action: get', severity: 'low' },
  });
  await install([packRule('gone'), packRule('tuned')]);
  await server.kubectl('patch', 'detectionrule', 'tuned', '--type=merge', '-p', '{"spec":{"severity":"high"}}');
  await install([], false);
  expect(await names()).toEqual(['a', 'b', 'c', 'gone', 'theirs', 'tuned']); // a pack that could not be read removes nothing
  const { announced, log } = await install([packRule('theirs', { title: 'Ours' })]);
  expect(announced).toEqual(['delete gone']);
  expect(await names()).toEqual(['a', 'b', 'c', 'theirs', 'tuned']);
  expect((await live('theirs')).spec.title).toBe('Theirs');
  expect(log).toMatch(/pack rule kept although it is no longer in the pack: others have changed it \{"rule":"tuned"\}/);
  expect(log).toMatch(/somebody else has a rule of its name \{"rule":"theirs"\}/);
});

test('a rule that does not fit what others have set of it stays, and is said; the rest goes on', async () => {
  await install([packRule('mixed'), packRule('z')]);
  await server.kubectl('patch', 'detectionrule', 'mixed', '--type=merge', '-p', '{"spec":{"language":"eql"}}');
  const esql = { type: 'esql', query: 'FROM logs-* | WHERE event.action == "create"', language: 'esql' };
  const { log } = await install([packRule('mixed', esql), packRule('z', { title: 'Newer' })]);
  expect(log).toMatch(
    /pack rule not applied: it conflicts with fields that others have set[^\n]*"rule":"mixed"[^\n]*language must be/,
  );
  expect((await live('mixed')).spec.type).toBe('query');
  expect((await live('z')).spec.title).toBe('Newer');
});
