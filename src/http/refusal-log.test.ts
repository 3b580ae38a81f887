import { expect, test } from '@jest/globals';
import type { LogFields, Logger } from '../telemetry/logger.ts';
import { createRefusalLog } from './refusal-log.ts';

test('counts every refusal, and logs one in 10 s for each reason with the number left out', () => {
  let counted = 0;
  const logged: LogFields[] = [];
  const logger = { warn: (_message: string, fields: LogFields = {}) => logged.push(fields) } as unknown as Logger;
  let now = 0;
  const log = createRefusalLog(
    {
      metrics: {
        requestsRefused: {
          inc(_labels, by = 1) {
            counted += by;
          },
        },
      },
      logger,
    },
    () => now,
  );
  for (let count = 0; count < 100; count++) log.note('unauthenticated', { client: '192.0.2.1' });
  log.note('method', { client: '192.0.2.1' });
  now = 10_000;
  log.note('unauthenticated', { client: '192.0.2.2' });
  expect(counted).toBe(102);
  expect(logged).toEqual([
    { reason: 'unauthenticated', client: '192.0.2.1', leftOut: 0 },
    { reason: 'method', client: '192.0.2.1', leftOut: 0 },
    { reason: 'unauthenticated', client: '192.0.2.2', leftOut: 99 },
  ]);
});
