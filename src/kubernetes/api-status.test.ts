import { expect, test } from '@jest/globals';
import { errorOf, parseStatus } from './api-status.ts';

const status = (reason: string, message = 'm', name?: string) =>
  JSON.stringify({ kind: 'Status', reason, message, ...(name ? { details: { name } } : {}) });

test('reads the reason and the object of a Status', () => {
  expect(parseStatus(404, status('NotFound', 'alerts "a" not found', 'a'))).toEqual({
    code: 404,
    reason: 'NotFound',
    message: 'alerts "a" not found',
    namesObject: true,
  });
  expect(parseStatus(410, status('Gone')).reason).toBe('Expired');
});

test('quotes any other body, sanitised and cut', () => {
  const { reason, message, namesObject } = parseStatus(404, `404 page\u001b[2J ${'x'.repeat(9_999)}`);
  expect(reason).toBe('NotFound');
  expect(namesObject).toBe(false);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(512);
  expect(message).toMatch(/^404 page\\u\{1b\}\[2J xxx/);
});

const codeOf = (code: number, body = status('', 'm', 'a')) => errorOf('GET', '/a?b', parseStatus(code, body)).code;

test.each([302, 401, 403, 409, 410, 429, 500, 502, 503, 504])('the status %i is retryable', (code) => {
  expect(codeOf(code)).toBe('api_unavailable');
});

test.each([400, 404, 405, 413, 415, 422])('the status %i is a rejection', (code) => {
  expect(codeOf(code)).toBe('api_rejected');
});

test('a kind that is not served is retryable', () => {
  expect(codeOf(404, '404 page not found')).toBe('api_unavailable');
});
