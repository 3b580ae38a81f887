import { expect, test } from '@jest/globals';
import { createLastingFault } from './lasting-fault.ts';

function faultOf() {
  const told: unknown[] = [];
  const logger = {
    info: (message: string, fields = {}) => void told.push(['info', message, fields]),
    warn: (message: string, fields = {}) => void told.push(['warn', message, fields]),
  };
  return { told, fault: createLastingFault(logger, { begins: 'it fails', ends: 'it works again' }, { of: 'pods' }) };
}

test('logs the beginning and the end of each fault', () => {
  const { told, fault } = faultOf();
  fault.mended();
  expect(told).toEqual([]);
  const error = new Error('away');
  fault.failed(error);
  fault.failed(new Error('still away'));
  expect(fault.failures()).toBe(2);
  fault.mended();
  fault.mended();
  expect(fault.failures()).toBe(0);
  fault.failed(error);
  expect(told).toEqual([
    ['warn', 'it fails', { of: 'pods', error }],
    ['info', 'it works again', { of: 'pods', failures: 2 }],
    ['warn', 'it fails', { of: 'pods', error }],
  ]);
});

test('work that fails does not reject, and counts until a success', async () => {
  const { told, fault } = faultOf();
  const failing = () => Promise.reject(new TypeError('no function'));
  expect(await fault.during(failing)).toBeUndefined();
  expect(fault.failures()).toBe(1);
  expect(await fault.during(async () => 'a result')).toBe('a result');
  expect(told).toHaveLength(2);
});

test('work that a stop interrupts is not a failure', async () => {
  const { told, fault } = faultOf();
  expect(await fault.during(() => Promise.reject(new Error('stopped')), AbortSignal.abort())).toBeUndefined();
  expect(fault.failures()).toBe(0);
  expect(told).toEqual([]);
});
