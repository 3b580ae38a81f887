import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import { createCertificateAuthority } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import { ACL_RULE } from '../support/redis-acl.ts';
import { startRedis } from '../support/redis-server.ts';
import { describeState } from '../support/state-suite.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A state over TLS, with a client certificate and a user of these rights. */
async function openSecured(rule: string): Promise<{ readonly state: RedisState; readonly close: () => Promise<void> }> {
  const folder = createTemporaryFolder('redis-tls');
  const ca = await createCertificateAuthority(folder, 'ca');
  const serverPair = await ca.server('redis');
  const client = await ca.client('firstseen');
  const tlsPort = await freePort();
  const server = await startRedis({
    config: [
      `tls-port ${tlsPort}`,
      `tls-ca-cert-file ${ca.certFile}`,
      `tls-cert-file ${serverPair.certFile}`,
      `tls-key-file ${serverPair.keyFile}`,
      'tls-auth-clients yes',
      `user firstseen on >secret ${rule}`,
    ],
  });
  const options = redisStateOptions.parse({
    kind: 'redis',
    url: `rediss://localhost:${tlsPort}`,
    username: 'firstseen',
    password: 'secret',
    tls: { caFile: ca.certFile, certFile: client.certFile, keyFile: client.keyFile },
  });
  const state = await connectRedisState(options).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  return {
    state,
    async close() {
      await state.close();
      await server.stop();
    },
  };
}

async function open(rule: string): Promise<RedisState> {
  const { state, close } = await openSecured(rule);
  opened.push(close);
  return state;
}

describeState('Redis over TLS, as a user of the least rights', () => openSecured(ACL_RULE));

test('the rule in the guide is the one that is tested', () => {
  const guide = readFileSync(new URL('../../docs/guides/redis.md', import.meta.url), 'utf8');
  expect(guide).toContain(ACL_RULE);
});

test('with the least rights the durability is known', async () => {
  const state = await open(ACL_RULE);
  expect(state.durability).toMatch(/^Redis \d.*no append-only file/);
});

test('a command that is not permitted is named at start, before a script could stop halfway', async () => {
  await expect(open(ACL_RULE.replace(' +sadd', '').replace(' +zmscore', ''))).rejects.toThrow(
    expect.objectContaining({
      code: 'store_misconfigured',
      message: expect.stringMatching(
        /may not run SADD, ZMSCORE on keys that begin with fs:: give the user the ACL rule/,
      ),
    }),
  );
});

test('keys that are not permitted are named at start', async () => {
  await expect(open(ACL_RULE.replace('~fs:*', '~other:*'))).rejects.toThrow(
    expect.objectContaining({
      code: 'store_misconfigured',
      message: expect.stringMatching(/may not run any command on keys that begin with fs:/),
    }),
  );
});

test('scripts that are not permitted are named at start', async () => {
  await expect(open(ACL_RULE.replace('+eval ', ''))).rejects.toThrow(
    expect.objectContaining({
      code: 'store_misconfigured',
      message: expect.stringMatching(/may not run scripts.*eval/),
    }),
  );
});
