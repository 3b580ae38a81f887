import { expect, test } from '@jest/globals';
import { readTokens } from './authenticate.ts';

const cluster = (name: string, more: { readonly token?: string; readonly tokenFile?: string } = {}) => ({
  name,
  default: false,
  ...more,
});
const FILES = new Map([
  ['file-b', '  a-token-of-cluster-b\n'],
  ['short', 'abc'],
  ['two-lines', 'a-token-of-cluster-b\na-second-token'],
]);

test('reads tokens from options and files, trims them, and keeps only digests', () => {
  const clusters = [
    cluster('a', { token: 'a-token-of-cluster-a' }),
    cluster('b', { tokenFile: 'file-b' }),
    cluster('c'),
  ];
  const tokens = readTokens(clusters, FILES);
  expect(tokens.map((token) => [token.cluster, token.digest.length])).toEqual([
    ['a', 32],
    ['b', 32],
  ]);
  expect(readTokens([cluster('b', { token: 'a-token-of-cluster-b' })], FILES)[0]?.digest).toEqual(tokens[1]?.digest);
});

test.each(['short', 'two-lines', 'missing'])(
  'refuses the token in the file %s, and names the file but not the token',
  (tokenFile) => {
    expect(() => readTokens([cluster('a', { tokenFile })], FILES)).toThrow(
      expect.objectContaining({
        message: `${tokenFile}: expected at least 16 characters: letters, digits and - . _ ~ + / with = at the end`,
      }),
    );
  },
);

test('two clusters cannot share a token', () => {
  const clusters = [cluster('a', { token: 'a-token-of-cluster-b' }), cluster('b', { tokenFile: 'file-b' })];
  expect(() => readTokens(clusters, FILES)).toThrow(
    /^file-b: expected a different token for cluster b, because cluster a uses this one/,
  );
});
