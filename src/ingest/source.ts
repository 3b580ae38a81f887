import type { OperationalError } from '../telemetry/operational-error.ts';
import type { IngestOutcome } from './ingest.ts';
import type { ReadinessCheck } from './readiness.ts';

/**
 * Where audit events come from. A source receives batches, determines the cluster of each, and passes them to its
 * intake. It acknowledges a batch only when the intake has answered.
 */
export interface Source {
  readonly name: string;
  /**
   * Resolves when the source accepts events; `readiness` is not ok before.
   * @throws Error that says what was expected, and where
   */
  start(): Promise<unknown>;
  /**
   * Reports unready at once, accepts no more events, waits for the batches in progress, and drops the rest after
   * `limitMs`: they are not acknowledged, so they come again. Also works if the source never started.
   * @param lingerMs how long to accept events first, while senders move to another replica
   */
  stop(limitMs: number, lingerMs?: number): Promise<void>;
  readiness(): readonly ReadinessCheck[];
}

export type BatchOutcome =
  | IngestOutcome
  /** The batch must not be acknowledged: it has to come again, later if the source cannot keep it. */
  | { readonly kind: 'uncommitted'; readonly error: OperationalError };

/** Evaluates the batches of one source, counts them, and logs failures. */
export interface Intake {
  /**
   * Resolves when the effects of the batch are committed, or the batch has failed. A source that waits for this is no
   * faster than the store.
   * @param cluster a configured cluster
   * @param body an EventList in JSON
   * @throws a bug, after which the process should end and restart
   */
  take(cluster: string, body: Buffer): Promise<BatchOutcome>;
}
