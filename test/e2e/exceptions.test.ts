/** Exceptions that people write with kubectl and `firstseen except`, while firstseen runs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, NAMESPACE, startChartServer } from '../support/chart.ts';
import { type Alert, sqliteState } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { requestBatch } from '../support/replicas.ts';
import { waitFor } from '../support/wait.ts';

/** kubectl is a process each time. */
const WAIT = { intervalMs: 300 };
const RULE = 'agents';
const MINUTE_MS = 60_000;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

interface Exception {
  readonly metadata: { readonly generation: number };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly conditions: readonly Condition[];
    readonly excepted?: number;
    readonly lastUsed?: string;
  };
}

let server: ApiServer;
let firstseen: Firstseen;
let alice: readonly string[];

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
  await server.kubectl('create', 'clusterrolebinding', 'write', '--clusterrole=firstseen-author', '--user=alice');
  await server.kubectl('create', 'clusterrolebinding', 'respond', '--clusterrole=firstseen-responder', '--user=alice');
  await server.kubectl('create', 'clusterrolebinding', 'look', '--clusterrole=firstseen-view', '--user=bob');
  alice = ['--kubeconfig', server.kubeconfigFor(server.userTokens.alice)];
  await server.apply({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name: RULE },
    spec: {
      title: 'Agents of this test',
      type: 'query',
      query: 'user_agent.original: e2e-*',
      severity: 'high',
      tags: ['e2e'],
      suppression: { by: ['user_agent.original'], window: '1h' },
      budget: { alertsPerHour: 1_000 },
    },
  });
  firstseen = await startFirstseen({
    state: sqliteState(),
    kubeconfig: server.kubeconfigFor(await accountToken(server)),
    config: { kubernetes: { events: { enabled: false } } },
  });
});
afterAll(async () => {
  await firstseen?.stop();
  await server?.stop();
});

function apply(name: string, spec: Readonly<Record<string, unknown>>): Promise<string> {
  const usual = { rules: [RULE], reason: 'a test' };
  const kind = 'RuleException';
  return server.apply({ apiVersion: 'firstseen.dev/v1alpha1', kind, metadata: { name }, spec: { ...usual, ...spec } });
}

async function exceptionOf(name: string): Promise<Exception> {
  return JSON.parse(await server.read(`/apis/firstseen.dev/v1alpha1/ruleexceptions/${name}`));
}

/** Waits until the condition is about the last edit and of this reason, and gives it. */
async function condition(name: string, type: string, reason: string): Promise<Condition> {
  return waitFor(
    async () => {
      const { metadata, status } = await exceptionOf(name);
      const found = status?.conditions.find((one) => one.type === type);
      return found?.observedGeneration === metadata.generation && found.reason === reason && found;
    },
    { what: `${type} ${reason} of ${name}`, ...WAIT },
  );
}

let batches = 0;
/** Sends a request of each agent, and gives how many of them the rule has matched. */
async function matched(agents: readonly string[], at?: number): Promise<number> {
  const before = await firstseen.metric('firstseen_matches_total', { rule: RULE });
  expect(await firstseen.post(requestBatch(`except-${batches++}`, agents, at))).toBe(200);
  return (await firstseen.metric('firstseen_matches_total', { rule: RULE })) - before;
}

/** The alert that a request of the agent raises, as kubectl names it. */
async function alertOf(agent: string): Promise<string> {
  await matched([agent]);
  return waitFor(
    async () => {
      const { items }: { readonly items: readonly Alert[] } = JSON.parse(
        await server.read('/apis/firstseen.dev/v1alpha1/alerts'),
      );
      return items.find(({ spec }) => spec.rule.name === RULE && spec.actor.userAgent === agent)?.metadata.name;
    },
    { what: `the alert of ${agent}`, ...WAIT },
  );
}

test('an exception is written, counted, broken, mended, and deleted', async () => {
  const agents = ['e2e-written', 'e2e-other'];
  await apply('written', { query: 'user_agent.original: e2e-written' });
  expect((await condition('written', 'Ready', 'InForce')).message).toBe(`Applies to ${RULE}.`);
  expect((await condition('written', 'Expired', 'NoEnd')).status).toBe('False');
  expect(await matched(agents)).toBe(1);
  const at = Date.now();
  expect(await matched(['e2e-written'], at)).toBe(0);
  const used = await waitFor(
    async () => {
      const { status } = await exceptionOf('written');
      return status?.excepted === 2 && status.lastUsed;
    },
    { what: 'the count', timeoutMs: 120_000 },
  );
  expect(used).toBe(`${new Date(at).toISOString().slice(0, 19)}Z`);

  await apply('written', { query: 'user_agent.original: e2e-written\n  and user_agent.orignal: x' });
  const { message } = await condition('written', 'Ready', 'Invalid');
  expect(message).toMatch(/^It silences nothing until it is fixed\.\nspec\.query: line 2, column 7: /);
  expect(message).toMatch(/\n {4}and user_agent\.orignal: x\n {8}\^\n {2}hint: did you mean user_agent\.original\?/);
  expect(await matched(agents)).toBe(2);

  await apply('written', { rules: undefined, tags: ['e2e'], query: 'user_agent.original: e2e-written' });
  await condition('written', 'Ready', 'InForce');
  expect(await matched(agents)).toBe(1); // by tag
  await apply('written', { query: 'user_agent.original: e2e-written', clusters: ['elsewhere'] });
  expect((await condition('written', 'Ready', 'InForce')).message).toMatch(/No cluster is named elsewhere/);
  expect(await matched(agents)).toBe(2); // it is for another cluster
  await apply('written', { query: 'user_agent.original: e2e-written' });
  await waitFor(async () => (await matched(agents)) === 1, { what: 'the exception for all clusters', ...WAIT });
  await server.kubectl('delete', 'ruleexception', 'written');
  await waitFor(() => firstseen.log().includes('"message":"exception is gone"'), { what: 'its end', ...WAIT });
  await waitFor(async () => (await matched(agents)) === 2, { what: 'the rule without it', ...WAIT });
});

test('except an alert, and the exception ends by itself', async () => {
  const [alert, other] = [await alertOf('e2e-alert'), await alertOf('e2e-unlike')];
  const reason = ['--reason', "the test's own agent", '--with', 'user_agent.original'];
  const dry = await runFirstseen('except', alert, ...reason, '--dry-run=client', '-o', 'yaml', ...alice);
  const written = parse(dry);
  expect(written.spec.rules).toEqual([RULE]);
  expect(written.spec.author).toBe('alice');
  expect(await server.kubectl('get', 'ruleexceptions', '-o', 'name')).toBe('');

  const expires = ['--expires', new Date(Date.now() + 5 * MINUTE_MS).toISOString()];
  const said = await runFirstseen('except', `alert/${alert}`, ...reason, ...expires, '--close', ...alice);
  const name = written.metadata.name;
  expect(said).toMatch(new RegExp(`^ruleexception\\.firstseen\\.dev/${name} created\n`));
  expect(said).toMatch(/user\.name: "system:anonymous" +the user/);
  expect(said).toMatch(/It covers 1 of \d+ alerts of this rule:\n/);
  expect(said).toMatch(new RegExp(`^alert\\.firstseen\\.dev/${alert} closed$`, 'm'));
  const phases = await server.kubectl('get', 'alerts', alert, other, '-o', 'jsonpath={.items[*].status.phase}');
  expect(phases).toBe('Closed Open');
  await expect(runFirstseen('except', alert, ...reason, ...alice)).rejects.toThrow(
    /already exists[\s\S]*--name creates another/,
  );
  const bob = ['--kubeconfig', server.kubeconfigFor(server.userTokens.bob)];
  await expect(runFirstseen('except', other, ...reason, ...bob)).rejects.toThrow(
    /refused: .*"bob" cannot create.*\n +hint: ask for the ClusterRole firstseen-author/,
  );

  await condition(name, 'Ready', 'InForce');
  expect(await matched(['e2e-alert'])).toBe(0);
  expect(await matched(['e2e-unlike'])).toBe(1);
  expect(await matched(['e2e-alert'], Date.now() + 6 * MINUTE_MS)).toBe(1); // it ends at the time of the event

  const soon = JSON.stringify({ spec: { expires: new Date(Date.now() + 2_000).toISOString() } });
  await server.kubectl('patch', 'ruleexception', name, '--type=merge', '-p', soon);
  expect((await condition(name, 'Expired', 'Ended')).status).toBe('True');
  expect((await condition(name, 'Ready', 'Expired')).status).toBe('False');
  expect(await matched(['e2e-alert'])).toBe(1);
  expect(await server.kubectl('get', 'ruleexceptions', name)).toMatch(new RegExp(`${name} +False +20`));
});

test('a list in a ConfigMap is followed, and in force again before a restart takes requests', async () => {
  const agents = ['e2e-listed-1', 'e2e-listed-2'];
  const lists = [{ field: 'user_agent.original', configMap: { name: 'lists', key: 'agents' } }];
  await apply('listed', { query: '*: *', lists });
  expect((await condition('listed', 'Ready', 'Invalid')).message).toMatch(
    /there is no ConfigMap lists in the namespace/,
  );
  expect(await matched(agents)).toBe(2);

  const put = (text: string) =>
    server.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'lists', namespace: NAMESPACE },
      data: { agents: text },
    });
  await put('# known agents\ne2e-listed-1\n');
  await condition('listed', 'Ready', 'InForce');
  expect(await matched(agents)).toBe(1);
  await put(['e2e-listed-1', ...Array.from({ length: 10_000 }, (_, i) => `another-${i}`), 'e2e-listed-2'].join('\n'));
  await waitFor(async () => (await matched(agents)) === 0, { what: 'the longer list', ...WAIT });

  await firstseen.stop();
  await firstseen.start();
  expect(await matched(agents)).toBe(0);
});
