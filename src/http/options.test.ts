import { expect, test } from '@jest/globals';
import type { z } from 'zod';
import { byteLimits, isLoopback, lingerMs, opsOptionsSchema, parseAddress, receiverOptionsSchema } from './options.ts';

type Input = z.input<typeof receiverOptionsSchema>;

const TLS = { certFile: 'tls.crt', keyFile: 'tls.key' };
const MUTUAL = { ...TLS, clientCAFile: 'ca.crt' };
const TOKEN = 'a-token-that-is-long-enough';

/** `path: message` of each problem. */
function problems(input: Input): readonly string[] {
  const result = receiverOptionsSchema.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function assertProblem(input: Input, expected: RegExp): void {
  const found = problems(input);
  expect(found).toHaveLength(1);
  expect(found[0] ?? '').toMatch(expected);
}

test('the defaults are safe on a laptop', () => {
  const options = receiverOptionsSchema.parse({});
  expect(options.listen).toEqual({ host: '127.0.0.1', port: 9443 });
  expect(options.clusters).toEqual([{ name: 'local', default: false }]);
  expect(options.allowUnauthenticated).toBe(false);
  expect(options.maxBodyBytes).toBe(67_108_864);
  expect(options.timeouts.keepAliveMs).toBe(95_000);
  expect(opsOptionsSchema.parse({}).listen).toEqual({ host: '127.0.0.1', port: 9444 });
});

test('parses host:port', () => {
  expect(parseAddress('0.0.0.0:443')).toEqual({ host: '0.0.0.0', port: 443 });
  expect(parseAddress('[::1]:443')).toEqual({ host: '::1', port: 443 });
  expect(parseAddress('node.example:0')).toEqual({ host: 'node.example', port: 0 });
  assertProblem({ listen: '9443' }, /^listen: expected host:port, such as/);
});

test.each(['', '443', ':443', '::1:443', '[::1]', 'host', 'host:', 'host:65536', 'host:1x', 'http://host:1'])(
  '%j is not an address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

test('lingers 5 s by default, or not at all on a loopback address', () => {
  const of = (input: object) => lingerMs(receiverOptionsSchema.parse(input));
  expect(of({})).toBe(0);
  expect(of({ listen: '0.0.0.0:9443', allowUnauthenticated: true })).toBe(5_000);
  expect(of({ lingerMs: 700 })).toBe(700);
  expect(of({ listen: '0.0.0.0:9443', allowUnauthenticated: true, lingerMs: 0 })).toBe(0);
});

test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is a loopback address', (host) => {
  expect(isLoopback({ host, port: 1 })).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', '128.0.0.1', '::ffff:10.0.0.1'])(
  '%s is not a loopback address',
  (host) => {
    expect(isLoopback({ host, port: 1 })).toBe(false);
  },
);

test('a public address needs a credential, or allowUnauthenticated', () => {
  const listen = '0.0.0.0:9443';
  assertProblem({ listen }, /^listen: expected a loopback address, because no credential .* allowUnauthenticated/);
  assertProblem({ listen, tls: TLS }, /^listen: expected a loopback address, because no credential/);
  expect(problems({ listen, allowUnauthenticated: true })).toEqual([]);
  expect(problems({ listen, tls: MUTUAL })).toEqual([]);
  expect(problems({ listen, tls: TLS, clusters: [{ name: 'a', tokenFile: 'token' }] })).toEqual([]);
  expect(problems({ clusters: [{ name: 'a', tokenFile: 'token' }] })).toEqual([]);
});

test('tokens on a public address need TLS', () => {
  assertProblem(
    { listen: '0.0.0.0:9443', clusters: [{ name: 'a', tokenFile: 'token' }] },
    /^listen: .* would cross the network unencrypted: set tls/,
  );
});

test('allowUnauthenticated and credentials exclude each other', () => {
  assertProblem(
    { tls: MUTUAL, allowUnauthenticated: true },
    /^allowUnauthenticated: expected false, because credentials/,
  );
});

test('each cluster needs a unique name and a unique credential', () => {
  const a = { name: 'a', token: TOKEN };
  assertProblem({ clusters: [a, { name: 'b' }] }, /^clusters\.1\.name: expected a credential/);
  assertProblem({ clusters: [a, { name: 'b', token: TOKEN }] }, /^clusters\.1\.token: expected a unique token/);
  assertProblem({ clusters: [a, { name: 'a', token: `${TOKEN}2` }] }, /^clusters\.1\.name: expected a unique name/);
  assertProblem({ clusters: [{ ...a, tokenFile: 'token' }] }, /^clusters\.0\.token: expected either/);
  assertProblem({ clusters: [{ ...a, clientNames: ['x'] }] }, /^clusters\.0\.clientNames: expected tls\.clientCAFile/);
  assertProblem(
    {
      tls: MUTUAL,
      clusters: [
        { name: 'a', clientNames: ['x', 'y'] },
        { name: 'b', clientNames: ['y'] },
      ],
    },
    /^clusters\.1\.clientNames: expected unique names/,
  );
  assertProblem(
    {
      clusters: [
        { name: 'a', default: true },
        { name: 'b', default: true },
      ],
    },
    /^clusters\.1\.default: expected at most one/,
  );
});

test.each(['', 'A', 'a.b', '-a', 'a-', 'a/b', '..', 'a'.repeat(64)])('refuses the cluster name %j', (name) => {
  assertProblem({ clusters: [{ name }] }, /^clusters\.0\.name: expected a DNS label/);
});

test('refuses broken tokens, impossible limits and unknown options', () => {
  assertProblem({ clusters: [{ name: 'a', token: 'short' }] }, /^clusters\.0\.token: expected at least 16 characters/);
  assertProblem(
    { clusters: [{ name: 'a', token: 'with blanks in its middle' }] },
    /^clusters\.0\.token: expected only/,
  );
  assertProblem({ maxBodyBytes: 2_000, maxBytesInFlight: 1_000 }, /^maxBytesInFlight: expected at least maxBodyBytes/);
  assertProblem({ unknown: 1 } as Input, /unknown/);
});

test.each([
  [1, 256],
  [2, 128],
  [4, 64],
  [20, 64],
])('of %d clusters each may hold %d MiB of bodies', (count, share) => {
  const clusters = Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
  const limits = byteLimits(receiverOptionsSchema.parse({ clusters }));
  expect(limits).toEqual({ maxBytes: 256 * 1024 * 1024, maxBytesOfCluster: share * 1024 * 1024 });
});
