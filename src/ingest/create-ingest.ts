import { decodeBatch } from '../audit/decode.ts';
import type { Evaluator } from './create-evaluator.ts';
import type { Ingest, IngestOutcome } from './ingest.ts';
import type { IngestObserver } from './observer.ts';

export interface IngestDeps {
  readonly evaluate: Evaluator;
  readonly observer: IngestObserver;
  /** The receiver's clock, in integer microseconds since the epoch. */
  readonly now: () => number;
}

/** Decodes and evaluates a batch, and only then accepts it. Items that cannot be read go into quarantine. */
export function createIngest({ evaluate, observer, now }: IngestDeps): Ingest {
  return {
    async ingest(cluster, body): Promise<IngestOutcome> {
      const batch = decodeBatch(body.toString('utf8'), now());
      if (batch.kind === 'rejected') return batch;
      const { events, quarantined } = batch;
      observer.decoded(cluster, events, quarantined);
      await evaluate(cluster, events);
      return { kind: 'accepted', events: events.length, quarantined: quarantined.length };
    },
  };
}
