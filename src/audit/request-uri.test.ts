import { expect, test } from '@jest/globals';
import { redactUri } from './request-uri.ts';

const shown = (uri: string) => redactUri(uri, 'show');

test.each([
  '/version/',
  '/api/v1/pods?limit=500&resourceVersion=0&watch',
  '/api/v1/namespaces/shop/pods/cart-0/exec?command=sh&command=-c&container=cart&stdin=true&tty=true',
  '/api/v1/namespaces/shop/pods?dry%52un=%41ll',
])('what the Kubernetes API asks for stays: %j', (uri) => {
  expect(shown(uri)).toBe(uri);
});

test('any other value is hidden, its name is not', () => {
  expect(shown('/login?token=abc&limit=1&x=y=z&flag')).toBe('/login?token=REDACTED&limit=1&x=REDACTED&flag');
  expect(shown('/x?Limit=secret&%zz=secret')).toBe('/x?Limit=REDACTED&%zz=REDACTED');
  expect(shown('/x?limit=1?token=a&b=/?c=d')).toBe('/x?limit=1?token=REDACTED&b=REDACTED');
});

test('of a request that is passed on every value is hidden', () => {
  expect(shown('/api/v1/namespaces/a/services/b/proxy/login?command=hunter2&limit=1')).toBe(
    '/api/v1/namespaces/a/services/b/proxy/login?command=REDACTED&limit=REDACTED',
  );
  expect(shown('/api/v1/nodes/n/proxy?x=1')).toBe('/api/v1/nodes/n/proxy?x=REDACTED');
});

test('what is run is shown as far as the choice goes, and never what follows an option that announces a secret', () => {
  const uri =
    '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=--db-password&command=hunter2&command=-v&tty=true';
  expect(shown(uri)).toBe(uri.replace('hunter2', 'REDACTED'));
  expect(shown(uri.replace('--db', '%2D-db'))).toBe(uri.replace('--db', '%2D-db').replace('hunter2', 'REDACTED'));
  expect(redactUri(uri, 'hide')).toBe(
    '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=REDACTED&command=REDACTED&command=REDACTED&tty=true',
  );
});
