import { expect, test } from '@jest/globals';
import Table from 'cli-table3';
import { PLAIN_TABLE, trimLines } from './plain-table.ts';

test('columns are aligned, without lines', () => {
  const table = new Table({ ...PLAIN_TABLE, head: ['NAME', 'N'] });
  table.push(['a', 1], ['bcdefg', 22]);
  expect(trimLines(table.toString())).toBe('NAME     N\na        1\nbcdefg   22');
});

test('trailing space is cut, leading space stays', () => {
  expect(trimLines('  a  \n\n b \n')).toBe('  a\n\n b\n');
});
