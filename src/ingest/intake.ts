import { createLimitedLog } from '../telemetry/limited-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { Ingest, IngestOutcome } from './ingest.ts';
import type { Intake } from './source.ts';

export interface IntakeDeps {
  readonly ingest: Ingest;
  readonly metrics: Pick<Metrics, 'batchBytes' | 'batchEvents' | 'lastBatchTimestamp'>;
  readonly logger: Logger;
}

const MS_PER_SECOND = 1_000;

/** The intake of one source. @param clusters the clusters it may send batches of; each has series from the start */
export function createIntake({ ingest, metrics, logger }: IntakeDeps, clusters: readonly string[]): Intake {
  const limited = createLimitedLog(logger);
  for (const cluster of clusters) metrics.lastBatchTimestamp.set({ cluster }, 0);
  return {
    async take(cluster, body) {
      metrics.batchBytes.observe({ cluster }, body.length);
      try {
        const outcome = await ingest.ingest(cluster, body);
        if (outcome.kind === 'rejected') {
          const { reason } = outcome;
          limited.note('warn', 'batch rejected', `${cluster}/${reason}`, { cluster, reason, bytes: body.length });
          return outcome;
        }
        metrics.batchEvents.observe({ cluster }, outcome.events);
        if (hasEvents(outcome)) metrics.lastBatchTimestamp.set({ cluster }, Date.now() / MS_PER_SECOND);
        return outcome;
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error;
        limited.note('warn', 'batch not committed', `${cluster}/${error.code}`, { cluster, error });
        return { kind: 'uncommitted', error };
      }
    },
  };
}

/** An empty list is a test of the connection, and says nothing about an API server. */
export function hasEvents({ events, quarantined }: Extract<IngestOutcome, { kind: 'accepted' }>): boolean {
  return events + quarantined > 0;
}
