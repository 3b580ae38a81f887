import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutBytes, excerpt, sanitise, utf8Length, wellFormedJson } from './text.ts';

test('what can be seen stays as it is', () => {
  for (const text of ['', 'alice', 'Grüße, 世界', 'a \u00a0b', 'C:\\users', '🚀', 'e\u0301'])
    assert.equal(sanitise(text), text);
});

test('what cannot be seen is written out', () => {
  assert.equal(sanitise('a\u001b[31mred'), 'a\\u{1b}[31mred');
  assert.equal(sanitise('a\nb\tc\u0085d\u007f'), 'a\\u{a}b\\u{9}c\\u{85}d\\u{7f}');
  assert.equal(sanitise('a\u202eb'), 'a\\u{202e}b');
  assert.equal(sanitise('x\ud800y'), 'x\\u{d800}y');
});

test('every invisible character of the list is replaced', () => {
  const marks = [
    0x061c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x00ad,
  ];
  const others = [
    0x2028, 0x2029, 0x180e, 0x034f, 0x115f, 0x3164, 0xffa0, 0xfe0f, 0xe0001, 0xe0100, 0x2800, 0xdc00, 0x9b, 0,
  ];
  for (const mark of [...marks, ...others]) {
    assert.equal(sanitise(`a${String.fromCodePoint(mark)}b`), `a\\u{${mark.toString(16)}}b`);
  }
});

test('a text is cut in bytes, at the edge of a code point, with an ellipsis', () => {
  assert.equal(cutBytes('abcdef', 6), 'abcdef');
  assert.equal(cutBytes('abcdefg', 6), 'abc…');
  assert.equal(cutBytes('éééé', 8), 'éééé');
  assert.equal(cutBytes('ééééé', 8), 'éé…');
  assert.equal(cutBytes('🚀🚀', 8), '🚀🚀');
  assert.equal(cutBytes('🚀🚀a', 8), '🚀…');
  assert.equal(cutBytes('🚀🚀', 5), '…');
});

test('where there is no room for the ellipsis there is none', () => {
  assert.equal(cutBytes('abcdef', 2), 'ab');
  assert.equal(cutBytes('éa', 1), '');
  assert.equal(cutBytes('abc', 0), '');
  assert.equal(cutBytes('', 0), '');
});

test('the length in UTF-8 is that of the encoder', () => {
  for (const text of ['', 'abc', 'é', '世', '🚀', 'a\ud800b', '\udc00\ud800']) {
    assert.equal(utf8Length(text), new TextEncoder().encode(text).length);
  }
});

test('an excerpt is sanitised before it is cut', () => {
  assert.equal(excerpt('\n'.repeat(1_000_000), 10), '\\u{a}\\u…');
  assert.equal(excerpt('short', 10), 'short');
});

test('lone surrogates become U+FFFD before the text is parsed', () => {
  const parsed = (text: string): unknown => JSON.parse(wellFormedJson(text));
  assert.equal(parsed('"a\\ud800b"'), 'a\ufffdb');
  assert.equal(parsed('"\\uDC00\\uD800"'), '\ufffd\ufffd');
  assert.equal(parsed('"\\ud83d\\ude80"'), '🚀');
  assert.equal(parsed('"\\ud83d\\ud83d\\ude80"'), '\ufffd🚀');
  assert.equal(parsed('"\\\\ud800"'), '\\ud800');
  assert.equal(parsed('"\\\\\\ud800"'), '\\\ufffd');
  assert.equal(parsed('"a\ud800\\n"'), 'a\ufffd\n');
  assert.deepEqual(parsed('{"\\ud800":1}'), { '\ufffd': 1 });
});
