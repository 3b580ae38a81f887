import { expect, test } from '@jest/globals';
import { flagName } from './load-config.ts';
import { SETTINGS } from './settings.ts';

test('the name under which commander keeps a flag', () => {
  expect(flagName('--ops-listen <host:port>')).toBe('opsListen');
  expect(flagName('--state')).toBe('state');
});

test.each(['path', 'env', 'flag'] as const)('no two settings share a path, a variable or a flag: %j', (key) => {
  const names = SETTINGS.flatMap((setting) => setting[key]?.toString() ?? []);
  expect(names).toEqual([...new Set(names)]);
});

test.each(SETTINGS)('a part of a setting comes after the whole: $text', ({ path }) => {
  const seen = new Set<string>();
  for (const other of seen) expect(other.startsWith(`${path.join('.')}.`)).toBe(false);
  seen.add(path.join('.'));
});

test.each(SETTINGS)('no variable is one that Kubernetes makes for a Service called firstseen: $text', ({ env }) => {
  expect(env ?? '').not.toMatch(/_(SERVICE_(HOST|PORT)|PORT)(_|$)/);
});
