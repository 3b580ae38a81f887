import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { compiledRule, detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, hashOf } from '../../test/support/state-access.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { DAY, HOUR } from '../rules/limits.ts';
import { parseSilentTerm } from '../rules/silent-term.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { createBackfill } from './backfill.ts';

const WEEK = 7 * DAY;
const learning = ruleDocument({ name: 'learning', newTerms: { learningMicros: DAY } });
const eager = ruleDocument({ name: 'eager', newTerms: { fields: ['user.name', 'user_agent.original'] } });
const excepted = ruleDocument({
  name: 'excepted',
  newTerms: {},
  exceptions: [{ query: 'user_agent.original: fine', language: 'kuery', reason: 'known' }],
});
const DOCUMENTS = [learning, eager, excepted];
const KEYS = DOCUMENTS.map((document) => compiledRule(document).rule.memoryKey);

/** An event each hour of the window, so that it is covered. */
const HOURS = Array.from({ length: 7 * 24 + 1 }, (_, hour) => {
  return anonymousRequest({ at: NOON - WEEK + hour * HOUR, userAgent: `agent/${hour % 3}` });
});

function backfilled() {
  const at = evaluation(DOCUMENTS);
  return {
    ...at,
    async backfill(events: readonly DecodedEvent[], complete = true) {
      const backfill = createBackfill(at.store, CLUSTER, detectorOf(...DOCUMENTS));
      for (const event of events) backfill.add([event]);
      return backfill.finish(complete);
    },
    async held() {
      const terms = await Promise.all(
        KEYS.map((memoryKey) => entriesOf(at.store, CLUSTER, stateKeys.terms(memoryKey))),
      );
      const silent = await Promise.all(KEYS.map((memoryKey) => hashOf(at.store, CLUSTER, stateKeys.silent(memoryKey))));
      return { terms, silent };
    },
  };
}

test('terms in the logs are known without alerts, and learning ends if they cover the window', async () => {
  const { backfill, send, alerts, held } = backfilled();
  const { time, rules, faults } = await backfill(HOURS);
  expect(time).toEqual({ from: NOON - WEEK, to: NOON });
  expect(faults).toBe(0);
  expect(
    rules.map(({ rule, learned, known, learning: end }) => [rule.document.name, learned, known, end.kind]),
  ).toEqual([
    ['learning', 3, 0, 'ended'],
    ['eager', 3, 0, 'none'],
    ['excepted', 3, 0, 'none'],
  ]);
  expect(await alerts()).toEqual([]);
  const [silent] = (await held()).silent;
  expect(
    [...(silent ?? [])].map(([term, text]) => [term, parseSilentTerm(text).at, parseSilentTerm(text).by]).sort(),
  ).toEqual([0, 1, 2].map((n) => [`["agent/${n}"]`, NOON - WEEK + n * HOUR, 'backfill']));
  const again = anonymousRequest({ at: NOON + 1, userAgent: 'agent/1' });
  const other = anonymousRequest({ at: NOON + 2, userAgent: 'agent/4' });
  expect(await send(again, other)).toEqual(['known', 'known', 'known', 'opened', 'opened', 'opened']);
});

test('repetition, order and splitting of the logs do not change the result', async () => {
  const first = backfilled();
  await first.backfill(HOURS);
  const expected = await first.held();
  const { rules } = await first.backfill(HOURS);
  expect(await first.held()).toEqual(expected);
  expect(rules.map(({ learned, known, learning: { kind } }) => [learned, known, kind])).toEqual([
    [0, 3, 'over'],
    [0, 3, 'none'],
    [0, 3, 'none'],
  ]);
  const reversed = backfilled();
  await reversed.backfill(HOURS.toReversed());
  expect(await reversed.held()).toEqual(expected);
  const halves = backfilled();
  await halves.backfill(HOURS.slice(80));
  await halves.backfill(HOURS.slice(0, 80));
  expect((await halves.held()).terms).toEqual(expected.terms);
});

test('a rule learns only from events that it matches', async () => {
  const { backfill, held } = backfilled();
  await backfill([
    anonymousRequest({ userAgent: 'fine' }),
    anonymousRequest({ userAgent: 'other', username: 'eve' }),
    anonymousRequest({ userAgent: null }),
  ]);
  const names = (await held()).terms.map((terms) => terms.map(({ member }) => member));
  expect(names).toEqual([['["fine"]'], ['["system:anonymous","fine"]'], []]);
});

test('logs with a gap, broken logs and no logs do not end learning', async () => {
  const kindOf = async (events: readonly DecodedEvent[], complete = true) => {
    const { rules, time } = await backfilled().backfill(events, complete);
    return [rules[0]?.learning.kind, time !== undefined];
  };
  expect(await kindOf([...HOURS.slice(0, 60), ...HOURS.slice(86)])).toEqual(['hole', true]);
  expect(await kindOf([...HOURS.slice(0, 60), ...HOURS.slice(80)])).toEqual(['ended', true]);
  expect(await kindOf(HOURS, false)).toEqual(['unread', true]);
  expect(await kindOf(HOURS.slice(1))).toEqual(['begins-late', true]);
  expect(await kindOf([])).toEqual(['none', false]);
});
