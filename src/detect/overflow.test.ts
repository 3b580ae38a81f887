import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { entriesOf } from '../../test/support/state-access.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { Tally } from './alert.ts';
import { countedIn } from './overflow.ts';

const tallyOf = (names: readonly string[]) => names.reduce<Tally>(countedIn, []);

const others = Array.from({ length: 9_000 }, (_, i) => `other-${i}`);
const mine = Array.from({ length: 1_000 }, () => 'eve');

test.each([
  ['first', [...mine, ...others]],
  ['last', [...others, ...mine]],
  ['in between', others.flatMap((name, i) => (i % 9 === 0 ? [name, 'eve'] : [name]))],
])('a name with more than one part in sixteen has a counter, if it comes %s', (_, names) => {
  const tally = tallyOf(names);
  expect(tally).toHaveLength(16);
  const [, count = 0, excess = 0] = tally.find(([name]) => name === 'eve') ?? [];
  expect(count).toBeGreaterThanOrEqual(1_000);
  expect(count - excess).toBeLessThanOrEqual(1_000);
  expect(tally.reduce((sum, counter) => sum + counter[1], 0)).toBe(10_000);
});

test('counts are exact if there is a counter for each name', () => {
  expect(tallyOf(['a', 'b', 'a', '', 'a'])).toEqual([
    ['a', 3, 0],
    ['b', 1, 0],
    ['', 1, 0],
  ]);
});

test('an overflow alert has users, addresses and its beginning, and is in the index until it ends', async () => {
  const { send, alerts, store } = evaluation([
    ruleDocument({ query: 'event.action: list', newTerms: {}, budget: { alertsPerHour: 1 } }),
  ]);
  const nth = (n: number) =>
    anonymousRequest({
      at: NOON + n * SECOND,
      userAgent: `agent-${n}`,
      username: n % 3 === 0 ? 'eve' : 'mallory',
      sourceIPs: ['198.51.100.1', `203.0.113.${n % 2}`],
      event: n === 7 ? { impersonatedUser: { username: 'root' } } : {},
    });
  await send(...[0, 1, 2, 3, 4, 5, 6, 7].map(nth));
  const alert = (await alerts()).find(({ spec }) => spec.overflow);
  expect(alert?.state.overflow).toEqual({
    since: NOON + SECOND,
    users: [
      ['mallory', 4, 0],
      ['eve', 2, 0],
      ['mallory as root', 1, 0],
    ],
    sources: [
      ['203.0.113.1', 4, 0],
      ['203.0.113.0', 3, 0],
    ],
  });
  expect(await entriesOf(store, CLUSTER, stateKeys.overflows)).toEqual([
    { member: alert?.id, score: NOON + 7 * SECOND },
  ]);
});

test('an ordinary alert is not in the index of overflow alerts', async () => {
  const { send, alerts, store } = evaluation([ruleDocument()]);
  await send(anonymousRequest({ at: NOON }), anonymousRequest({ at: NOON + MINUTE }));
  expect((await alerts()).map(({ state }) => [state.count, state.overflow, state.samples])).toEqual([
    [2, undefined, undefined],
  ]);
  expect(await entriesOf(store, CLUSTER, stateKeys.overflows)).toEqual([]);
});
