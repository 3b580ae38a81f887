import { expect, test } from '@jest/globals';
import { OperationalError, onFault } from './operational-error.ts';

test('onFault replaces the result of an operational fault, and rethrows a bug', async () => {
  const away = new OperationalError('store_unavailable', 'no answer');
  expect(await Promise.reject(away).catch(onFault(({ code }) => code))).toBe('store_unavailable');
  const bug = new TypeError('undefined is not a function');
  await expect(Promise.reject(bug).catch(onFault(() => 'hidden'))).rejects.toThrow(bug);
});
