/** Learn, then alert: from a backfill, in the learning time, and by what a person makes known or unknown again. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { arrivalRuleFile, arrive, type Cluster, OPEN_PATH, redisState, startCluster } from '../support/cluster.ts';
import { runFirstseen } from '../support/command-line.ts';
import { anonymousRequest } from '../support/events.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const RULE = 'e2e-learner';
const HOUR = 3_600_000_000;

let cluster: Cluster;
let redis: RedisServer;
let firstseen: Firstseen;

beforeAll(async () => {
  [cluster, redis] = await Promise.all([startCluster(), startRedis({ appendFsync: 'everysec' })]);
  const rule = writeRule(RULE, {
    type: 'new_terms',
    query: 'user_agent.original: e2e-* and kubernetes.audit.stage: ResponseComplete',
    severity: 'low',
    newTerms: {
      fields: ['user_agent.original'],
      window: '2d',
      normalize: { 'user_agent.original': 'product' },
      learning: { until: '1d' },
    },
  });
  firstseen = await startFirstseen({
    state: redisState(redis),
    kubeconfig: cluster.kubeconfig,
    certificates: cluster.certificates,
    port: cluster.webhookPort,
    rules: [arrivalRuleFile(), rule],
    config: { rules: { cluster: { enabled: false } } },
  });
  // The API server has sent in vain until now, and waits longer each time.
  await waitFor(async () => (await firstseen.metric('firstseen_events_total')) > 0, {
    what: 'the first events of the API server',
    timeoutMs: 90_000,
  });
});
afterAll(async () => {
  await firstseen?.stop();
  await cluster?.server.stop();
  await redis?.stop();
});

async function request(userAgent: string): Promise<void> {
  await arrive(firstseen, 1, async () => {
    const { status } = await cluster.server.anonymous(OPEN_PATH, { userAgent });
    expect(status).toBe(200);
  });
}

const run = (...args: readonly string[]) => runFirstseen(...args, '--config', firstseen.configFile);

async function listed(...args: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const terms = JSON.parse(await run('terms', 'list', RULE, ...args, '-o', 'json')) as Record<string, unknown>[];
  return terms.map(({ term, by }) => [term, by]).sort();
}

test('what comes in the learning time is learned without an alert, and is listed with what taught it', async () => {
  await request('e2e-alpha/1.0');
  expect(await listed('--learned')).toEqual([['["e2e-alpha"]', 'learning']]);
  expect(await cluster.alertsOf('e2e-alpha/1.0', RULE)).toEqual([]);
});

test('a backfill under a running server ends the learning; what it told is known, whatever its version, and what is new alerts', async () => {
  const now = Date.now() * 1_000;
  const lines = Array.from({ length: 50 }, (_, i) => {
    // The last one comes after the rule began to run.
    const { event } = anonymousRequest({ at: now - (49 - i) * HOUR, userAgent: 'e2e-beta/1.0', id: `logged-${i}` });
    return `${JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...event })}\n`;
  });
  const log = join(createTemporaryFolder('learning'), 'audit.log');
  writeFileSync(log, lines.join(''));
  expect(await run('backfill', log)).toMatch(new RegExp(`^${RULE} +1 +0 +0 +ends now$`, 'm'));

  await request('e2e-beta/2.0');
  await request('e2e-gamma/1.0');
  await cluster.waitForAlert('e2e-gamma/1.0', { count: 1, rule: RULE });
  expect(await cluster.alertsOf('e2e-beta/2.0', RULE)).toEqual([]);
  expect(await listed()).toEqual([
    ['["e2e-alpha"]', 'learning'],
    ['["e2e-beta"]', 'backfill'],
    ['["e2e-gamma"]', undefined],
  ]);
});

test('an approved term stays known, and a forgotten one alerts', async () => {
  await run('terms', 'approve', RULE, 'e2e-alpha');
  await run('terms', 'forget', RULE, 'e2e-beta');
  expect(await listed('--learned')).toEqual([]);
  await request('e2e-alpha/3.0');
  await request('e2e-beta/3.0');
  await cluster.waitForAlert('e2e-beta/3.0', { count: 1, rule: RULE });
  expect(await cluster.alertsOf('e2e-alpha/3.0', RULE)).toEqual([]);
});
