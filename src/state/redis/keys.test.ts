import { expect, test } from '@jest/globals';
import { clusterKeys } from './keys.ts';

test('keys of one cluster share a hash tag, and keys of two clusters never do', () => {
  const keys = clusterKeys('fs:', 'prod');
  expect(keys.tok).toBe('fs:{prod}:tok');
  expect(keys.of('terms:{x}')).toBe('fs:{prod}:terms:{x}');
  expect(keys.lease('watch')).toBe('fs:{prod}:lease:watch');
  const hostile = ['a', 'a}', 'a}b', 'a}:x{y', '{', '%7D', '}', '', '%', 'a:', 'ä'];
  const tags = hostile.map((cluster) => /^fs:\{([^{}]+)\}:tok$/.exec(clusterKeys('fs:', cluster).tok)?.[1]);
  expect(tags).not.toContain(undefined);
  expect(new Set(tags).size).toBe(hostile.length);
});
