import { expect, test } from '@jest/globals';
import { flagName } from './load-config.ts';
import { SETTINGS } from './settings.ts';

test('flagName gives the key of a flag in commander', () => {
  expect(flagName('--ops-listen <host:port>')).toBe('opsListen');
  expect(flagName('--state')).toBe('state');
});

test.each(['path', 'env', 'flag'] as const)('no two settings share a %s', (key) => {
  const names = SETTINGS.flatMap((setting) => setting[key]?.toString() ?? []);
  expect(names).toEqual([...new Set(names)]);
});

test('a setting comes before its parts', () => {
  const paths = SETTINGS.map(({ path }) => path.join('.'));
  for (const [index, path] of paths.entries()) {
    for (const earlier of paths.slice(0, index)) expect(earlier).not.toMatch(new RegExp(`^${path}\\.`));
  }
});

test.each(SETTINGS)('Kubernetes sets no variable $env for a Service named firstseen', ({ env }) => {
  expect(env ?? '').not.toMatch(/_(SERVICE_(HOST|PORT)|PORT)(_|$)/);
});
