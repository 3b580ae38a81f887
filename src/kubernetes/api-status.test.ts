import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, parseStatus } from './api-status.ts';

const status = (reason: string, message = 'm', name?: string) =>
  JSON.stringify({ kind: 'Status', reason, message, ...(name ? { details: { name } } : {}) });

test('a Status says why, and about what', () => {
  assert.deepEqual(parseStatus(404, status('NotFound', 'alerts "a" not found', 'a')), {
    code: 404,
    reason: 'NotFound',
    message: 'alerts "a" not found',
    namesObject: true,
  });
  assert.equal(parseStatus(410, status('Gone')).reason, 'Expired');
});

test('what is not a Status is quoted, sanitised and cut', () => {
  const { reason, message, namesObject } = parseStatus(404, `404 page\u001b[2J ${'x'.repeat(9_999)}`);
  assert.equal(reason, 'NotFound');
  assert.ok(!namesObject);
  assert.ok(Buffer.byteLength(message) <= 512);
  assert.ok(message.startsWith('404 page\\u{1b}[2J xxx'));
});

test('what may mend by itself is tried again, and what cannot is not', () => {
  const codes = (code: number, body = status('', 'm', 'a')) => errorOf('GET', '/a?b', parseStatus(code, body)).code;
  for (const code of [302, 401, 403, 409, 410, 429, 500, 502, 503, 504]) assert.equal(codes(code), 'api_unavailable');
  for (const code of [400, 404, 405, 413, 415, 422]) assert.equal(codes(code), 'api_rejected');
  assert.equal(codes(404, '404 page not found'), 'api_unavailable', 'the kind may be served later');
});
