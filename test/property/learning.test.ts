/** Learning, backfills, approving and forgetting, in any order, against a naive reading of what is documented. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAlerts } from '../../src/alerts/records.ts';
import { CLUSTER } from '../support/evaluation.ts';
import { NOON } from '../support/events.ts';
import { actualLearning, expectedLearning, histories, knownIn, LEARNER } from '../support/learning-reference.ts';
import { evaluatorOn, onStore } from '../support/protocol-runs.ts';

test('what a rule knows, what of it is silent, and what it alerted on', async () => {
  let alerts = 0;
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const expected = expectedLearning(history);
      alerts += expected.alerts.length;
      await onStore(async (store) => {
        const memory = await actualLearning(store, CLUSTER, evaluatorOn(store, [LEARNER]), history);
        const opened = (await readAlerts(store, CLUSTER)).map(({ spec, state }) => {
          return `${spec.newTerms?.[0]?.value.split('/')[0]} at ${state.openedAt - NOON}`;
        });
        expect(opened.sort()).toEqual(expected.alerts.toSorted());
        expect(knownIn(memory)).toEqual(expected.known);
      });
    }),
    { numRuns: 200 },
  );
  expect(alerts).toBeGreaterThan(100); // the histories are worth something
});
