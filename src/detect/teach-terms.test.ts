import assert from 'node:assert/strict';
import { test } from 'node:test';
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
const termsKey = stateKeys.terms(rule.state);
const silentKey = stateKeys.silent(rule.state);

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

test('what is taught is known, without an alert, and on the list of what was learned in silence', async () => {
  const { teach, send, alerts, terms, silent } = classroom();
  assert.deepEqual(await teach({ '["masscan/1.3"]': lesson(NOON - DAY, NOON - HOUR) }), { ...COUNTS, learned: 1 });
  assert.deepEqual(await terms(), new Map([['["masscan/1.3"]', NOON - HOUR]]));
  assert.deepEqual(await silent(), new Map([['["masscan/1.3"]', NOON - DAY]]));
  assert.deepEqual(await send(anonymousRequest(), anonymousRequest({ at: NOON + 1, userAgent: 'b' })), [
    'known',
    'opened',
  ]);
  assert.equal((await alerts()).length, 1);
});

test('taught again nothing changes, but that earlier and later sightings count', async () => {
  const { teach, terms, silent } = classroom();
  const lessons = { '["a"]': lesson(NOON - HOUR, NOON), '["b"]': lesson(NOON) };
  await teach(lessons);
  const [termsBefore, silentBefore] = [await terms(), await silent()];
  assert.deepEqual(await teach(lessons), { ...COUNTS, known: 2 });
  assert.deepEqual([await terms(), await silent()], [termsBefore, silentBefore]);

  await teach({ '["a"]': lesson(NOON - DAY, NOON - MINUTE), '["b"]': lesson(NOON + 1) });
  assert.deepEqual([...(await terms()).values()], [NOON, NOON + 1], 'never set back');
  assert.deepEqual(Object.fromEntries(await silent()), { '["a"]': NOON - DAY, '["b"]': NOON });
});

test('a term that alerted, or that was approved, does not become silent', async () => {
  const { teach, send, silent } = classroom();
  await send(anonymousRequest());
  assert.deepEqual(await teach({ '["masscan/1.3"]': lesson(NOON - HOUR), '["a"]': lesson(NOON, NOON, true) }), {
    ...COUNTS,
    known: 1,
    learned: 1,
  });
  assert.deepEqual(await silent(), new Map());
});

test('a term that somebody approved elsewhere is approved here', async () => {
  const { teach, silent } = classroom();
  await teach({ '["a"]': lesson(NOON) });
  await teach({ '["a"]': lesson(NOON, NOON, true) });
  assert.deepEqual(await silent(), new Map());
});

test('what was last seen before the window, as of the logs or of the cluster, is not taught', async () => {
  const { teach, send, terms } = classroom();
  const edge = NOON - WEEK - LATENESS;
  assert.deepEqual(await teach({ '["a"]': lesson(edge), '["b"]': lesson(edge - 1) }), {
    ...COUNTS,
    learned: 1,
    outdated: 1,
  });
  await send(anonymousRequest({ at: NOON + HOUR, userAgent: 'c' }));
  assert.deepEqual(await teach({ '["a"]': lesson(edge) }, 0), { ...COUNTS, outdated: 1 });
  assert.deepEqual([...(await terms()).keys()], ['["c"]']);
});

test('at the cap the oldest give way to newer ones, and older ones find no room', async () => {
  const { teach, store, terms, silent } = classroom();
  await teach({ '["old"]': lesson(NOON - DAY), '["older"]': lesson(NOON - DAY - 1) });
  const entries = Array.from({ length: TERM_CAP - 2 }, (_, i) => ({ member: `["${i}"]`, score: NOON }));
  await write(store, CLUSTER, { kind: 'setScores', key: termsKey, mode: 'set', entries });
  assert.deepEqual(await teach({ '["new"]': lesson(NOON - HOUR), '["ancient"]': lesson(NOON - 2 * DAY) }), {
    ...COUNTS,
    learned: 1,
    crowdedOut: 1,
  });
  const held = await terms();
  assert.equal(held.size, TERM_CAP);
  assert.deepEqual(
    ['["new"]', '["old"]', '["older"]', '["ancient"]'].map((term) => held.has(term)),
    [true, true, false, false],
  );
  assert.deepEqual([...(await silent()).keys()].sort(), ['["new"]', '["old"]']);
  assert.deepEqual(await fieldsOf(store, CLUSTER, stateKeys.rule(rule.state), 'evicted'), ['1']);
});

test('a term that aged and then alerted is not silent any more', async () => {
  const { teach, send, silent } = classroom();
  await teach({ '["masscan/1.3"]': lesson(NOON - WEEK - 1) });
  assert.deepEqual(await send(anonymousRequest()), ['opened']);
  assert.deepEqual(await silent(), new Map());
});
