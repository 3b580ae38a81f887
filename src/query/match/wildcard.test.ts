import { expect, test } from '@jest/globals';
import { compileWildcard } from './wildcard.ts';

function matches(pattern: string, text: string): boolean {
  return compileWildcard(pattern.split('*'))(text);
}

test.each([
  ['*', ''],
  ['a*', 'a'],
  ['a*', 'abc'],
  ['*c', 'abc'],
  ['*b*', 'abc'],
  ['a*c', 'ac'],
  ['a*b*c', 'a1b2b3c'],
  ['*a*a*', 'aa'],
  ['a**b', 'ab'],
  ['**', 'anything'],
  ['*\n*', 'two\nlines'],
  ['exact', 'exact'],
] as const)('an asterisk stands for any text, also none: %j', (pattern, text) => {
  expect(matches(pattern, text)).toBe(true);
});

test.each([
  ['a*', 'ba'],
  ['*a', 'ab'],
  ['*B*', 'abc'],
  ['ab*ba', 'aba'],
  ['*aa*a', 'aa'],
  ['a*b*b', 'ab'],
  ['*a*a*', 'a'],
  ['a*b*c', 'acb'],
  ['exact', 'exactly'],
] as const)(
  'the whole text must match, in the same letter case, and the pieces must not overlap: %j',
  (pattern, text) => {
    expect(matches(pattern, text)).toBe(false);
  },
);

test('long pieces are found like short ones', () => {
  const piece = `${'ab'.repeat(50)}c`;
  const matcher = compileWildcard(['', piece, '']);
  expect(matcher(`${'ab'.repeat(120)}c${'ab'.repeat(7)}`)).toBe(true);
  expect(matcher('ab'.repeat(500))).toBe(false);
  expect(compileWildcard(['x', piece, piece, ''])(`x${piece}-${piece}`)).toBe(true);
  expect(compileWildcard(['x', piece, piece, ''])(`x${piece}-`)).toBe(false);
});

test('a hostile text of 256 KiB takes no quadratic time', () => {
  const text = 'a'.repeat(262_144);
  const many = compileWildcard(['', ...Array.from({ length: 30_000 }, () => 'a'), 'b']);
  const long = compileWildcard(['', `${'a'.repeat(15_000)}b${'a'.repeat(15_000)}`, '']);
  // Of this thread on a processor: other work on the machine does not count.
  const before = process.threadCpuUsage();
  expect(many(text)).toBe(false);
  expect(long(text)).toBe(false);
  const { user, system } = process.threadCpuUsage(before);
  expect(user + system).toBeLessThan(500_000);
});
