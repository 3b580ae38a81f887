import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterKeys } from './keys.ts';

test('the names of one cluster share one hash tag, and those of two clusters nothing', () => {
  const keys = clusterKeys('fs:', 'prod');
  assert.equal(keys.tok, 'fs:{prod}:tok');
  assert.equal(keys.of('terms:{x}'), 'fs:{prod}:terms:{x}');
  assert.equal(keys.lease('watch'), 'fs:{prod}:lease:watch');
  const hostile = ['a', 'a}', 'a}b', 'a}:x{y', '{', '%7D', '}', '', '%', 'a:', 'ä'];
  const tags = hostile.map((cluster) => /^fs:\{([^{}]+)\}:tok$/.exec(clusterKeys('fs:', cluster).tok)?.[1]);
  assert.ok(tags.every((tag) => tag !== undefined));
  assert.equal(new Set(tags).size, hostile.length);
});
