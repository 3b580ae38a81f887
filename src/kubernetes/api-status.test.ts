import { expect, test } from '@jest/globals';
import { errorOf, parseStatus } from './api-status.ts';

const status = (reason: string, message = 'm', name?: string) =>
  JSON.stringify({ kind: 'Status', reason, message, ...(name ? { details: { name } } : {}) });

test('a Status says why, and about what', () => {
  expect(parseStatus(404, status('NotFound', 'alerts "a" not found', 'a'))).toEqual({
    code: 404,
    reason: 'NotFound',
    message: 'alerts "a" not found',
    namesObject: true,
  });
  expect(parseStatus(410, status('Gone')).reason).toBe('Expired');
});

test('what is not a Status is quoted, sanitised and cut', () => {
  const { reason, message, namesObject } = parseStatus(404, `404 page\u001b[2J ${'x'.repeat(9_999)}`);
  expect(reason).toBe('NotFound');
  expect(namesObject).toBe(false);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(512);
  expect(message.startsWith('404 page\\u{1b}[2J xxx')).toBe(true);
});

test('what may mend by itself is tried again, and what cannot is not', () => {
  const codes = (code: number, body = status('', 'm', 'a')) => errorOf('GET', '/a?b', parseStatus(code, body)).code;
  for (const code of [302, 401, 403, 409, 410, 429, 500, 502, 503, 504]) expect(codes(code)).toBe('api_unavailable');
  for (const code of [400, 404, 405, 413, 415, 422]) expect(codes(code)).toBe('api_rejected');
  expect(codes(404, '404 page not found')).toBe('api_unavailable'); // the kind may be served later
});
