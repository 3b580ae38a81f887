import { expect, test } from '@jest/globals';
import { formatProblem, problemAt } from './problem.ts';

test('a problem is shown with its line, a caret under the place, and a hint', () => {
  const text = formatProblem(
    { message: 'expected a value', line: 2, column: 6, hint: 'write a value' },
    'a: b\nor c:\n',
  );
  expect(text).toBe('line 2, column 6: expected a value\n  or c:\n       ^\n  hint: write a value');
});

test('a tab before the place is kept, so that the caret stays under it', () => {
  expect(formatProblem({ message: 'm', line: 1, column: 3 }, '\ta b')).toBe('line 1, column 3: m\n  \ta b\n  \t ^');
});

test('an offset is a line and a column, also at the very end', () => {
  const source = 'ab\r\nc\n';
  expect(problemAt(source, 0, 'm')).toEqual({ message: 'm', line: 1, column: 1 });
  expect(problemAt(source, 1, 'm', 'h')).toEqual({ message: 'm', line: 1, column: 2, hint: 'h' });
  expect(problemAt(source, 4, 'm')).toEqual({ message: 'm', line: 2, column: 1 });
  expect(problemAt(source, source.length, 'm')).toEqual({ message: 'm', line: 3, column: 1 });
});
