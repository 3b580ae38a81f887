import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Store } from '../../src/alerts/store.ts';
import { createEvaluator, type Evaluator } from '../../src/ingest/create-evaluator.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { MINUTE, SECOND } from '../../src/rules/limits.ts';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import { expectPresent } from '../support/expect.ts';
import { actualLearning, expectedLearning, histories, knownIn, LEARNER } from '../support/learning-reference.ts';
import { actualAlerts, batchesOf, expectedAlerts, NEW_TERMS, QUERY, streams } from '../support/protocol-reference.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { detectorOf } from '../support/rules.ts';
import {
  actualWindowedAlerts,
  expectedWindowedAlerts,
  WINDOWED,
  windowedStreams,
} from '../support/windowed-reference.ts';

const RUNS = 25;
const BATCH_SPAN = 30 * SECOND;
const RETRIES = 4 * MINUTE;

let server: RedisServer;
let replicas: readonly RedisState[] = [];
let conflicts = 0;
let clusters = 0;

beforeAll(async () => {
  server = await startRedis();
  const options = redisStateOptions.parse({ kind: 'redis', url: server.url });
  const observe = {
    update() {},
    conflict() {
      conflicts += 1;
    },
  };
  replicas = [await connectRedisState(options, { observe }), await connectRedisState(options, { observe })];
});
afterAll(async () => {
  for (const state of replicas) await state.close();
  await server.stop();
});

const detector = detectorOf(NEW_TERMS, QUERY);
const windowedDetector = detectorOf(...WINDOWED);
const ends = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
const perCommit = fc.constantFrom(1, 3, 400);

function evaluatorOn(store: Store, decisionsPerCommit: number, rules = detector): Evaluator {
  return createEvaluator({
    store: { ...store, decisionsPerCommit },
    detector: () => rules,
    hashes: sha256Hashes,
    sinks: [{ name: 'log', openingsOnly: true, coalesceMs: 0 }],
    own: undefined,
  });
}

/** An evaluator on each replica, and a cluster that no other run has. */
function replicasAtWork(decisionsPerCommit: number, rules = detector) {
  const [first, second] = replicas;
  expectPresent(first);
  expectPresent(second);
  const evaluators = [first, second].map((store) => evaluatorOn(store, decisionsPerCommit, rules));
  return { evaluators, cluster: `cluster-${++clusters}`, store: first };
}

test('batches that are sent again, to the same replica or the other, change nothing', async () => {
  const delays = fc.array(fc.array(fc.integer({ min: 0, max: RETRIES }), { maxLength: 2 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(streams, ends, delays, perCommit, async (events, cuts, again, size) => {
      const { evaluators, cluster, store } = replicasAtWork(size);
      const deliveries = batchesOf(events, cuts, BATCH_SPAN).flatMap((batch, i) =>
        [0, ...(again[i % again.length] ?? [])].map((delay) => ({ ...batch, at: batch.at + delay })),
      );
      deliveries.sort((a, b) => a.at - b.at);
      for (const [i, batch] of deliveries.entries()) await evaluators[i % 2]?.(cluster, batch.events);
      expect(await actualAlerts(store, cluster)).toEqual(expectedAlerts(events));
    }),
    { numRuns: RUNS },
  );
});

test('two replicas that are sent the same batches at once open each alert once, and count each request once', async () => {
  const before = conflicts;
  await fc.assert(
    fc.asyncProperty(streams, ends, perCommit, async (events, cuts, size) => {
      const { evaluators, cluster, store } = replicasAtWork(size);
      for (const batch of batchesOf(events, cuts, BATCH_SPAN)) {
        await Promise.all(evaluators.map((evaluate) => evaluate(cluster, batch.events)));
      }
      expect(await actualAlerts(store, cluster)).toEqual(expectedAlerts(events));
    }),
    { numRuns: RUNS },
  );
  expect(conflicts).toBeGreaterThan(before); // they met
});

test('thresholds and sequences: batches that are sent again, to the same replica or the other, change nothing', async () => {
  const delays = fc.array(fc.array(fc.integer({ min: 0, max: RETRIES }), { maxLength: 2 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, delays, perCommit, async (events, cuts, again, size) => {
      const { evaluators, cluster, store } = replicasAtWork(size, windowedDetector);
      const deliveries = batchesOf(events, cuts, BATCH_SPAN).flatMap((batch, i) =>
        [0, ...(again[i % again.length] ?? [])].map((delay) => ({ ...batch, at: batch.at + delay })),
      );
      deliveries.sort((a, b) => a.at - b.at);
      for (const [i, batch] of deliveries.entries()) await evaluators[i % 2]?.(cluster, batch.events);
      expect(await actualWindowedAlerts(store, cluster)).toEqual(expectedWindowedAlerts(events));
    }),
    { numRuns: RUNS },
  );
});

test('thresholds and sequences: two replicas that are sent the same batches at once fire once', async () => {
  const before = conflicts;
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, perCommit, async (events, cuts, size) => {
      const { evaluators, cluster, store } = replicasAtWork(size, windowedDetector);
      for (const batch of batchesOf(events, cuts, BATCH_SPAN)) {
        await Promise.all(evaluators.map((evaluate) => evaluate(cluster, batch.events)));
      }
      expect(await actualWindowedAlerts(store, cluster)).toEqual(expectedWindowedAlerts(events));
    }),
    { numRuns: RUNS },
  );
  expect(conflicts).toBeGreaterThan(before); // they met
});

test('learning, backfills, approving and forgetting, on either replica in turn, come to what the reference knows', async () => {
  const learner = detectorOf(LEARNER);
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { evaluators, cluster, store } = replicasAtWork(400, learner);
      let turn = 0;
      const inTurn: Evaluator = async (name, events) => evaluators[turn++ % 2]?.(name, events);
      const memory = await actualLearning(store, cluster, inTurn, history);
      const expected = expectedLearning(history);
      expect(knownIn(memory)).toEqual(expected.known);
      expect(await actualAlerts(store, cluster)).toHaveLength(expected.alerts.length);
    }),
    { numRuns: RUNS },
  );
});
