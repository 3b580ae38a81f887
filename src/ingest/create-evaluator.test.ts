import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation, noting, withFaults } from '../../test/support/evaluation.ts';
import { anonymousRequest, batchOf, NOON } from '../../test/support/events.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { fieldsOf } from '../../test/support/state-access.ts';
import { readAlerts } from '../alerts/records.ts';
import type { Store } from '../alerts/store.ts';
import type { Detector } from '../detect/detector.ts';
import { DAY, HOUR, LATENESS, MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createEvaluator, type EvaluatorDeps } from './create-evaluator.ts';
import { sha256Hashes } from './hashes.ts';
import { createOwnWrites } from './own-writes.ts';

const username = 'system:serviceaccount:firstseen:firstseen';
const own = createOwnWrites({ username, cluster: CLUSTER, ourPods: undefined });

function evaluatorOn(store: Store, detector: Detector, changes: Partial<EvaluatorDeps> = {}) {
  const { told, observer } = noting();
  const deps = { store, detector: () => detector, hashes: sha256Hashes, sinks: [], own, observer, ...changes };
  return { evaluate: createEvaluator(deps), told };
}

const learner = ruleDocument({ newTerms: { learningMicros: DAY } });

test('drops and counts our own writes, and evaluates other requests of our account', async () => {
  const { store } = evaluation([]);
  const { evaluate, told } = evaluatorOn(store, detectorOf(ruleDocument({ query: 'user.name: *' })));
  const objectRef = { apiGroup: 'firstseen.dev', resource: 'alerts' };
  await evaluate(
    CLUSTER,
    batchOf(anonymousRequest({ username, event: { objectRef } }), anonymousRequest({ username })),
  );
  expect(told.ownWrites).toBe(1);
  expect(told.outcomes).toEqual(['opened']);
});

test('an event older than the lateness below the latest time is late, and evaluated', async () => {
  const { evaluate, told } = evaluatorOn(evaluation([]).store, detectorOf(ruleDocument()));
  await evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON, username: 'eve' })));
  await evaluate(
    CLUSTER,
    batchOf(anonymousRequest({ at: NOON - LATENESS }), anonymousRequest({ at: NOON - LATENESS - 1 })),
  );
  expect(told.late).toBe(1);
  expect(told.outcomes).toHaveLength(2);
});

test('an event ahead of its receipt does not move the time of the cluster beyond it', async () => {
  const { store } = evaluation([]);
  const { evaluate } = evaluatorOn(store, detectorOf(ruleDocument()));
  await evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON + 9 * MINUTE, receivedAt: NOON })));
  expect(await fieldsOf(store, CLUSTER, stateKeys.cluster, 'hwm')).toEqual([String(NOON)]);
});

test('counts learning rules from the store, even after a restart', async () => {
  const { store } = evaluation([]);
  const rules = detectorOf(learner, ruleDocument({ name: 'at-once' }));
  const first = evaluatorOn(store, rules);
  await first.evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON })));
  expect(first.told.learning).toBe(1);
  const restarted = evaluatorOn(store, rules);
  await restarted.evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON + DAY - MINUTE })));
  expect(restarted.told.learning).toBe(1);
  await restarted.evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON + DAY })));
  expect(restarted.told.learning).toBe(0);
});

test('one set of rules evaluates the whole batch', async () => {
  const { store } = evaluation([]);
  const [first, second] = [detectorOf(learner), detectorOf(ruleDocument())];
  let inForce = first;
  const switching = withFaults(store, () => {
    inForce = second;
  });
  const { evaluate, told } = evaluatorOn(switching, first, { detector: () => inForce });
  await evaluate(CLUSTER, batchOf(anonymousRequest()));
  expect(told.outcomes).toEqual(['learning']);
  await evaluate(CLUSTER, batchOf(anonymousRequest({ id: 'other' })));
  expect(told.outcomes).toEqual(['learning', 'opened']);
});

test('learning starts with the first run of a rule, once for all processes', async () => {
  const { store } = evaluation([]);
  const { rule } = compiledRule(learner);
  const { evaluate, told } = evaluatorOn(store, detectorOf(learner));
  await evaluate(CLUSTER, []);
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(rule.memoryKey), 'since')).toEqual([undefined]);
  await evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON, username: 'eve' })));
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(rule.memoryKey), 'since')).toEqual([String(NOON)]);

  const later = evaluatorOn(store, detectorOf(learner));
  await later.evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON + DAY - 1, userAgent: 'a' })));
  await later.evaluate(CLUSTER, batchOf(anonymousRequest({ at: NOON + DAY, userAgent: 'b' })));
  expect(told.outcomes).toEqual([]);
  expect(later.told.outcomes).toEqual(['learning', 'opened']);
});

test('each cluster learns separately', async () => {
  const { evaluate, told } = evaluatorOn(evaluation([]).store, detectorOf(learner));
  await evaluate('one', batchOf(anonymousRequest({ at: NOON })));
  await evaluate('two', batchOf(anonymousRequest({ at: NOON + 2 * DAY })));
  await evaluate('one', batchOf(anonymousRequest({ at: NOON + 2 * DAY, userAgent: 'new' })));
  expect(told.outcomes).toEqual(['learning', 'learning', 'opened']);
});

test('retries an unavailable store when a rule starts, and does not hide a bug', async () => {
  const { store } = evaluation([]);
  const { rule } = compiledRule(learner);
  let fault: Error | undefined = new OperationalError('store_unavailable', 'away');
  const failing = withFaults(store, () => {
    if (fault !== undefined) throw fault;
  });
  const { evaluate } = evaluatorOn(failing, detectorOf(learner));
  const quiet = (at: number) => batchOf(anonymousRequest({ at, username: 'eve' }));
  await evaluate(CLUSTER, quiet(NOON));
  fault = new TypeError('a bug');
  await expect(evaluate(CLUSTER, quiet(NOON + 1))).rejects.toThrow(TypeError);
  fault = undefined;
  await evaluate(CLUSTER, quiet(NOON + 2));
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(rule.memoryKey), 'since')).toEqual([String(NOON + 2)]);
});

test('a batch without a decision does not need the store', async () => {
  const away = withFaults(evaluation([]).store, () => {
    throw new OperationalError('store_unavailable', 'away');
  });
  const { evaluate } = evaluatorOn(away, detectorOf(ruleDocument()));
  await evaluate(CLUSTER, batchOf(anonymousRequest({ username: 'eve' })));
  await expect(evaluate(CLUSTER, batchOf(anonymousRequest()))).rejects.toThrow(OperationalError);
});

test('a batch over days keeps the terms and openings that its own later events need', async () => {
  const { store } = evaluation([]);
  const document = ruleDocument({ newTerms: { windowMicros: DAY }, budget: { alertsPerHour: 1 } });
  const { evaluate, told } = evaluatorOn({ ...store, decisionsPerCommit: 1 }, detectorOf(document));
  await evaluate(
    CLUSTER,
    batchOf(
      anonymousRequest({ at: NOON }),
      anonymousRequest({ at: NOON + HOUR / 2, userAgent: 'other' }),
      anonymousRequest({ at: NOON + DAY }),
      anonymousRequest({ at: NOON + DAY + 1 }),
      anonymousRequest({ at: NOON + 9 * DAY, userAgent: 'last' }),
    ),
  );
  expect(told.outcomes).toEqual(['opened', 'overflow', 'known', 'known', 'opened']);
  expect(await readAlerts(store, CLUSTER)).toHaveLength(3);
});
