import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { safeJson, safeYaml } from './safe-output.ts';

const HOSTILE = {
  plain: 'two\nlines: and "quotes"',
  clear: '\u001b[2J\r\u0007\u0085\u009b1m',
  hidden: 'ad\u200bmin\u202egnp\u2066 \u{e0041}\u{1f600}\ud800',
  'ke\u001by': ['\u2028', 'x'.repeat(300)],
};

test.each([
  { format: 'JSON', write: safeJson, read: (text: string): unknown => JSON.parse(text) },
  { format: 'YAML', write: safeYaml, read: (text: string): unknown => parse(text) },
])('$format escapes control characters and reads back as the same value', ({ write, read }) => {
  const text = write(HOSTILE);
  expect(read(text)).toEqual(HOSTILE);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
});

test('YAML of ordinary values is plain', () => {
  expect(safeYaml({ a: 'b', list: [1, true] })).toBe('a: b\nlist:\n  - 1\n  - true\n');
});
