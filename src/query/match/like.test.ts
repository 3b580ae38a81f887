import { expect, test } from '@jest/globals';
import type { LikePiece } from '../predicate/predicate.ts';
import { compileLike } from './like.ts';

function pieces(pattern: string): LikePiece[] {
  return [...pattern].map((character) => {
    if (character === '*') return 'any';
    return character === '?' ? 'one' : { literal: character };
  });
}

function matches(pattern: string, text: string): boolean {
  return compileLike(pieces(pattern))(text);
}

test.each([
  ['', ''],
  ['?', 'a'],
  ['a?c', 'abc'],
  ['??', 'ab'],
  ['?*', 'a'],
  ['*?', 'abc'],
  ['a*?c', 'aXYc'],
  ['*a?b*', 'xxaxbaab'],
  ['kube-?????-*', 'kube-proxy-x7'],
  ['*?', '\n'],
  ['*', ''],
  ['a*b', 'a*b'],
] as const)('an asterisk stands for any text, a question mark for one character: %s', (pattern, text) => {
  expect([`${pattern} matches ${JSON.stringify(text)}`, matches(pattern, text)]).toEqual([
    `${pattern} matches ${JSON.stringify(text)}`,
    true,
  ]);
});

test.each([
  ['?', ''],
  ['?', 'ab'],
  ['a?c', 'ac'],
  ['a?c', 'abbc'],
  ['a?c', 'xabc'],
  ['a?c', 'abcx'],
  ['*a?', 'a'],
  ['?*?', 'a'],
  ['', 'a'],
] as const)('an asterisk stands for any text, a question mark for one character: %s', (pattern, text) => {
  expect([`${pattern} does not match ${JSON.stringify(text)}`, matches(pattern, text)]).toEqual([
    `${pattern} does not match ${JSON.stringify(text)}`,
    false,
  ]);
});

test('one character is a code point, not a UTF-16 unit', () => {
  expect(matches('?', '😀')).toBe(true);
  expect(matches('??', '😀')).toBe(false);
  expect(matches('a?b', 'a😀b')).toBe(true);
  expect(matches('?😀', 'é😀')).toBe(true);
});

test.each([31, 32, 33, 63, 64, 65, 200])('patterns of more places than fit into a word: %j', (length) => {
  const text = 'ab'.repeat(length).slice(0, length);
  expect(matches('?'.repeat(length), text)).toBe(true);
  expect(matches('?'.repeat(length), `${text}x`)).toBe(false);
  expect(matches(`${'?'.repeat(length)}x`, text)).toBe(false);
  expect(matches(`*${'?'.repeat(length)}`, `xx${text}`)).toBe(true);
  expect(matches(`?${text.slice(1)}*x`, `${text}bx`)).toBe(true);
});

test('a hostile text takes linear time', () => {
  const text = 'a'.repeat(1_000_000);
  expect(matches('*a?*a?*a?*a?*b', text)).toBe(false);
  expect(matches(`*${'a?'.repeat(100)}b`, text)).toBe(false);
});
