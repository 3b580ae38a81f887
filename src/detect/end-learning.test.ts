import assert from 'node:assert/strict';
import { test } from 'node:test';
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
    since: async () => (await fieldsOf(at.store, CLUSTER, stateKeys.rule(rule.state), 'since'))[0],
  };
}

const request = (at: number) => anonymousRequest({ at, userAgent: `agent at ${at}` });

test('logs of a whole window end the learning of a rule that has not run yet', async () => {
  const { end, send } = learner();
  assert.deepEqual(await end({}), { kind: 'ended' });
  assert.deepEqual(await send(request(NOON), request(NOON + HOUR)), ['opened', 'opened']);
});

test('and of one that is learning, if they reach up to when it began', async () => {
  const { end, send } = learner();
  assert.deepEqual(await send(request(NOON)), ['learning']);
  assert.deepEqual(await end({ to: NOON - 1 }), { kind: 'ends-early', to: NOON - 1, since: NOON });
  assert.deepEqual(await send(request(NOON + MINUTE)), ['learning']);
  const late = { from: NOON + 2 * MINUTE - WEEK };
  assert.deepEqual(await end(late), { kind: 'begins-late', missing: MINUTE }, 'the window ends at the present');
  assert.deepEqual(await end({ from: NOON + MINUTE - WEEK }), { kind: 'ended' });
  assert.deepEqual(await send(request(NOON + 2 * MINUTE)), ['opened']);
  assert.deepEqual(await end({ from: NOON + MINUTE - WEEK }), { kind: 'over' }, 'again');
});

test('a learning time longer than the window ends, too', async () => {
  const { end, send } = learner(30 * DAY);
  assert.deepEqual(await end({}), { kind: 'ended' });
  assert.deepEqual(await send(request(NOON)), ['opened']);
});

test('logs that begin within the window do not end it, and nothing is written', async () => {
  const { end, since } = learner();
  assert.deepEqual(await end({ from: NOON - WEEK + 1 }), { kind: 'begins-late', missing: 1 });
  assert.equal(await since(), undefined);
});

test('logs with a hole of more than a day do not cover the window', async () => {
  const { end } = learner();
  const hole = { from: NOON - 3 * DAY, to: NOON - 2 * DAY };
  assert.deepEqual(await end({ longestSilence: { ...hole, to: hole.to + 1 } }), {
    kind: 'hole',
    ...hole,
    to: hole.to + 1,
  });
  assert.deepEqual(await end({ longestSilence: hole }), { kind: 'ended' });
});

test('whoever asks for it has it end whatever the logs cover', async () => {
  const document = ruleDocument({ newTerms: { learningMicros: DAY } });
  const { store, send } = evaluation([document]);
  await send(request(NOON));
  const { reads, step } = endLearning(
    compiledRule(document).rule,
    { from: NOON - HOUR, to: NOON - MINUTE, longestSilence: SILENCE },
    true,
  );
  assert.deepEqual(await store.update(CLUSTER, reads, step), { kind: 'ended' });
  assert.deepEqual(await send(request(NOON + 1)), ['opened']);
});

test('a rule that does not learn, or does not any more, is left alone', async () => {
  assert.deepEqual(await learner(0).end({}), { kind: 'none' });
  const { end, send, since } = learner(HOUR);
  await send(request(NOON - DAY), request(NOON));
  const before = await since();
  assert.deepEqual(await end({ from: NOON - 2 * WEEK }), { kind: 'ended' }, 'it began with the batch');
  await send(request(NOON + DAY));
  assert.deepEqual(await end({ from: NOON - 2 * WEEK }), { kind: 'over' });
  assert.notEqual(await since(), before);
});
