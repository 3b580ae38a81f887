/** Rules that people create, edit, break, mend and delete with kubectl, while firstseen runs. */

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, startChartServer } from '../support/chart.ts';
import { redisState, sqliteState } from '../support/cluster.ts';
import { type Firstseen, type FirstseenOptions, startFirstseen } from '../support/firstseen.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { requestBatch } from '../support/replicas.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

/** kubectl is a process each time, and another replica takes over after the lease. */
const WAIT = { intervalMs: 200 };
const LEASE_MS = 3_000;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

interface Rule {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly conditions: readonly Condition[];
    readonly observedGeneration: number;
    readonly [count: string]: unknown;
  };
}

let server: ApiServer;
let redis: RedisServer;
let kubeconfig: string;

beforeAll(async () => {
  [server, redis] = await Promise.all([startChartServer(), startRedis({ appendFsync: 'everysec' })]);
  await installChart(server);
  kubeconfig = server.kubeconfigFor(await accountToken(server));
});
afterAll(async () => {
  await server?.stop();
  await redis?.stop();
});

async function start(options: Partial<FirstseenOptions> = {}): Promise<Firstseen> {
  const config = { replicas: { leaseMs: LEASE_MS }, kubernetes: { events: { enabled: false } }, ...options.config };
  const started = await startFirstseen({ state: sqliteState(), kubeconfig, ...options, config });
  onTestEnd(() => started.stop());
  return started;
}

function apply(name: string, spec: Readonly<Record<string, unknown>>): Promise<string> {
  return server.apply({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { title: name, type: 'query', severity: 'high', ...spec },
  });
}

async function ruleOf(name: string): Promise<Rule> {
  return JSON.parse(await server.read(`/apis/firstseen.dev/v1alpha1/detectionrules/${name}`));
}

/** Waits until the status is about this generation, and gives the condition. */
async function condition(name: string, type: string, generation: number): Promise<Condition> {
  return waitFor(
    async () => {
      const { status } = await ruleOf(name);
      return status?.observedGeneration === generation && status.conditions.find((one) => one.type === type);
    },
    { what: `${type} of generation ${generation} of ${name}`, ...WAIT },
  );
}

let batches = 0;
/** Sends requests of agents, and gives how many of them the rule has matched. */
async function matched(firstseen: Firstseen, rule: string, ...agents: readonly string[]): Promise<number> {
  const before = await firstseen.metric('firstseen_matches_total', { rule });
  expect(await firstseen.post(requestBatch(`live-${batches++}`, agents))).toBe(200);
  return (await firstseen.metric('firstseen_matches_total', { rule })) - before;
}

const outcome = (firstseen: Firstseen, rule: string, name: string) =>
  firstseen.metric('firstseen_decisions_total', { rule, outcome: name });

test('a rule is created, edited, broken, fixed and deleted', async () => {
  const rule = 'live-agents';
  const firstseen = await start();
  const query = (agent: string) => `user_agent.original: "${agent}"`;

  await apply(rule, {
    query: query('one'),
    tests: [{ name: 'another agent', event: { verb: 'get', userAgent: 'two' }, expect: 'silent' }],
  });
  const created = await condition(rule, 'Ready', 1);
  expect(created).toMatchObject({ status: 'True', reason: 'InForce' });
  expect((await condition(rule, 'TestsPassed', 1)).message).toEqual('1 passed.');
  expect(await matched(firstseen, rule, 'one', 'two')).toBe(1);

  await apply(rule, { query: query('two') });
  const edited = await condition(rule, 'Ready', 2);
  expect(edited.message).toMatch(/It keeps what the earlier version learned/);
  expect(await matched(firstseen, rule, 'one', 'two', 'two')).toBe(2);

  await apply(rule, { query: 'user_agent.original: "one"\n  and user_agent.orignal: "two"' });
  const broken = await condition(rule, 'Ready', 3);
  expect(broken).toMatchObject({ status: 'False', reason: 'Invalid' });
  expect(broken.message).toMatch(/^Generation 2 keeps running\.\nspec\.query: line 2, column 7: /);
  expect(broken.message).toMatch(
    /\n {4}and user_agent\.orignal: "two"\n {8}\^\n {2}hint: did you mean user_agent\.original\?/,
  );
  expect(await matched(firstseen, rule, 'one', 'two', 'two')).toBe(2);
  expect(await server.kubectl('get', 'detectionrules', rule)).toMatch(/live-agents +False +query +high/);

  await apply(rule, { query: query('one') });
  expect((await condition(rule, 'Ready', 4)).status).toBe('True');
  expect(await matched(firstseen, rule, 'one', 'two')).toBe(1);

  await apply(rule, { query: query('one'), enabled: false });
  expect((await condition(rule, 'Ready', 5)).reason).toBe('Disabled');
  expect(await matched(firstseen, rule, 'one')).toBe(0);

  await apply(rule, { query: query('one'), enabled: true });
  expect((await condition(rule, 'Ready', 6)).status).toBe('True');
  await server.kubectl('delete', 'detectionrule', rule);
  await waitFor(() => firstseen.log().includes('"message":"rule is gone"'), { what: 'the end of the rule', ...WAIT });
  expect(await matched(firstseen, rule, 'one')).toBe(0);
});

test('the status reports a failed test and a rule that can never fire', async () => {
  await start();
  await apply('live-tested', {
    query: 'event.action: list',
    tests: [{ name: 'a get', event: { verb: 'get' }, expect: 'fire' }],
  });
  await apply('live-never', { query: 'event.action: list and host.name: a' });
  const failed = await condition('live-tested', 'TestsPassed', 1);
  expect(failed.status).toBe('False');
  expect(failed.message).toMatch(/^1 of 1 failed\.\na get: expected the last event to raise an alert/);
  expect((await condition('live-never', 'Ready', 1)).message).toMatch(
    /It can never fire: no audit event has host\.name/,
  );
});

test('an edit keeps the memory of a rule unless it changes the terms; the status says which, and counts', async () => {
  const rule = 'live-first-seen';
  const newTerms = { fields: ['user_agent.original'], window: '7d' };
  const spec = { type: 'new_terms', query: 'user_agent.original: learned-*', newTerms, suppression: { window: '1s' } };
  const firstseen = await start();
  await apply(rule, spec);
  await condition(rule, 'Ready', 1);
  await matched(firstseen, rule, 'learned-a');
  expect(await outcome(firstseen, rule, 'opened')).toBe(1);

  await apply(rule, { ...spec, severity: 'critical' });
  expect((await condition(rule, 'Ready', 2)).message).toMatch(/keeps what the earlier version learned/);
  expect(await firstseen.post(requestBatch('live-known', ['learned-a'], Date.now() + 5_000))).toBe(200);
  expect(await outcome(firstseen, rule, 'known')).toBe(1);
  await waitFor(async () => (await ruleOf(rule)).status?.alerts === 1, {
    what: 'the count in the status',
    timeoutMs: 90_000,
  });

  await apply(rule, { ...spec, newTerms: { ...newTerms, window: '14d' } });
  expect((await condition(rule, 'Ready', 3)).message).toMatch(
    /without learned terms, because spec\.newTerms\.window changed/,
  );
  // A minute later by the time of the event, so that it cannot join the alert of before.
  expect(await firstseen.post(requestBatch('live-again', ['learned-a'], Date.now() + 60_000))).toBe(200);
  expect(await outcome(firstseen, rule, 'opened')).toBe(2);
});

test('a change while a replica is killed takes effect in the other, which writes the status', async () => {
  const rule = 'live-replicated';
  const state = redisState(redis);
  const one = await start({ state, hostname: 'one' });
  await waitFor(() => one.log().includes('lease gained'), { what: 'the lease', ...WAIT });
  const two = await start({ state, hostname: 'two' });
  await apply(rule, { query: 'user_agent.original: before' });
  await condition(rule, 'Ready', 1);

  const killed = one.kill();
  await apply(rule, { query: 'user_agent.original: after' });
  await killed;
  const ready = await condition(rule, 'Ready', 2);
  expect(ready.status).toBe('True');
  expect(await matched(two, rule, 'before', 'after', 'after')).toBe(2);
  await apply(rule, { query: '(' });
  expect((await condition(rule, 'Ready', 3)).message).toMatch(/^Generation 2 keeps running\./);
  await two.kill();
  await one.start();
  expect(await matched(one, rule, 'before', 'after', 'after')).toBe(2); // what ran before is known after a restart
});

test('without the API server the pack and the last known rules are in force, afterwards the current rules', async () => {
  const state = sqliteState();
  await apply('live-known', { query: 'user_agent.original: known' });
  const first = await start({ state });
  await condition('live-known', 'Ready', 1);
  await first.stop();
  await apply('live-new', { query: 'user_agent.original: new' });

  let isAway = true;
  const proxy = await startTcpProxy(() => (isAway ? undefined : { port: server.port }));
  onTestEnd(() => proxy.stop());
  const via = server.kubeconfigFor(await accountToken(server));
  writeFileSync(via, readFileSync(via, 'utf8').replace(server.url, `https://127.0.0.1:${proxy.port}`));
  const second = await start({ state, kubeconfig: via, config: { rules: { paths: undefined } } });
  const ofPack = 'anonymous-request-unusual-agent';
  expect(await matched(second, ofPack, 'masscan/1.3')).toBe(1);
  expect(await matched(second, 'live-known', 'known')).toBe(1);
  expect(await matched(second, 'live-new', 'new')).toBe(0);

  isAway = false;
  await waitFor(async () => (await matched(second, 'live-new', 'new')) === 1, {
    what: 'the rule that was made meanwhile',
  });
  expect(await matched(second, ofPack, 'masscan/1.3')).toBe(1); // the pack is what it was, whether it is in the cluster yet
});
