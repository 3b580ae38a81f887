import { expect, test } from '@jest/globals';
import { clusterKeys } from './keys.ts';

test('the names of one cluster share one hash tag, and those of two clusters nothing', () => {
  const keys = clusterKeys('fs:', 'prod');
  expect(keys.tok).toBe('fs:{prod}:tok');
  expect(keys.of('terms:{x}')).toBe('fs:{prod}:terms:{x}');
  expect(keys.lease('watch')).toBe('fs:{prod}:lease:watch');
  const hostile = ['a', 'a}', 'a}b', 'a}:x{y', '{', '%7D', '}', '', '%', 'a:', 'ä'];
  const tags = hostile.map((cluster) => /^fs:\{([^{}]+)\}:tok$/.exec(clusterKeys('fs:', cluster).tok)?.[1]);
  expect(tags.every((tag) => tag !== undefined)).toBe(true);
  expect(new Set(tags).size).toBe(hostile.length);
});
