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

test('tokens are read from options and files, without the blanks around them, and held as digests', () => {
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
  'a token that is too short, not one word, or missing is an error that names the file and not the token: %j',
  (tokenFile) => {
    expect(() => readTokens([cluster('a', { tokenFile })], FILES)).toThrow(
      expect.objectContaining({ message: `${tokenFile}: expected at least 16 letters and digits, and nothing else` }),
    );
  },
);

test('two clusters cannot share a token, wherever it stands', () => {
  const clusters = [cluster('a', { token: 'a-token-of-cluster-b' }), cluster('b', { tokenFile: 'file-b' })];
  expect(() => readTokens(clusters, FILES)).toThrow(
    /^file-b: expected a token of its own for cluster b, it is that of cluster a/,
  );
});
