import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readServiceAccount } from './service-account.ts';

const folder = mkdtempSync(join(tmpdir(), 'firstseen-service-account-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'ca.crt'), 'the CA');

const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
const putToken = (text: string) => writeFileSync(join(folder, 'token'), text);

test('reads address, CA and token of the pod, and the token again each minute', async () => {
  putToken('first\n');
  let time = 0;
  const access = readServiceAccount({ folder, env, now: () => time });
  expect(access.server).toBe('https://10.96.0.1:443');
  expect(await access.credentials()).toEqual({ ca: 'the CA', headers: { Authorization: 'Bearer first' } });
  putToken('second');
  time = 60_000;
  expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer first' });
  time = 60_001;
  expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer second' });
  expect(readServiceAccount({ folder, env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' } }).server).toBe(
    'https://[fd00::1]:443',
  );
});

test('reports a missing part of the service account at the start, and later in the call', async () => {
  putToken('token');
  expect(() => readServiceAccount({ folder, env: {} })).toThrow(/KUBERNETES_SERVICE_HOST.*: set them/);
  expect(() => readServiceAccount({ folder: join(folder, 'none'), env })).toThrow(/ENOENT.*none.token/);
  let time = 0;
  const access = readServiceAccount({ folder, env, now: () => time });
  putToken(' ');
  time = 60_001;
  await expect(access.credentials()).rejects.toThrow(/token is empty/);
});
