import { expect, test } from '@jest/globals';
import { createLimitedLog } from './limited-log.ts';

test('writes one entry in 10 s for each message and kind, with the number of entries left out', () => {
  const written: unknown[] = [];
  const logger = {
    warn: (message: string, fields = {}) => void written.push(['warn', message, fields]),
    error: (message: string, fields = {}) => void written.push(['error', message, fields]),
  };
  let now = 0;
  const log = createLimitedLog(logger, () => now);
  for (let count = 0; count < 100; count++) log.note('warn', 'batch rejected', 'not_json', { count });
  log.note('warn', 'batch rejected', 'not_event_list', {});
  log.note('error', 'rule failed', 'not_json', {});
  now = 10_000;
  log.note('warn', 'batch rejected', 'not_json', {});
  now = 20_000;
  log.note('warn', 'batch rejected', 'not_json', {});
  expect(written).toEqual([
    ['warn', 'batch rejected', { count: 0, leftOut: 0 }],
    ['warn', 'batch rejected', { leftOut: 0 }],
    ['error', 'rule failed', { leftOut: 0 }],
    ['warn', 'batch rejected', { leftOut: 99 }],
    ['warn', 'batch rejected', { leftOut: 0 }],
  ]);
});
