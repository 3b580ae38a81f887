/** Two and three replicas, as processes of their own, on one Redis. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { deliver, readRuleState, requestBatch, sumOver } from '../support/replicas.ts';
import { waitFor } from '../support/wait.ts';

const RULE = 'anonymous-request-unusual-agent';
const RULE_FILE = join('rules', `${RULE}.yaml`);
/** Openings of the rule in an hour. */
const BUDGET = 20;

let redis: RedisServer;
let databases = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

/** Fresh replicas on a database of their own. */
async function replicasOf(count: number): Promise<{ replicas: Firstseen[]; url: string }> {
  const url = `${redis.url}/${databases++}`;
  const names = Array.from({ length: count }, (_, i) => `replica-${i}`);
  const replicas = await Promise.all(
    names.map((hostname) => startFirstseen({ state: { kind: 'redis', url }, hostname })),
  );
  onTestEnd(() => Promise.all(replicas.map((replica) => replica.stop())));
  return { replicas, url };
}

const agentsOf = (count: number) => Array.from({ length: count }, (_, i) => `scanner-${i}/1.0`);
const decisions = (replicas: readonly Firstseen[], outcome: string) =>
  sumOver(replicas, 'firstseen_decisions_total', { rule: RULE, outcome });

/** Ids of the alerts that the log sinks of all replicas have written. */
function written(replicas: readonly Firstseen[]): readonly string[] {
  const lines = replicas.flatMap((replica) => replica.log().split('\n'));
  return lines
    .filter((line) => line.includes('"event.kind":"signal"') && line.includes(RULE))
    .map((line) => (JSON.parse(line) as Record<string, string>)['kibana.alert.uuid'] ?? '');
}

for (const count of [2, 3]) {
  describe(`${count} replicas`, () => {
    test('every batch sent to all at once, and again to the next: each fact is one alert, and counted once', async () => {
      const { replicas, url } = await replicasOf(count);
      const agents = agentsOf(15);
      // Each agent comes in three batches, each time beside others.
      const batches = [1, 4, 7].flatMap((stride, round) =>
        Array.from({ length: 5 }, (_, b) =>
          requestBatch(
            `round-${round}-${b}`,
            [0, 1, 2].map((i) => agents[((b * 3 + i) * stride) % agents.length] ?? ''),
          ),
        ),
      );
      const total = batches.length * 3;
      const sent = batches.flatMap((batch) => replicas.map((replica) => deliver(replica, batch)));
      const again = batches.map((batch, i) => replicas[(i + 1) % count] ?? fail(batch));
      const statuses = (await Promise.all(sent)).flat();
      expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
      await Promise.all(again.map((replica, i) => deliver(replica, batches[i] ?? '')));

      const { alerts, terms } = await readRuleState(url, RULE_FILE);
      expect(alerts).toHaveLength(agents.length);
      expect([...new Set(alerts.map(({ spec }) => spec.actor.userAgent))].sort()).toEqual([...agents].sort());
      const counts = new Map(agents.map((agent) => [agent, 0]));
      for (const batch of batches) {
        for (const { userAgent } of JSON.parse(batch).items) counts.set(userAgent, (counts.get(userAgent) ?? 0) + 1);
      }
      for (const { spec, state } of alerts) expect(state.count).toBe(counts.get(spec.actor.userAgent ?? ''));
      expect(terms).toHaveLength(agents.length);

      expect(await decisions(replicas, 'opened')).toBe(agents.length);
      expect(await decisions(replicas, 'attached')).toBe(total - agents.length);
      expect(await decisions(replicas, 'duplicate')).toBeGreaterThanOrEqual(total * count); // each came to each, and once more
      const delivered = await waitFor(
        () => {
          const ids = written(replicas);
          return ids.length >= agents.length && ids;
        },
        { what: 'the log sinks to write every alert' },
      );
      expect([...delivered].sort()).toEqual(alerts.map(({ id }) => id).sort()); // each by one replica
    });

    test('a flood over all: the budget is that of one, and nothing is learned without an alert', async () => {
      const { replicas, url } = await replicasOf(count);
      const agents = agentsOf(45);
      const sent = agents.map((agent, i) =>
        deliver(replicas[i % count] ?? fail(agent), requestBatch(`flood-${i}`, [agent])),
      );
      for (const statuses of await Promise.all(sent)) expect(statuses.at(-1)).toBe(200);

      const { alerts, terms } = await readRuleState(url, RULE_FILE);
      const opened = alerts.filter(({ spec }) => !spec.overflow);
      const overflow = alerts.filter(({ spec }) => spec.overflow);
      expect(opened).toHaveLength(BUDGET);
      expect(overflow).toHaveLength(1);
      expect(overflow[0]?.state.count).toBe(agents.length - BUDGET);
      expect(terms.map((term) => JSON.parse(term)[0]).sort()).toEqual(
        opened.map(({ spec }) => spec.actor.userAgent).sort(),
      );
      expect(await decisions(replicas, 'opened')).toBe(BUDGET);
      expect(await decisions(replicas, 'overflow')).toBe(agents.length - BUDGET);
    });
  });
}

test('a replica that is killed between commit and answer: its batch comes to the other, and counts once', async () => {
  const { replicas, url } = await replicasOf(2);
  const [first, second] = replicas;
  expectPresent(first);
  expectPresent(second);
  const agents = agentsOf(10);
  const batches = agents.map((agent, i) => requestBatch(`killed-${i}`, [agent, agent]));
  const cutOff = await Promise.all(batches.map((batch) => first.postUnanswered(batch)));
  await waitFor(async () => (await decisions([first], 'opened')) > 0, { what: 'a commit', intervalMs: 1 });
  await first.kill();
  for (const cut of cutOff) cut();
  for (const batch of batches) expect((await deliver(second, batch)).at(-1)).toBe(200);
  const { alerts, terms } = await readRuleState(url, RULE_FILE);
  expect(alerts.map(({ spec, state }) => [spec.actor.userAgent, state.count]).sort()).toEqual(
    agents.map((agent) => [agent, 2]).sort(),
  );
  expect(terms).toHaveLength(agents.length);
  await first.start();
});
