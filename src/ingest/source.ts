import type { OperationalError } from '../telemetry/operational-error.ts';
import type { IngestOutcome } from './ingest.ts';
import type { ReadinessCheck } from './readiness.ts';

/**
 * Where audit events come from. A source gets batches from somewhere, finds out whose cluster each is of, and gives it to
 * its intake. It acknowledges a batch when the intake has said what became of it, and not before.
 */
export interface Source {
  readonly name: string;
  /**
   * Resolves when events are taken; until then `readiness` says that it is not ready.
   * @throws Error that says what was expected, and where
   */
  start(): Promise<unknown>;
  /**
   * Unready at once; takes no more events, waits for the batches that are under way, and gives up what is left after
   * `limitMs`: it is not acknowledged, so it comes again. Also if it was never started.
   * @param lingerMs how long it goes on taking events before that, if its senders have to go elsewhere first
   */
  stop(limitMs: number, lingerMs?: number): Promise<void>;
  readiness(): readonly ReadinessCheck[];
}

export type BatchOutcome =
  | IngestOutcome
  /** Nothing of the batch may be acknowledged: it has to come again, later if it cannot be kept. */
  | { readonly kind: 'uncommitted'; readonly error: OperationalError };

/** Takes the batches of one source, counts them, and logs those that fail. */
export interface Intake {
  /**
   * Resolves when all that the batch caused is committed, or cannot be. A source that holds its next batches back until then
   * is no faster than the store.
   * @param cluster one of the configuration
   * @param body an EventList in JSON
   * @throws what is a bug: the process should end and start anew
   */
  take(cluster: string, body: Buffer): Promise<BatchOutcome>;
}
