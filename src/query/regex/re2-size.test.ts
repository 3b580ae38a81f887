import { expect, test } from '@jest/globals';
import { compileRegex } from './compile-regex.ts';
import { re2Size } from './re2-size.ts';

test.each<readonly [string, number]>([
  ['', 0],
  ['abc', 3],
  ['a{3}', 3],
  ['a{2,5}b', 6],
  ['a{7,}', 7],
  ['(ab){10}', 20],
  ['((a{3}b){4}c){5}', 85],
  ['(?:a|b){100}', 500],
  ['[a-z]{9}', 9],
  ['[]{9}]{9}', 9],
  ['[^\\]{9}]', 1],
  ['\\{9}', 3],
  ['a{x}', 4],
  ['a{0}', 1],
  ['a)b', 3],
  ['((((', 0],
])('counts are written out, within each other too: %s', (source, size) => {
  expect(re2Size(source)).toEqual(size);
});

test('what is too large to prepare is refused', () => {
  const refused = compileRegex('[a-z]{1,1000}'.repeat(11), 're2');
  expect(refused.kind === 'invalid' ? refused.problem.message : '').toMatch(/too complex/);
  expect(compileRegex('[a-z]{1,1000}'.repeat(9), 're2').kind).toBe('ok');
});
