import { expect, test } from '@jest/globals';
import { compareScalars } from './value.ts';

test('text is ordered by code points, not by halves of pairs', () => {
  const ordered = ['', 'a', 'ab', 'b', '\uffff', '\u{1f600}'];
  expect([...ordered].reverse().sort((a, b) => compareScalars(a, b, 'keyword'))).toEqual(ordered);
});

test('versions are ordered number by number, releases behind what comes before them, other texts last', () => {
  const ordered = [
    '1.2.3-alpha',
    '1.2.3-alpha.1',
    '1.2.3-alpha.beta',
    '1.2.3-rc.2',
    '1.2.3-rc.10',
    '1.2.3',
    '1.2.10',
    '1.10',
    'next',
  ];
  expect([...ordered].reverse().sort((a, b) => compareScalars(a, b, 'version'))).toEqual(ordered);
});
