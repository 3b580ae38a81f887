import type { AlertRecord } from '../detect/alert.ts';

/**
 * Where alerts are delivered, at least once: (alert.id, alert.version) is the idempotency key.
 * If `state.removed` is true, the sink must remove its copy of the alert.
 */
export interface Sink {
  readonly name: string;
  /** True if the sink takes only openings, not repeats. */
  readonly openingsOnly: boolean;
  /** True if it also takes alerts of building blocks, which are not meant for people. */
  readonly buildingBlocks?: boolean;
  /** True if the sink holds a copy that must be removed when retention drops the alert. */
  readonly removes: boolean;
  /** Delay of the next delivery after a repeat, in milliseconds, so that a burst is one delivery. */
  readonly coalesceMs: number;
  /**
   * @param delivered the version that this sink delivered last, undefined if none
   * @returns `done`; or `ended` if a user has deleted the copy: the alert ends and is not recreated
   * @throws OperationalError retryable or not
   */
  deliver(alert: AlertRecord, delivered: number | undefined, signal: AbortSignal): Promise<'done' | 'ended'>;
}
