import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyBefore, anyBehind, matchesText, parseText, plainText, type TextPattern } from './sigma-text.ts';

const literal = (text: string) => ({ literal: text });

test('wildcards, and backslashes before them', () => {
  const cases: readonly (readonly [string, TextPattern])[] = [
    ['', []],
    ['pods', [literal('pods')]],
    ['a*b?', [literal('a'), 'any', literal('b'), 'one']],
    ['a**b', [literal('a'), 'any', literal('b')]],
    ['??', ['one', 'one']],
    ['a\\*b', [literal('a*b')]],
    ['a\\?', [literal('a?')]],
    ['a\\b', [literal('a\\b')]],
    ['a\\\\b', [literal('a\\b')]],
    ['a\\\\*', [literal('a\\'), 'any']],
    ['a\\\\\\*', [literal('a\\*')]],
    ['\\\\\\\\', [literal('\\\\')]],
    ['end\\', [literal('end\\')]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseText(text), expected, text);
});

test('any text before and behind, once', () => {
  assert.deepEqual(anyBefore(parseText('a')), ['any', literal('a')]);
  assert.deepEqual(anyBefore(parseText('*a')), ['any', literal('a')]);
  assert.deepEqual(anyBehind(parseText('a')), [literal('a'), 'any']);
  assert.deepEqual(anyBehind(parseText('')), ['any']);
});

test('a pattern without wildcards is a plain text', () => {
  assert.equal(plainText(parseText('a\\*')), 'a*');
  assert.equal(plainText(parseText('')), '');
  assert.equal(plainText(parseText('*')), undefined);
  assert.equal(plainText(parseText('a*')), undefined);
});

test('a pattern is that of a whole text, in any letter case', () => {
  const matches = (pattern: string, text: string): boolean => matchesText(parseText(pattern), text);
  assert.ok(matches('req*', 'RequestResponse') && matches('*RESPONSE', 'RequestResponse') && matches('?llow', 'allow'));
  assert.ok(matches('*e*e*', 'Request') && matches('', ''));
  assert.ok(!matches('request', 'RequestResponse') && !matches('?allow', 'allow') && !matches('allow?', 'allow'));
  assert.ok(!matches('*e*x*', 'Request') && !matches('', 'a'));
});
