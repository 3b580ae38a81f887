import { expect, test } from '@jest/globals';
import { redactText } from './redact-text.ts';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

test.each<readonly [text: string, shown: string]>([
  ['curl Bearer abcdefgh1234', 'curl Bearer REDACTED'],
  ['bearer%20abcdefgh1234&x=1', 'bearer%20REDACTED&x=1'],
  ['Authorization: Basic YWxpY2U6aHVudGVyMg==', 'Authorization: Basic REDACTED'],
  ['-H "Authorization: token abc"', '-H "Authorization: token REDACTED"'],
  ['authorization=xyz', 'authorization=REDACTED'],
  [`agent/${JWT} (linux)`, 'agent/REDACTED (linux)'],
  [`token%3D${JWT}`, 'token%3DREDACTED'],
  ['/login?access_token=abc&user=eve', '/login?access_token=REDACTED&user=eve'],
  ['{"password":"hunter2","user":"eve"}', '{"password":"REDACTED","user":"eve"}'],
  ['{"password":"two words, \\"quoted\\"","user":"eve"}', '{"password":"REDACTED","user":"eve"}'],
  ['{\\"password\\":\\"two words\\",\\"user\\":1}', '{\\"password\\":\\"REDACTED\\",\\"user\\":1}'],
  ["mysql --password 'two words' -u eve", "mysql --password 'REDACTED' -u eve"],
  ['password = hunter2', 'password = REDACTED'],
  ['client_secret: hunter2', 'client_secret: REDACTED'],
  ['mysql --password hunter2 -u eve', 'mysql --password REDACTED -u eve'],
  ['tool --api-key=hunter2', 'tool --api-key=REDACTED'],
  ['redis://:hunter2@cache:6379', 'redis://:REDACTED@cache:6379'],
  ['https://eve:hunter2@example.org/x', 'https://eve:REDACTED@example.org/x'],
  ['a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b', 'a REDACTED b'],
  ['-----BEGIN PRIVATE KEY-----\nMIIE', 'REDACTED'],
  ['X-Amz-Signature=abc&sig=def', 'X-Amz-Signature=REDACTED&sig=REDACTED'],
])('what has the form of a secret is hidden, what is around it is not: %s', (text, shown) => {
  expect(redactText(text)).toBe(shown);
  expect(redactText(shown)).toBe(shown); // what is redacted stays as it is
});

test.each([
  'system:serviceaccount:kube-system:token-cleaner',
  'default-token-x7k2p',
  'secrets "db" is forbidden: User "eve" cannot get resource "secrets"',
  'bearer token',
  'Mozilla/5.0 (compatible; bot/1.0; +https://example.org/bot)',
  'registry.example:5000/keycloak@sha256:0123456789abcdef',
  '/api/v1/namespaces/a/serviceaccounts/b/token',
])('what only sounds like one is left: %j', (text) => {
  expect(redactText(text)).toBe(text);
});

test('a text that is made to be looked at for long is cut, and its beginning is still redacted', () => {
  const long = redactText(`password=hunter2 ${'eyJ bearer :// secret'.repeat(100_000)}`);
  expect(long.startsWith('password=REDACTED ')).toBe(true);
  expect(long.length).toBeLessThan(20_000);
});
