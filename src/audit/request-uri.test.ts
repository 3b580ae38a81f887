import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactQuery } from './request-uri.ts';

test('what the Kubernetes API asks for stays', () => {
  for (const uri of [
    '/version/',
    '/api/v1/pods?limit=500&resourceVersion=0&watch',
    '/api/v1/namespaces/shop/pods/cart-0/exec?command=sh&command=-c&container=cart&stdin=true&tty=true',
  ]) {
    assert.equal(redactQuery(uri), uri);
  }
});

test('any other value is hidden, its name is not', () => {
  assert.equal(redactQuery('/login?token=abc&limit=1&x=y=z&flag'), '/login?token=REDACTED&limit=1&x=REDACTED&flag');
  assert.equal(redactQuery('/x?limi%74=secret&Limit=secret'), '/x?limi%74=REDACTED&Limit=REDACTED');
  assert.equal(redactQuery('/x?limit=1?token=a&b=/?c=d'), '/x?limit=1?token=a&b=REDACTED');
});

test('of a request that is passed on every value is hidden', () => {
  assert.equal(
    redactQuery('/api/v1/namespaces/a/services/b/proxy/login?command=hunter2&limit=1'),
    '/api/v1/namespaces/a/services/b/proxy/login?command=REDACTED&limit=REDACTED',
  );
  assert.equal(redactQuery('/api/v1/nodes/n/proxy?x=1'), '/api/v1/nodes/n/proxy?x=REDACTED');
});
