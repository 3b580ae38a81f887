import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileWildcard } from './pattern.ts';

function matches(pattern: string, text: string): boolean {
  return compileWildcard(pattern.split('*'))(text);
}

test('an asterisk stands for any text, also none', () => {
  for (const [pattern, text] of [
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
  ] as const) {
    assert.ok(matches(pattern, text), `${pattern} matches ${JSON.stringify(text)}`);
  }
});

test('the whole text must match, in the same letter case, and the pieces must not overlap', () => {
  for (const [pattern, text] of [
    ['a*', 'ba'],
    ['*a', 'ab'],
    ['*B*', 'abc'],
    ['ab*ba', 'aba'],
    ['*aa*a', 'aa'],
    ['a*b*b', 'ab'],
    ['*a*a*', 'a'],
    ['a*b*c', 'acb'],
    ['exact', 'exactly'],
  ] as const) {
    assert.ok(!matches(pattern, text), `${pattern} does not match ${JSON.stringify(text)}`);
  }
});

test('long pieces are found like short ones', () => {
  const piece = `${'ab'.repeat(50)}c`;
  const matcher = compileWildcard(['', piece, '']);
  assert.ok(matcher(`${'ab'.repeat(120)}c${'ab'.repeat(7)}`));
  assert.ok(!matcher('ab'.repeat(500)));
  assert.ok(compileWildcard(['x', piece, piece, ''])(`x${piece}-${piece}`));
  assert.ok(!compileWildcard(['x', piece, piece, ''])(`x${piece}-`));
});

test('a hostile text of 256 KiB takes no quadratic time', () => {
  const text = 'a'.repeat(262_144);
  const many = compileWildcard(['', ...Array.from({ length: 30_000 }, () => 'a'), 'b']);
  const long = compileWildcard(['', `${'a'.repeat(15_000)}b${'a'.repeat(15_000)}`, '']);
  const start = performance.now();
  assert.ok(!many(text));
  assert.ok(!long(text));
  assert.ok(performance.now() - start < 500);
});
