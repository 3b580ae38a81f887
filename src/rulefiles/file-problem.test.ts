import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.equal(formatFileProblem(problem), 'rules/a.yaml:2:4: a: wrong\n  a: b\n     ^\n  hint: right');
  assert.equal(formatFileProblem({ file: 'rules/a.yaml', message: 'gone' }), 'rules/a.yaml: gone');
});

test('a long line is cut around the place, and the caret stays under it', () => {
  const line = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
  const { text, caret } = excerptAt([line], { line: 1, column: 501 });
  assert.equal(text[caret], 'X');
  assert.ok(text.startsWith('… a') && text.endsWith('b …') && text.length < 130);
});

test('what cannot be seen is written out, and the caret stays under its place', () => {
  const { text, caret } = excerptAt(['\u001b[2J\t\u202eX\u200b'], { line: 1, column: 7 });
  assert.equal(text, '\\u{1b}[2J \\u{202e}X\\u{200b}');
  assert.equal(text[caret], 'X');
  assert.equal(formatFileProblem({ file: 'a\u001b', message: 'm' }), 'a\\u{1b}: m');
});

test('what a parser repeats of the text is cut and made printable', () => {
  const message = parserMessage(`unexpected \u001b${'x'.repeat(1_000)}\nand more`);
  assert.match(message, /^unexpected \\u\{1b\}x+…$/);
  assert.ok(message.length <= 400);
});

test('a place beyond the text is at its end', () => {
  assert.deepEqual(excerptAt(['ab'], { line: 1, column: 99 }), { text: 'ab', caret: 2 });
  assert.deepEqual(excerptAt([], { line: 7, column: 1 }), { text: '', caret: 0 });
});
