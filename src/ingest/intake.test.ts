import { expect, test } from '@jest/globals';
import type { LogFields, Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { Ingest } from './ingest.ts';
import { createIntake } from './intake.ts';

const BODY = Buffer.from('{}');

function taking(ingest: Ingest['ingest']) {
  const metrics = createMetrics();
  const log: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  const note = (message: string, fields?: LogFields) => log.push({ message, fields });
  const logger: Logger = { error: note, warn: note, info: note, debug: note, child: () => logger };
  return {
    log,
    intake: createIntake({ ingest: { ingest }, metrics, logger }, ['local', 'silent']),
    async series(name: string) {
      const { text } = await metrics.expose();
      return [...text.matchAll(new RegExp(`^firstseen_${name}\\{(.*)\\} (\\d+)`, 'gm'))].map(([, labels, value]) => [
        labels,
        Number(value),
      ]);
    },
  };
}

test('counts a committed batch, and records its time', async () => {
  const { intake, series } = taking(async () => ({ kind: 'accepted', events: 2, quarantined: 1 }));
  expect(await intake.take('local', BODY)).toEqual({ kind: 'accepted', events: 2, quarantined: 1 });
  expect(await series('batch_events_sum')).toEqual([['cluster="local"', 2]]);
  expect(await series('batch_bytes_sum')).toEqual([['cluster="local"', 2]]);
  const [local, silent] = await series('last_batch_timestamp_seconds');
  expect(Number(local?.[1])).toBeGreaterThan(1_700_000_000);
  expect(silent).toEqual(['cluster="silent"', 0]);
});

test('an empty batch does not count for its cluster', async () => {
  const { intake, series } = taking(async () => ({ kind: 'accepted', events: 0, quarantined: 0 }));
  await intake.take('local', BODY);
  expect((await series('last_batch_timestamp_seconds'))[0]).toEqual(['cluster="local"', 0]);
});

test('logs a rejected batch without its body', async () => {
  const { intake, log } = taking(async () => ({ kind: 'rejected', reason: 'not_json', message: 'expected JSON' }));
  expect((await intake.take('local', BODY)).kind).toBe('rejected');
  expect(log).toEqual([
    { message: 'batch rejected', fields: { cluster: 'local', reason: 'not_json', bytes: 2, leftOut: 0 } },
  ]);
});

test('returns an operational fault, and throws a bug', async () => {
  const error = new OperationalError('store_unavailable', 'away');
  const { intake, log } = taking(async () => Promise.reject(error));
  expect(await intake.take('local', BODY)).toEqual({ kind: 'uncommitted', error });
  expect(log).toEqual([{ message: 'batch not committed', fields: { cluster: 'local', error, leftOut: 0 } }]);
  await expect(taking(async () => Promise.reject(new TypeError('x'))).intake.take('local', BODY)).rejects.toThrow(
    TypeError,
  );
});
