import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { compileDissect } from './dissect.ts';

function dissect(pattern: string, text: string, separator = ''): Record<string, string | undefined> | undefined {
  const result = compileDissect(pattern, separator);
  expectKind(result, 'ok');
  const values = result.dissect.match(text);
  return values && Object.fromEntries(result.dissect.columns.map((name, index) => [name, values[index]]));
}

test('keys take what stands between the texts of the pattern', () => {
  expect(dissect('%{a} - %{b}', 'x y - z - w')).toEqual({ a: 'x y', b: 'z - w' });
  expect(dissect('[%{a}] %{b}', '[x] y')).toEqual({ a: 'x', b: 'y' });
  expect(dissect('%{a},%{b},%{c}', 'x,,z')).toEqual({ a: 'x', b: '', c: 'z' });
  expect(dissect('<%{a.b}>', '<x\ny>')).toEqual({ 'a.b': 'x\ny' });
});

test('a text of another shape has no values', () => {
  expect(dissect('[%{a}]', 'x]')).toBeUndefined();
});

test.each(['', 'x', 'x;y'])('a text of another shape has no values: %j', (text) => {
  expect(dissect('%{a},%{b}', text)).toBeUndefined();
});

test('padding, joining and skipping', () => {
  expect(dissect('%{a->},%{b}', 'x,,,y')).toEqual({ a: 'x', b: 'y' });
  expect(dissect('%{->} %{b}', 'x    y')).toEqual({ b: 'y' });
  expect(dissect('%{+a} %{+a} %{b}', 'x y z', '/')).toEqual({ a: 'x/y', b: 'z' });
  expect(dissect('%{+a/2} %{+a/1}', 'x y', '-')).toEqual({ a: 'y-x' });
  expect(dissect('%{} %{?b} %{c}', 'x y z')).toEqual({ c: 'z' });
});

test('what is wrong with a pattern is said', () => {
  const refusal = (pattern: string) => {
    const result = compileDissect(pattern, '');
    return result.kind === 'invalid' ? result.message : 'accepted';
  };
  expect(refusal('plain')).toMatch(/needs a key/);
  expect(refusal('%{a}%{b}')).toMatch(/need text between/);
  expect(refusal('%{*a} %{&a}')).toMatch(/is not a key/);
  expect(refusal('%{k} '.repeat(101))).toMatch(/more than 100 keys/);
  expect(refusal('x'.repeat(5_000))).toMatch(/more than 4096 characters/);
});
