import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from './problem.ts';

test('a problem is shown with its line, a caret under the place, and a hint', () => {
  const text = formatProblem(
    { message: 'expected a value', line: 2, column: 6, hint: 'write a value' },
    'a: b\nor c:\n',
  );
  assert.equal(text, 'line 2, column 6: expected a value\n  or c:\n       ^\n  hint: write a value');
});

test('a tab before the place is kept, so that the caret stays under it', () => {
  assert.equal(formatProblem({ message: 'm', line: 1, column: 3 }, '\ta b'), 'line 1, column 3: m\n  \ta b\n  \t ^');
});
