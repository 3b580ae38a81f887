import { expect, test } from '@jest/globals';
import { anyBefore, anyBehind, matchesText, parseText, plainText, type TextPattern } from './sigma-text.ts';

const literal = (text: string) => ({ literal: text });

test.each<readonly [string, TextPattern]>([
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
])('wildcards, and backslashes before them: %s', (text, expected) => {
  expect(parseText(text)).toEqual(expected);
});

test('any text before and behind, once', () => {
  expect(anyBefore(parseText('a'))).toEqual(['any', literal('a')]);
  expect(anyBefore(parseText('*a'))).toEqual(['any', literal('a')]);
  expect(anyBehind(parseText('a'))).toEqual([literal('a'), 'any']);
  expect(anyBehind(parseText(''))).toEqual(['any']);
});

test('a pattern without wildcards is a plain text', () => {
  expect(plainText(parseText('a\\*'))).toBe('a*');
  expect(plainText(parseText(''))).toBe('');
  expect(plainText(parseText('*'))).toBeUndefined();
  expect(plainText(parseText('a*'))).toBeUndefined();
});

test('a pattern is that of a whole text, in any letter case', () => {
  const matches = (pattern: string, text: string): boolean => matchesText(parseText(pattern), text);
  expect(matches('req*', 'RequestResponse')).toBe(true);
  expect(matches('*RESPONSE', 'RequestResponse')).toBe(true);
  expect(matches('?llow', 'allow')).toBe(true);
  expect(matches('*e*e*', 'Request')).toBe(true);
  expect(matches('', '')).toBe(true);
  expect(matches('request', 'RequestResponse')).toBe(false);
  expect(matches('?allow', 'allow')).toBe(false);
  expect(matches('allow?', 'allow')).toBe(false);
  expect(matches('*e*x*', 'Request')).toBe(false);
  expect(matches('', 'a')).toBe(false);
});
