import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLike } from './like.ts';
import type { LikePiece } from './predicate.ts';

function pieces(pattern: string): LikePiece[] {
  return [...pattern].map((character) => {
    if (character === '*') return 'any';
    return character === '?' ? 'one' : { literal: character };
  });
}

function matches(pattern: string, text: string): boolean {
  return compileLike(pieces(pattern))(text);
}

test('an asterisk stands for any text, a question mark for one character', () => {
  for (const [pattern, text] of [
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
  ] as const) {
    assert.ok(matches(pattern, text), `${pattern} matches ${JSON.stringify(text)}`);
  }
  for (const [pattern, text] of [
    ['?', ''],
    ['?', 'ab'],
    ['a?c', 'ac'],
    ['a?c', 'abbc'],
    ['a?c', 'xabc'],
    ['a?c', 'abcx'],
    ['*a?', 'a'],
    ['?*?', 'a'],
    ['', 'a'],
  ] as const) {
    assert.ok(!matches(pattern, text), `${pattern} does not match ${JSON.stringify(text)}`);
  }
});

test('one character is a code point, not a UTF-16 unit', () => {
  assert.ok(matches('?', '😀'));
  assert.ok(!matches('??', '😀'));
  assert.ok(matches('a?b', 'a😀b'));
  assert.ok(matches('?😀', 'é😀'));
});

test('patterns of more places than fit into a word', () => {
  for (const length of [31, 32, 33, 63, 64, 65, 200]) {
    const text = 'ab'.repeat(length).slice(0, length);
    assert.ok(matches('?'.repeat(length), text), `${length} characters`);
    assert.ok(!matches('?'.repeat(length), `${text}x`));
    assert.ok(!matches(`${'?'.repeat(length)}x`, text));
    assert.ok(matches(`*${'?'.repeat(length)}`, `xx${text}`));
    assert.ok(matches(`?${text.slice(1)}*x`, `${text}bx`));
  }
});

test('a hostile text takes linear time', () => {
  const text = 'a'.repeat(1_000_000);
  assert.ok(!matches('*a?*a?*a?*a?*b', text));
  assert.ok(!matches(`*${'a?'.repeat(100)}b`, text));
});
