/** Secrets in events that rules match, and every place where what comes of them ends up: neither store nor sink nor log has one. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, installChart, startChartServer } from '../support/chart.ts';
import { redisState, sqliteState } from '../support/cluster.ts';
import { type Firstseen, type StateConfig, startFirstseen } from '../support/firstseen.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { writeRule } from '../support/rule-file.ts';
import { waitFor } from '../support/wait.ts';

/** Each secret stands somewhere else, and is told from all others. */
const secret = (place: string) => `seeded-${place}-${'x'.repeat(12)}`;
const SEEDED = /seeded-([a-z]+)/g;
const JSON_WEB_TOKEN = 'eyJhbGciOiJub25lIn0.eyJzZWVkZWQiOiJ0b2tlbiJ9.c2VlZGVkLXNpZ25hdHVyZQ';

let server: ApiServer;
let redis: RedisServer;

beforeAll(async () => {
  [server, redis] = await Promise.all([startChartServer(), startRedis({ appendFsync: 'always' })]);
  await installChart(server);
});
afterAll(async () => {
  await server?.stop();
  await redis?.stop();
});

const field = (path: string) => `kubernetes.audit.requestObject.${path}`;
const newTerms = (...fields: string[]) => ({ type: 'new_terms', newTerms: { fields, window: '7d' } });
const esql = (query: string) => ({ type: 'esql', language: 'esql', query, window: '5m' });
const FROM = 'FROM logs-kubernetes.audit_logs-*';

/** A rule of each type, over what holds secrets. */
function rules(kind: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const ours = `user.id: ${kind}`;
  return {
    agents: { query: ours, ...newTerms('user_agent.original') },
    uris: { query: ours, ...newTerms('kubernetes.audit.requestURI') },
    contents: { query: `${ours} and ${field('data.password')}: *`, ...newTerms(field('data.password')) },
    patches: { query: `${ours} and ${field('value')}: *`, ...newTerms(field('value')) },
    whole: { query: ours, ...newTerms('event.original') },
    titled: { query: `${ours} and event.action: create`, ruleNameOverride: field('stringData.key') },
    counted: {
      query: ours,
      type: 'threshold',
      threshold: {
        field: ['user_agent.original'],
        value: 2,
        cardinality: [{ field: 'kubernetes.audit.requestURI', value: 2 }],
        window: '5m',
      },
    },
    sequel: {
      type: 'eql',
      language: 'eql',
      query: `sequence by user_agent.original
        [any where user.id == "${kind}" and event.action == "list"]
        [any where user.id == "${kind}" and event.action == "create"]`,
      suppression: { by: ['kubernetes.audit.requestURI'] },
    },
    columns: esql(`${FROM} | WHERE user.id == "${kind}" AND ${field('data.password')} IS NOT NULL
      | EVAL whole = ${field('data.password')}, part = SUBSTRING(whole, 1, 12), uri = kubernetes.audit.requestURI`),
    groups: esql(`${FROM} | WHERE user.id == "${kind}"
      | STATS n = COUNT(*), uris = VALUES(kubernetes.audit.requestURI) BY user_agent.original | WHERE n > 1`),
  };
}

function batch(kind: string): string {
  const now = Date.now();
  const events = [
    {
      verb: 'list',
      requestURI: `/api/v1/namespaces/default/pods?token=${secret('query')}&limit=1`,
      objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1', name: `password=${secret('name')}` },
    },
    {
      verb: 'create',
      requestURI: '/api/v1/namespaces/default/secrets',
      objectRef: { resource: 'secrets', namespace: 'default', apiVersion: 'v1', name: 'db' },
      requestObject: {
        kind: 'Secret',
        metadata: {
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"a":"${secret('annotation')}"}` },
        },
        data: { password: secret('data') },
        stringData: { key: secret('text') },
      },
    },
    {
      verb: 'patch',
      requestURI: '/api/v1/namespaces/default/configmaps/db',
      objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1', name: 'db' },
      requestObject: [{ op: 'add', path: '/data/a', value: secret('patch') }],
    },
    {
      verb: 'get',
      requestURI: `/api/v1/namespaces/default/pods/web/exec?command=mysql&command=--password&command=${secret('option')}&command=${secret('argument')}`,
      objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1', name: 'web', subresource: 'exec' },
    },
  ].map((event, index) => ({
    level: 'RequestResponse',
    auditID: `token=${secret('id')}-${index}`,
    stage: 'ResponseComplete',
    user: { username: `https://eve:${secret('user')}@example.org`, uid: kind, groups: [`secret=${secret('group')}`] },
    impersonatedUser: { username: `Basic ${secret('impersonated')}` },
    userAgent: `agent Bearer ${secret('agent')} ${JSON_WEB_TOKEN}`,
    sourceIPs: [`api-key=${secret('forwarded')}`, '203.0.113.7'],
    responseStatus: { code: 200 },
    requestReceivedTimestamp: new Date(now + index).toISOString(),
    stageTimestamp: new Date(now + index).toISOString(),
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...event,
  }));
  const malformed = {
    kind: `token=${secret('kind')}`,
    auditID: JSON_WEB_TOKEN,
    requestURI: `/x/Bearer%20${secret('path')}`,
  };
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [...events, malformed] });
}

const stores: Readonly<Record<string, { state: () => StateConfig; written: (state: StateConfig) => Promise<string> }>> =
  {
    sqlite: { state: sqliteState, written: async (state) => ('path' in state ? filesIn(dirname(state.path)) : '') },
    redis: { state: () => redisState(redis), written: () => appendOnlyFiles() },
  };

for (const [kind, { state, written }] of Object.entries(stores)) {
  test(`no secret is in what is kept, shown and logged, with ${kind}`, async () => {
    const own = rules(kind);
    const config = state();
    const firstseen: Firstseen = await startFirstseen({
      state: config,
      kubeconfig: server.kubeconfigFor(await accountToken(server)),
      rules: Object.entries(own).map(([name, spec]) => writeRule(`${kind}-${name}`, spec)),
      config: { redaction: { execArguments: 'hide' }, log: { level: 'debug' } },
    });
    onTestEnd(() => firstseen.kill());
    const body = batch(kind);
    expect(await firstseen.post(body)).toBe(200);

    // Rules have matched what came.
    const alerts = await waitFor(
      async () => {
        const listed = await server.kubectl('get', 'alerts', '-o', 'yaml');
        return Object.keys(own).every((name) => listed.includes(`name: ${kind}-${name}\n`)) && listed;
      },
      { what: 'an alert of each rule', intervalMs: 500 },
    );
    const events = await waitFor(
      async () => {
        const listed = await server.kubectl('get', 'events.events.k8s.io', '-A', '-o', 'yaml');
        return Object.keys(own).every((name) => listed.includes(`(alert ${kind}-${name}-`)) && listed;
      },
      { what: 'an Event of each rule', intervalMs: 500 },
    );
    await waitFor(
      () => Object.keys(own).every((name) => firstseen.log().includes(`"kibana.alert.uuid":"${kind}-${name}-`)),
      {
        what: 'a line for each rule',
      },
    );
    const places: Readonly<Record<string, string>> = {
      alerts,
      events,
      store: await written(config),
      log: firstseen.log(),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text).toMatch(/REDACTED/);
      expect({ place, secrets: text.match(SEEDED) }).toEqual({ place, secrets: null });
      expect(text).not.toContain(JSON_WEB_TOKEN.slice(0, 16));
    }
    const quarantine = await (await fetch(`${firstseen.opsUrl}/quarantine`)).text();
    expect(quarantine).toMatch(/items\[\d+\]/);
    expect(quarantine).not.toMatch(SEEDED);
    expect(quarantine).not.toMatch(/REDACTED|\/api/);
    expect(alerts).toMatch(/exec\?command=mysql&command=REDACTED&command=REDACTED/);
    expect(new Set(body.match(SEEDED)).size).toBe(16); // the secrets that were sent
  });
}

function filesIn(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n');
}

/** Every command that has ever written to Redis, as text. */
async function appendOnlyFiles(): Promise<string> {
  const client = new Redis(redis.url);
  try {
    const [, folder = ''] = (await client.config('GET', 'dir')) as string[];
    return filesIn(join(folder, 'appendonlydir'));
  } finally {
    client.disconnect();
  }
}
