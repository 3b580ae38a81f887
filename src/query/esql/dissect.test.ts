import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDissect } from './dissect.ts';

function dissect(pattern: string, text: string, separator = ''): Record<string, string | undefined> | undefined {
  const result = compileDissect(pattern, separator);
  assert.ok(result.kind === 'ok', result.kind === 'invalid' ? result.message : '');
  const values = result.dissect.match(text);
  return values && Object.fromEntries(result.dissect.columns.map((name, index) => [name, values[index]]));
}

test('keys take what stands between the texts of the pattern', () => {
  assert.deepEqual(dissect('%{a} - %{b}', 'x y - z - w'), { a: 'x y', b: 'z - w' });
  assert.deepEqual(dissect('[%{a}] %{b}', '[x] y'), { a: 'x', b: 'y' });
  assert.deepEqual(dissect('%{a},%{b},%{c}', 'x,,z'), { a: 'x', b: '', c: 'z' });
  assert.deepEqual(dissect('<%{a.b}>', '<x\ny>'), { 'a.b': 'x\ny' });
});

test('a text of another shape has no values', () => {
  for (const text of ['', 'x', 'x;y']) assert.equal(dissect('%{a},%{b}', text), undefined, text);
  assert.equal(dissect('[%{a}]', 'x]'), undefined);
});

test('padding, joining and skipping', () => {
  assert.deepEqual(dissect('%{a->},%{b}', 'x,,,y'), { a: 'x', b: 'y' });
  assert.deepEqual(dissect('%{->} %{b}', 'x    y'), { b: 'y' });
  assert.deepEqual(dissect('%{+a} %{+a} %{b}', 'x y z', '/'), { a: 'x/y', b: 'z' });
  assert.deepEqual(dissect('%{+a/2} %{+a/1}', 'x y', '-'), { a: 'y-x' });
  assert.deepEqual(dissect('%{} %{?b} %{c}', 'x y z'), { c: 'z' });
});

test('what is wrong with a pattern is said', () => {
  const refusal = (pattern: string) => {
    const result = compileDissect(pattern, '');
    return result.kind === 'invalid' ? result.message : 'accepted';
  };
  assert.match(refusal('plain'), /has no key/);
  assert.match(refusal('%{a}%{b}'), /no text between/);
  assert.match(refusal('%{*a} %{&a}'), /is no key/);
  assert.match(refusal('%{k} '.repeat(101)), /more than 100 keys/);
  assert.match(refusal('x'.repeat(5_000)), /more than 4096 characters/);
});
