import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { fieldsOf } from '../../test/support/state-access.ts';
import { DAY, HOUR, MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { endLearning, type LoggedTime } from './end-learning.ts';

const WEEK = 7 * DAY;
const SILENCE = { from: NOON - 2 * HOUR, to: NOON - HOUR };

function learner(learningMicros = DAY) {
  const document = ruleDocument({ newTerms: { learningMicros } });
  const { rule } = compiledRule(document);
  const at = evaluation([document]);
  return {
    ...at,
    end(time: Partial<LoggedTime>) {
      const { reads, step } = endLearning(rule, { from: NOON - WEEK, to: NOON, longestSilence: SILENCE, ...time });
      return at.store.update(CLUSTER, reads, step);
    },
    since: async () => (await fieldsOf(at.store, CLUSTER, stateKeys.rule(rule.memoryKey), 'since'))[0],
  };
}

const request = (at: number) => anonymousRequest({ at, userAgent: `agent at ${at}` });

test('logs of a whole window end the learning of a rule before its first run', async () => {
  const { end, send } = learner();
  expect(await end({})).toEqual({ kind: 'ended' });
  expect(await send(request(NOON), request(NOON + HOUR))).toEqual(['opened', 'opened']);
});

test('logs end the learning of a running rule if they reach up to its start', async () => {
  const { end, send } = learner();
  expect(await send(request(NOON))).toEqual(['learning']);
  expect(await end({ to: NOON - 1 })).toEqual({ kind: 'ends-early', to: NOON - 1, since: NOON });
  expect(await send(request(NOON + MINUTE))).toEqual(['learning']);
  const late = { from: NOON + 2 * MINUTE - WEEK };
  expect(await end(late)).toEqual({ kind: 'begins-late', missing: MINUTE }); // the window ends at the present
  expect(await end({ from: NOON + MINUTE - WEEK })).toEqual({ kind: 'ended' });
  expect(await send(request(NOON + 2 * MINUTE))).toEqual(['opened']);
  expect(await end({ from: NOON + MINUTE - WEEK })).toEqual({ kind: 'over' }); // again
});

test('a learning time longer than the window ends, too', async () => {
  const { end, send } = learner(30 * DAY);
  expect(await end({})).toEqual({ kind: 'ended' });
  expect(await send(request(NOON))).toEqual(['opened']);
});

test('logs that begin within the window do not end it, and nothing is written', async () => {
  const { end, since } = learner();
  expect(await end({ from: NOON - WEEK + 1 })).toEqual({ kind: 'begins-late', missing: 1 });
  expect(await since()).toBeUndefined();
});

test('logs with a gap of more than a day do not cover the window', async () => {
  const { end } = learner();
  const hole = { from: NOON - 3 * DAY, to: NOON - 2 * DAY };
  expect(await end({ longestSilence: { ...hole, to: hole.to + 1 } })).toEqual({
    kind: 'hole',
    ...hole,
    to: hole.to + 1,
  });
  expect(await end({ longestSilence: hole })).toEqual({ kind: 'ended' });
});

test('with anyway, learning ends whatever the logs cover', async () => {
  const document = ruleDocument({ newTerms: { learningMicros: DAY } });
  const { store, send } = evaluation([document]);
  await send(request(NOON));
  const { reads, step } = endLearning(
    compiledRule(document).rule,
    { from: NOON - HOUR, to: NOON - MINUTE, longestSilence: SILENCE },
    true,
  );
  expect(await store.update(CLUSTER, reads, step)).toEqual({ kind: 'ended' });
  expect(await send(request(NOON + 1))).toEqual(['opened']);
});

test('ignores a rule that does not learn or has finished learning', async () => {
  expect(await learner(0).end({})).toEqual({ kind: 'none' });
  const { end, send, since } = learner(HOUR);
  await send(request(NOON - DAY), request(NOON));
  const before = await since();
  expect(await end({ from: NOON - 2 * WEEK })).toEqual({ kind: 'ended' }); // it began with the batch
  await send(request(NOON + DAY));
  expect(await end({ from: NOON - 2 * WEEK })).toEqual({ kind: 'over' });
  expect(await since()).not.toBe(before);
});
