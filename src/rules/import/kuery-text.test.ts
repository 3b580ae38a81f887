import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../../test/support/events.ts';
import { expectKind } from '../../../test/support/expect.ts';
import { resolveField } from '../../ecs/fields.ts';
import { parseKql } from '../../query/kql/parse.ts';
import { compilePredicate } from '../../query/match/compile-predicate.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import {
  kueryAnd,
  kueryCompare,
  kueryEquals,
  kueryExists,
  kueryNot,
  kueryOneOf,
  kueryOr,
  kueryWildcard,
} from './kuery-text.ts';

const AGENT = 'user_agent.original';

/** Whether the text selects a request of this user agent. */
function selects(text: string, userAgent: string | null): boolean {
  const parsed = parseKql(text, { resolveField });
  expectKind(parsed, 'ok');
  const slots = createFieldSlots();
  const matches = compilePredicate(parsed.predicate, slots);
  const memo = slots.createMemo();
  memo.reset(anonymousRequest({ userAgent }));
  return matches(memo);
}

const HARD = [
  'a b',
  'a"b',
  'a\\b',
  'a\\"b',
  'or',
  'NOT',
  '*',
  'a*b',
  '(a)',
  '{a}',
  'a:b',
  'a<b>=c',
  'a\tb\nc',
  'a\u00a0b',
  '\\n',
  'ends\\',
];

test.each(HARD)('a value is compared as it is, whatever it holds: %j', (value) => {
  expect(selects(kueryEquals(AGENT, value), value)).toBe(true);
  expect(selects(kueryEquals(AGENT, value), `${value}x`)).toBe(false);
  expect(selects(kueryOneOf(AGENT, ['other', value]), value)).toBe(true);
  expect(selects(kueryWildcard(AGENT, [value, '']), `${value}x`)).toBe(true);
  expect(selects(kueryWildcard(AGENT, [value, '']), `x${value}`)).toBe(false);
});

test('conditions are put together as they are meant', () => {
  const [a, b] = [kueryEquals(AGENT, 'a'), kueryEquals(AGENT, 'b')];
  expect(selects(kueryAnd([kueryOr([a, b]), kueryNot(b)]), 'a')).toBe(true);
  expect(selects(kueryAnd([kueryOr([a, b]), kueryNot(b)]), 'b')).toBe(false);
  expect(selects(kueryNot(kueryOr([a, b])), 'c')).toBe(true);
  expect(selects(kueryExists(AGENT), 'c')).toBe(true);
  expect(selects(kueryExists(AGENT), null)).toBe(false);
  expect(selects(kueryCompare(AGENT, '>=', 'b'), 'c')).toBe(true);
  expect(selects(kueryCompare(AGENT, '>=', 'b'), 'a')).toBe(false);
});

test('nothing to put together has a meaning too', () => {
  expect(
    [kueryAnd([]), kueryOr([]), kueryOneOf(AGENT, []), kueryNot(kueryAnd([]))].map((text) => selects(text, 'a')),
  ).toEqual([true, false, false, false]);
});
