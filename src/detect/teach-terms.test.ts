import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, fieldsOf, hashOf, write } from '../../test/support/state-access.ts';
import { DAY, HOUR, LATENESS, MINUTE, TERM_CAP } from '../rules/limits.ts';
import { parseSilentTerm } from '../rules/silent-term.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { type Lesson, teachTerms } from './teach-terms.ts';

const WEEK = 7 * DAY;
const document = ruleDocument({ newTerms: {} });
const { rule } = compiledRule(document);
const termsKey = stateKeys.terms(rule.memoryKey);
const silentKey = stateKeys.silent(rule.memoryKey);

function lesson(first: number, last = first, approved = false): Lesson {
  return {
    last,
    first: { at: first, request: 'r', what: 'eve list pods', by: 'backfill' },
    ...(approved && { approved: true as const }),
  };
}

function classroom() {
  const at = evaluation([document]);
  return {
    ...at,
    teach(lessons: Readonly<Record<string, Lesson>>, reached = NOON) {
      const { reads, step } = teachTerms(rule, new Map(Object.entries(lessons)), reached);
      return at.store.update(CLUSTER, reads, step);
    },
    terms: async () =>
      new Map((await entriesOf(at.store, CLUSTER, termsKey)).map(({ member, score }) => [member, score])),
    async silent() {
      const fields = await hashOf(at.store, CLUSTER, silentKey);
      return new Map([...fields].map(([term, text]) => [term, parseSilentTerm(text).at]));
    },
  };
}

const COUNTS = { learned: 0, known: 0, outdated: 0, crowdedOut: 0 };

test('a taught term is known and listed as learned without an alert', async () => {
  const { teach, send, alerts, terms, silent } = classroom();
  expect(await teach({ '["masscan/1.3"]': lesson(NOON - DAY, NOON - HOUR) })).toEqual({ ...COUNTS, learned: 1 });
  expect(await terms()).toEqual(new Map([['["masscan/1.3"]', NOON - HOUR]]));
  expect(await silent()).toEqual(new Map([['["masscan/1.3"]', NOON - DAY]]));
  expect(await send(anonymousRequest(), anonymousRequest({ at: NOON + 1, userAgent: 'b' }))).toEqual([
    'known',
    'opened',
  ]);
  expect(await alerts()).toHaveLength(1);
});

test('teaching again only extends first and last sightings', async () => {
  const { teach, terms, silent } = classroom();
  const lessons = { '["a"]': lesson(NOON - HOUR, NOON), '["b"]': lesson(NOON) };
  await teach(lessons);
  const [termsBefore, silentBefore] = [await terms(), await silent()];
  expect(await teach(lessons)).toEqual({ ...COUNTS, known: 2 });
  expect(await terms()).toEqual(termsBefore);
  expect(await silent()).toEqual(silentBefore);

  await teach({ '["a"]': lesson(NOON - DAY, NOON - MINUTE), '["b"]': lesson(NOON + 1) });
  expect([...(await terms()).values()]).toEqual([NOON, NOON + 1]); // never set back
  expect(Object.fromEntries(await silent())).toEqual({ '["a"]': NOON - DAY, '["b"]': NOON });
});

test('a term with an alert or an approval is not listed as learned without an alert', async () => {
  const { teach, send, silent } = classroom();
  await send(anonymousRequest());
  expect(await teach({ '["masscan/1.3"]': lesson(NOON - HOUR), '["a"]': lesson(NOON, NOON, true) })).toEqual({
    ...COUNTS,
    known: 1,
    learned: 1,
  });
  expect(await silent()).toEqual(new Map());
});

test('keeps the approval of a taught term', async () => {
  const { teach, silent } = classroom();
  await teach({ '["a"]': lesson(NOON) });
  await teach({ '["a"]': lesson(NOON, NOON, true) });
  expect(await silent()).toEqual(new Map());
});

test('does not teach terms last seen before the window of the logs or the cluster', async () => {
  const { teach, send, terms } = classroom();
  const edge = NOON - WEEK - LATENESS;
  expect(await teach({ '["a"]': lesson(edge), '["b"]': lesson(edge - 1) })).toEqual({
    ...COUNTS,
    learned: 1,
    outdated: 1,
  });
  await send(anonymousRequest({ at: NOON + HOUR, userAgent: 'c' }));
  expect(await teach({ '["a"]': lesson(edge) }, 0)).toEqual({ ...COUNTS, outdated: 1 });
  expect([...(await terms()).keys()]).toEqual(['["c"]']);
});

test('at the limit, newer terms replace the oldest, and older ones find no room', async () => {
  const { teach, store, terms, silent } = classroom();
  await teach({ '["old"]': lesson(NOON - DAY), '["older"]': lesson(NOON - DAY - 1) });
  const entries = Array.from({ length: TERM_CAP - 2 }, (_, i) => ({ member: `["${i}"]`, score: NOON }));
  await write(store, CLUSTER, { kind: 'setScores', key: termsKey, mode: 'set', entries });
  expect(await teach({ '["new"]': lesson(NOON - HOUR), '["ancient"]': lesson(NOON - 2 * DAY) })).toEqual({
    ...COUNTS,
    learned: 1,
    crowdedOut: 1,
  });
  const held = [...(await terms()).keys()];
  expect(held).toHaveLength(TERM_CAP);
  expect(held).toEqual(expect.arrayContaining(['["new"]', '["old"]']));
  expect(held).not.toContain('["older"]');
  expect(held).not.toContain('["ancient"]');
  expect([...(await silent()).keys()].sort()).toEqual(['["new"]', '["old"]']);
  expect(await fieldsOf(store, CLUSTER, stateKeys.rule(rule.memoryKey), 'evicted')).toEqual(['1']);
});

test('an expired term that alerts is no longer listed as learned without an alert', async () => {
  const { teach, send, silent } = classroom();
  await teach({ '["masscan/1.3"]': lesson(NOON - WEEK - 1) });
  expect(await send(anonymousRequest())).toEqual(['opened']);
  expect(await silent()).toEqual(new Map());
});
