import type { AlertRecord } from '../detect/alert.ts';

/**
 * Where alerts go. Delivery is at least once: (alert.id, alert.version) is the idempotency key.
 * An alert whose `state.removed` is true is one to take away.
 */
export interface Sink {
  readonly name: string;
  /** True if only the opening of an alert is of interest: repeats are not delivered. */
  readonly openingsOnly: boolean;
  /** True if it also takes the alerts of building blocks, which are not for people. */
  readonly buildingBlocks?: boolean;
  /** True if the sink holds a copy that has to be taken away when retention drops the alert. */
  readonly removes: boolean;
  /** How long after a repeat the next delivery waits, in milliseconds, so that a burst is one delivery. */
  readonly coalesceMs: number;
  /**
   * @param delivered the version last delivered by this sink, undefined if none was
   * @returns `done`; or `ended` if a user has deleted the copy: then the alert ends and is not made again
   * @throws OperationalError retryable or not
   */
  deliver(alert: AlertRecord, delivered: number | undefined, signal: AbortSignal): Promise<'done' | 'ended'>;
}
