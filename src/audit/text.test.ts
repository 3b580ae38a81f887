import { expect, test } from '@jest/globals';
import { cutBytes, excerpt, sanitise, utf8Length, wellFormedJson } from './text.ts';

test.each(['', 'alice', 'Grüße, 世界', 'a \u00a0b', 'C:\\users', '🚀', 'e\u0301'])(
  'what can be seen stays as it is: %j',
  (text) => {
    expect(sanitise(text)).toBe(text);
  },
);

test('what cannot be seen is written out', () => {
  expect(sanitise('a\u001b[31mred')).toBe('a\\u{1b}[31mred');
  expect(sanitise('a\nb\tc\u0085d\u007f')).toBe('a\\u{a}b\\u{9}c\\u{85}d\\u{7f}');
  expect(sanitise('a\u202eb')).toBe('a\\u{202e}b');
  expect(sanitise('x\ud800y')).toBe('x\\u{d800}y');
});

test('every invisible character of the list is replaced', () => {
  const marks = [
    0x061c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x00ad,
  ];
  const others = [
    0x2028, 0x2029, 0x180e, 0x034f, 0x115f, 0x3164, 0xffa0, 0xfe0f, 0xe0001, 0xe0100, 0x2800, 0xdc00, 0x9b, 0,
  ];
  for (const mark of [...marks, ...others]) {
    expect(sanitise(`a${String.fromCodePoint(mark)}b`)).toBe(`a\\u{${mark.toString(16)}}b`);
  }
});

test('a text is cut in bytes, at the edge of a code point, with an ellipsis', () => {
  expect(cutBytes('abcdef', 6)).toBe('abcdef');
  expect(cutBytes('abcdefg', 6)).toBe('abc…');
  expect(cutBytes('éééé', 8)).toBe('éééé');
  expect(cutBytes('ééééé', 8)).toBe('éé…');
  expect(cutBytes('🚀🚀', 8)).toBe('🚀🚀');
  expect(cutBytes('🚀🚀a', 8)).toBe('🚀…');
  expect(cutBytes('🚀🚀', 5)).toBe('…');
});

test('where there is no room for the ellipsis there is none', () => {
  expect(cutBytes('abcdef', 2)).toBe('ab');
  expect(cutBytes('éa', 1)).toBe('');
  expect(cutBytes('abc', 0)).toBe('');
  expect(cutBytes('', 0)).toBe('');
});

test.each(['', 'abc', 'é', '世', '🚀', 'a\ud800b', '\udc00\ud800'])(
  'the length in UTF-8 is that of the encoder: %j',
  (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  },
);

test('an excerpt is sanitised before it is cut', () => {
  expect(excerpt('\n'.repeat(1_000_000), 10)).toBe('\\u{a}\\u…');
  expect(excerpt('short', 10)).toBe('short');
});

test('lone surrogates become U+FFFD before the text is parsed', () => {
  const parsed = (text: string): unknown => JSON.parse(wellFormedJson(text));
  expect(parsed('"a\\ud800b"')).toBe('a\ufffdb');
  expect(parsed('"\\uDC00\\uD800"')).toBe('\ufffd\ufffd');
  expect(parsed('"\\ud83d\\ude80"')).toBe('🚀');
  expect(parsed('"\\ud83d\\ud83d\\ude80"')).toBe('\ufffd🚀');
  expect(parsed('"\\\\ud800"')).toBe('\\ud800');
  expect(parsed('"\\\\\\ud800"')).toBe('\\\ufffd');
  expect(parsed('"a\ud800\\n"')).toBe('a\ufffd\n');
  expect(parsed('{"\\ud800":1}')).toEqual({ '\ufffd': 1 });
});
