import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../../test/support/expect.ts';
import { checkRegex, compileRegex } from './compile-regex.ts';

function matches(source: string, text: string, { syntax = 'lucene', caseless = false } = {}): boolean {
  const result = compileRegex(source, syntax === 're2' ? 're2' : 'lucene', caseless);
  expectKind(result, 'ok');
  return result.matches(text);
}

function assertLucene(source: string, yes: readonly string[], no: readonly string[]): void {
  for (const text of yes)
    expect([`/${source}/ matches ${JSON.stringify(text)}`, matches(source, text)]).toEqual([
      `/${source}/ matches ${JSON.stringify(text)}`,
      true,
    ]);
  for (const text of no)
    expect([`/${source}/ does not match ${JSON.stringify(text)}`, matches(source, text)]).toEqual([
      `/${source}/ does not match ${JSON.stringify(text)}`,
      false,
    ]);
}

test('Lucene: the whole value must match', () => {
  assertLucene('ab', ['ab'], ['', 'a', 'abc', 'xab']);
  assertLucene('', [''], ['a']);
  assertLucene('.*b.*', ['b', 'abc', 'x\nb\n'], ['', 'a']);
});

test('Lucene: the usual operators', () => {
  assertLucene('a|bc', ['a', 'bc'], ['ac', 'abc', '']);
  assertLucene('ab?c', ['ac', 'abc'], ['abbc']);
  assertLucene('a+', ['a', 'aaa'], ['']);
  assertLucene('(ab)*', ['', 'ab', 'abab'], ['aba']);
  assertLucene('a{2}', ['aa'], ['a', 'aaa']);
  assertLucene('a{2,}', ['aa', 'aaaa'], ['a']);
  assertLucene('a{1,3}b', ['ab', 'aaab'], ['b', 'aaaab']);
  assertLucene('a{0}b', ['b'], ['ab']);
  assertLucene('a{0,2}', ['', 'a', 'aa'], ['aaa']);
  assertLucene('(a|b){2}c', ['abc', 'bbc'], ['ac']);
  assertLucene('a()b', ['ab'], ['a']);
  assertLucene('.', ['a', '\n', '😀'], ['', 'ab']);
});

test('Lucene: brackets and classes', () => {
  assertLucene('[a-cx]', ['a', 'c', 'x'], ['d', 'ax']);
  assertLucene('[^a-c]', ['d', '😀', '\n'], ['a', '']);
  assertLucene('[]a]', [']', 'a'], ['b']);
  assertLucene('[\\]\\-]', [']', '-'], ['\\']);
  assertLucene('\\d+', ['0', '42'], ['a', '', '٣']);
  assertLucene('\\D', ['a'], ['7']);
  assertLucene('\\s', [' ', '\t', '\n', '\r'], ['\f', '\u00a0', 'a']);
  assertLucene('\\w+', ['az_AZ09'], ['-', 'é']);
  assertLucene('[\\w.\\-]+', ['a-b.c'], ['a b']);
  assertLucene('[^\\d\\s]', ['a'], ['1', ' ']);
  assertLucene('\\.\\*\\\\', ['.*\\'], ['a*\\']);
  assertLucene('[α-ω]+', ['αβγ'], ['abc']);
  assertLucene('[😀-😎]', ['😁'], ['😑']);
});

test('Lucene: its own operators', () => {
  assertLucene('a.*&.*b', ['ab', 'axb'], ['a', 'b', 'ba']);
  assertLucene('@', ['', 'anything\n'], []);
  assertLucene('a@', ['a', 'ab'], ['b']);
  assertLucene('#', [], ['', '#']);
  assertLucene('a|#', ['a'], ['', '#']);
  assertLucene('~(.*secret.*)', ['', 'public'], ['a secret', 'secret']);
  assertLucene('a~bc', ['abbc', 'ac', 'axc'], ['abc']);
  assertLucene('~a*', ['', 'b', 'ab', 'aa'], ['a']);
  assertLucene('~~a', ['a'], ['', 'b']);
  assertLucene('"a.b*"c', ['a.b*c'], ['axbc', 'a.bc']);
  assertLucene('""a', ['a'], ['']);
  assertLucene('<1-100>', ['1', '42', '100', '007'], ['0', '101', '', '1000', 'a']);
  assertLucene('<0-5>', ['0', '5'], ['6', '', '00']);
  assertLucene('<08-12>', ['08', '09', '10', '12'], ['8', '13', '008']);
  assertLucene('<12-8>', ['8', '12', '010'], ['7', '13']);
  assertLucene('<0-2147483647>', ['2147483647', '999999999'], ['2147483648']);
  assertLucene('10\\.<0-255>', ['10.0', '10.255'], ['10.256']);
});

test('Lucene: precedence is, from weak to strong, | & sequence, repetition, ~', () => {
  assertLucene('ab|c&c|d', ['ab', 'c', 'd'], ['a', 'b']);
  assertLucene('ab&a.', ['ab'], ['ac']);
  assertLucene('~a{2}', ['bb', '', 'ab'], []);
});

test('Lucene: what has no meaning in a place is a character', () => {
  assertLucene('^a$', ['^a$'], ['a']);
  assertLucene('*a', ['*a'], ['a']);
  assertLucene('(|a)', ['|a'], ['', 'a']);
  assertLucene('(?:a)', ['?:a'], ['a']);
  assertLucene(']}', [']}'], []);
  assertLucene('a|)', ['a', ')'], []);
});

test('Lucene without case: single ASCII letters, no ranges, no others', () => {
  expect(matches('kube-"SYS"[t]em', 'KUBE-sysTEM', { caseless: true })).toBe(true);
  expect(matches('[a-z]+', 'ABC', { caseless: true })).toBe(false);
  expect(matches('é', 'É', { caseless: true })).toBe(false);
  expect(matches('a', 'A')).toBe(false);
});

test.each([
  ['a(b', 3, /expected `\)`/],
  ['a)b', 1, /`\)` without/],
  ['[ab', 3, /expected `\]`/],
  ['[.-]', 4, /expected `\]`/],
  ['[a-]', 1, /range is empty/],
  ['[', 1, /expected `\]`/],
  ['a{', 2, /expected a number/],
  ['a{,3}', 2, /expected a number/],
  ['a{2', 3, /expected `}`/],
  ['a{3,2}', 1, /never match/],
  ['a{99999999999}', 2, /too large/],
  ['ab\\', 3, /ends too early/],
  ['a|', 2, /ends too early/],
  ['x\\b', 1, /\\b has no meaning/],
  ['[\\q]', 1, /\\q has no meaning/],
  ['[z-a]', 1, /range is empty/],
  ['"ab', 0, /closing `"`/],
  ['a<b>', 1, /interval/],
  ['<1-2', 0, /interval/],
  ['<1-99999999999>', 0, /too large/],
] as const)('what is wrong with a Lucene expression, and where: %j', (source, offset, message) => {
  const problem = checkRegex(source, 'lucene');
  expectPresent(problem);
  expect(problem.offset).toBe(offset);
  expect(problem.message).toMatch(message);
});

test('an expression that would need too many states is refused, and at once', () => {
  expect(checkRegex(`${'('.repeat(100)}a${')'.repeat(100)}`, 'lucene')).toBeUndefined();
});

test.each([
  '.*a.{600}',
  '((a{1000}){1000}){1000}',
  '(){2000000000}',
  'a{2000000000}',
  `~(.*a.{20})&${'x'.repeat(100)}`,
  `${'('.repeat(101)}a${')'.repeat(101)}`,
  'a'.repeat(5_000),
  `a${'*'.repeat(200)}`,
])('an expression that would need too many states is refused, and at once: %s', (source) => {
  expect(checkRegex(source, 'lucene')).toBeDefined();
});

test.each([30, 5_000])(
  'an expression of which a text meets more states than are held means the same, and takes linear time: %j',
  (length) => {
    const expression = '.*a.{30}';
    // Irregular, so that nearly every character leads to a state of its own.
    const text = Array.from({ length }, (_, n) => (Math.imul(n * n, 0x9e3779b1) >>> 31 === 1 ? 'a' : 'b')).join('');
    for (let end = length - 20; end <= length; end += 1) {
      const part = text.slice(0, end);
      expect(matches(expression, part)).toBe(part.charAt(end - 31) === 'a');
    }
  },
);

test('an expression with many places is deterministic before it meets a text', () => {
  expect(matches('a{3000}|b{2000}', 'a'.repeat(3_000))).toBe(true);
  expect(matches('a{3000}|b{2000}', 'a'.repeat(2_000))).toBe(false);
  expect(matches(`.*(${'abc|'.repeat(200)}d).*`, 'xxdxx')).toBe(true);
});

test('a hostile text takes linear time in both syntaxes', () => {
  const text = 'a'.repeat(250_000);
  expect(matches('(a*)*(a|aa)*(.*a){8}b', text)).toBe(false);
  expect(matches('(a*)*(a|aa)*b', text, { syntax: 're2' })).toBe(false);
});

test('RE2: some part of the value matches; flags stand in the expression', () => {
  const re2 = { syntax: 're2' };
  expect(matches('b+', 'abbc', re2)).toBe(true);
  expect(matches('^b', 'ab', re2)).toBe(false);
  expect(matches('(?i)SYSTEM', 'kube-system', re2)).toBe(true);
  expect(matches('SYSTEM', 'kube-system', { ...re2, caseless: true })).toBe(true);
  expect(matches('a.b', 'a\nb', re2)).toBe(false);
  expect(matches('(?s)a.b', 'a\nb', re2)).toBe(true);
  expect(matches('(?:a|b)\\b', 'xa y', re2)).toBe(true);
});

test('what is wrong with an expression of RE2, and where', () => {
  expect(checkRegex('x(?=y)', 're2')?.hint ?? '').toMatch(/look-around/);
  expect(checkRegex('(a)\\1', 're2')?.hint ?? '').toMatch(/back-references/);
});

test.each([
  ['ab(c', 0, /closing/],
  ['ab[c', 2, /closing/],
  ['x(?=y)', 1, /./],
  ['a\\', 2, /backslash/],
  ['a{2000}', 1, /repeat/],
] as const)('what is wrong with an expression of RE2, and where: %s', (source, offset, message) => {
  const problem = checkRegex(source, 're2');
  expectPresent(problem);
  expect(problem.offset).toEqual(offset);
  expect(problem.message).toMatch(message);
});
