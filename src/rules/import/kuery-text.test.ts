import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest } from '../../../test/support/events.ts';
import { resolveField } from '../../ecs/fields.ts';
import { compilePredicate } from '../../query/compile.ts';
import { parseKql } from '../../query/kql/parse.ts';
import { createFieldSlots } from '../../query/slots.ts';
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
  assert.ok(parsed.kind === 'ok', `${text}: ${JSON.stringify(parsed)}`);
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

test('a value is compared as it is, whatever it holds', () => {
  for (const value of HARD) {
    assert.ok(selects(kueryEquals(AGENT, value), value), JSON.stringify(value));
    assert.ok(!selects(kueryEquals(AGENT, value), `${value}x`), JSON.stringify(value));
    assert.ok(selects(kueryOneOf(AGENT, ['other', value]), value), JSON.stringify(value));
    assert.ok(selects(kueryWildcard(AGENT, [value, '']), `${value}x`), JSON.stringify(value));
    assert.ok(!selects(kueryWildcard(AGENT, [value, '']), `x${value}`), JSON.stringify(value));
  }
});

test('conditions are put together as they are meant', () => {
  const [a, b] = [kueryEquals(AGENT, 'a'), kueryEquals(AGENT, 'b')];
  assert.ok(selects(kueryAnd([kueryOr([a, b]), kueryNot(b)]), 'a'));
  assert.ok(!selects(kueryAnd([kueryOr([a, b]), kueryNot(b)]), 'b'));
  assert.ok(selects(kueryNot(kueryOr([a, b])), 'c'));
  assert.ok(selects(kueryExists(AGENT), 'c') && !selects(kueryExists(AGENT), null));
  assert.ok(selects(kueryCompare(AGENT, '>=', 'b'), 'c') && !selects(kueryCompare(AGENT, '>=', 'b'), 'a'));
});

test('nothing to put together has a meaning too', () => {
  assert.deepEqual(
    [kueryAnd([]), kueryOr([]), kueryOneOf(AGENT, []), kueryNot(kueryAnd([]))].map((text) => selects(text, 'a')),
    [true, false, false, false],
  );
});
