import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactUri } from './request-uri.ts';

const shown = (uri: string) => redactUri(uri, 'show');

test('what the Kubernetes API asks for stays', () => {
  for (const uri of [
    '/version/',
    '/api/v1/pods?limit=500&resourceVersion=0&watch',
    '/api/v1/namespaces/shop/pods/cart-0/exec?command=sh&command=-c&container=cart&stdin=true&tty=true',
    '/api/v1/namespaces/shop/pods?dry%52un=%41ll',
  ]) {
    assert.equal(shown(uri), uri);
  }
});

test('any other value is hidden, its name is not', () => {
  assert.equal(shown('/login?token=abc&limit=1&x=y=z&flag'), '/login?token=REDACTED&limit=1&x=REDACTED&flag');
  assert.equal(shown('/x?Limit=secret&%zz=secret'), '/x?Limit=REDACTED&%zz=REDACTED');
  assert.equal(shown('/x?limit=1?token=a&b=/?c=d'), '/x?limit=1?token=REDACTED&b=REDACTED');
});

test('of a request that is passed on every value is hidden', () => {
  assert.equal(
    shown('/api/v1/namespaces/a/services/b/proxy/login?command=hunter2&limit=1'),
    '/api/v1/namespaces/a/services/b/proxy/login?command=REDACTED&limit=REDACTED',
  );
  assert.equal(shown('/api/v1/nodes/n/proxy?x=1'), '/api/v1/nodes/n/proxy?x=REDACTED');
});

test('what is run is shown as far as the choice goes, and never what follows an option that announces a secret', () => {
  const uri =
    '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=--db-password&command=hunter2&command=-v&tty=true';
  assert.equal(shown(uri), uri.replace('hunter2', 'REDACTED'));
  assert.equal(shown(uri.replace('--db', '%2D-db')), uri.replace('--db', '%2D-db').replace('hunter2', 'REDACTED'));
  assert.equal(
    redactUri(uri, 'hide'),
    '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=REDACTED&command=REDACTED&command=REDACTED&tty=true',
  );
});
