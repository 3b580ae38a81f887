import { expect, test } from '@jest/globals';
import { receiverOptionsSchema } from '../http/options.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createSources } from './registry.ts';

const logger: Logger = { error() {}, warn() {}, info() {}, debug() {}, child: () => logger };
const ingest = { ingest: async () => ({ kind: 'accepted', events: 0, quarantined: 0 }) as const };

test('each source has a name of its own, is not ready before it starts, and can be stopped all the same', async () => {
  const receiver = receiverOptionsSchema.parse({ listen: '127.0.0.1:0' });
  const sources = createSources({ ingest, metrics: createMetrics(), logger, onBug: () => {} }, { receiver });
  expect(sources.map(({ name }) => name)).toEqual(['receiver']);
  for (const source of sources) {
    expect(source.readiness().some(({ ok, required }) => required && !ok)).toBe(true);
    await source.stop(0);
  }
});
