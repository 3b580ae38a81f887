import { expect, test } from '@jest/globals';
import { excerptAt, formatFileProblem, parserMessage } from './file-problem.ts';

test('a problem is printed as a compiler prints it', () => {
  const place = { line: 2, column: 4 };
  const problem = {
    file: 'rules/a.yaml',
    rule: 'a',
    place,
    message: 'wrong',
    hint: 'right',
    excerpt: excerptAt(['', 'a: b'], place),
  };
  expect(formatFileProblem(problem)).toBe('rules/a.yaml:2:4: a: wrong\n  a: b\n     ^\n  hint: right');
  expect(formatFileProblem({ file: 'rules/a.yaml', message: 'gone' })).toBe('rules/a.yaml: gone');
});

test('a long line is cut around the place, and the caret stays under it', () => {
  const line = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
  const { text, caret } = excerptAt([line], { line: 1, column: 501 });
  expect(text[caret]).toBe('X');
  expect(text.startsWith('… a')).toBe(true);
  expect(text.endsWith('b …')).toBe(true);
  expect(text.length).toBeLessThan(130);
});

test('what cannot be seen is written out, and the caret stays under its place', () => {
  const { text, caret } = excerptAt(['\u001b[2J\t\u202eX\u200b'], { line: 1, column: 7 });
  expect(text).toBe('\\u{1b}[2J \\u{202e}X\\u{200b}');
  expect(text[caret]).toBe('X');
  expect(formatFileProblem({ file: 'a\u001b', message: 'm' })).toBe('a\\u{1b}: m');
});

test('what a parser repeats of the text is cut and made printable', () => {
  const message = parserMessage(`unexpected \u001b${'x'.repeat(1_000)}\nand more`);
  expect(message).toMatch(/^unexpected \\u\{1b\}x+…$/);
  expect(message.length).toBeLessThanOrEqual(400);
});

test('a place beyond the text is at its end', () => {
  expect(excerptAt(['ab'], { line: 1, column: 99 })).toEqual({ text: 'ab', caret: 2 });
  expect(excerptAt([], { line: 7, column: 1 })).toEqual({ text: '', caret: 0 });
});
