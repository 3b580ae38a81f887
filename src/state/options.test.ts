import { describe, expect, test } from '@jest/globals';
import { parseNode, stateOptions } from './options.ts';

describe('state options', () => {
  test('have defaults', () => {
    expect(stateOptions.parse({ kind: 'redis', url: 'redis://redis:6379' })).toEqual({
      kind: 'redis',
      url: 'redis://redis:6379',
      durability: 'best-effort',
      connectTimeoutMs: 5_000,
      commandTimeoutMs: 5_000,
      keyPrefix: 'fs:',
    });
    expect(stateOptions.parse({ kind: 'sqlite', path: ':memory:' })).toEqual({ kind: 'sqlite', path: ':memory:' });
  });

  const nodes = ['redis-0.redis:6379', '[::1]:6380'];

  test.each([{ sentinel: { name: 'mymaster', nodes, password: 'secret' } }, { cluster: { nodes } }])(
    'take nodes and TLS in place of a URL: %j',
    (given) => {
      expect(stateOptions.safeParse({ kind: 'redis', tls: {}, ...given }).error).toBeUndefined();
    },
  );

  test('parse nodes', () => {
    expect(nodes.map(parseNode)).toEqual([
      { host: 'redis-0.redis', port: 6379 },
      { host: '::1', port: 6380 },
    ]);
  });

  const redis = { kind: 'redis', url: 'rediss://redis' };

  test.each<readonly [unknown, RegExp]>([
    [{ kind: 'postgres' }, /kind "sqlite" or "redis"/],
    [{}, /kind "sqlite" or "redis"/],
    [{ kind: 'sqlite' }, /path of a file, or ":memory:"/],
    [{ kind: 'sqlite', path: '' }, /path of a file, or ":memory:"/],
    [{ kind: 'sqlite', path: 'a', url: 'b' }, /url/],
    [{ ...redis, url: 'http://redis' }, /redis:\/\/HOST:PORT or rediss:\/\/HOST:PORT/],
    [{ ...redis, url: 'redis:6379' }, /redis:\/\/HOST:PORT/],
    [{ ...redis, durability: 'always' }, /"fsync", "best-effort", or an object/],
    [{ ...redis, durability: { replicated: 0 } }, /replica|"fsync"/],
    [{ ...redis, keyPrefix: 'a{b}' }, /letters, digits/],
    [{ ...redis, commandTimeoutMs: 0 }, /at least 1 millisecond/],
    [{ ...redis, url: 'redis://redis', tls: {} }, /rediss:\/\/ URL with tls/],
    [{ ...redis, tls: { certFile: 'a' } }, /certFile and keyFile together/],
    [{ kind: 'redis' }, /exactly one of url/],
    [{ ...redis, cluster: { nodes: ['a:1'] } }, /exactly one of url/],
    [{ kind: 'redis', cluster: { nodes: [] } }, /at least one HOST:PORT/],
    [{ kind: 'redis', cluster: { nodes: ['redis'] } }, /expected HOST:PORT/],
    [{ kind: 'redis', cluster: { nodes: ['redis:70000'] } }, /expected HOST:PORT/],
    [{ kind: 'redis', cluster: { nodes: ['a:1'] }, database: 1 }, /has only 0/],
    [{ kind: 'redis', sentinel: { nodes: ['a:1'] } }, /name/],
  ])('refuse %j', (given, expected) => {
    const { error } = stateOptions.safeParse(given);
    expect(error?.message ?? '').toMatch(new RegExp(expected.source.replaceAll('"', '\\\\?"')));
  });
});
