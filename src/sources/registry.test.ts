import { expect, test } from '@jest/globals';
import { receiverOptionsSchema } from '../http/options.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createSources } from './registry.ts';

const logger: Logger = { error() {}, warn() {}, info() {}, debug() {}, child: () => logger };
const ingest = { ingest: async () => ({ kind: 'accepted', events: 0, quarantined: 0 }) as const };

test('a source is not ready before it starts, and can be stopped then', async () => {
  const receiver = receiverOptionsSchema.parse({ listen: '127.0.0.1:0' });
  const sources = createSources({ ingest, metrics: createMetrics(), logger, onBug: () => {} }, { receiver });
  expect(sources.map(({ name }) => name)).toEqual(['receiver']);
  for (const source of sources) {
    expect(source.readiness()).toContainEqual(expect.objectContaining({ required: true, ok: false }));
    await source.stop(0);
  }
});
