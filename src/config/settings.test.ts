import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagName } from './load-config.ts';
import { SETTINGS } from './settings.ts';

test('the name under which commander keeps a flag', () => {
  assert.equal(flagName('--ops-listen <host:port>'), 'opsListen');
  assert.equal(flagName('--state'), 'state');
});

test('no two settings share a path, a variable or a flag', () => {
  for (const key of ['path', 'env', 'flag'] as const) {
    const names = SETTINGS.flatMap((setting) => setting[key]?.toString() ?? []);
    assert.deepEqual(names, [...new Set(names)]);
  }
});

test('a part of a setting comes after the whole', () => {
  const seen = new Set<string>();
  for (const { path } of SETTINGS) {
    for (const other of seen) assert.ok(!other.startsWith(`${path.join('.')}.`), `${path.join('.')} after ${other}`);
    seen.add(path.join('.'));
  }
});

test('no variable is one that Kubernetes makes for a Service called firstseen', () => {
  for (const { env } of SETTINGS) assert.doesNotMatch(env ?? '', /_(SERVICE_(HOST|PORT)|PORT)(_|$)/);
});
