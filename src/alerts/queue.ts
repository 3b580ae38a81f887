import type { AlertRecord } from '../detect/alert.ts';

/** An alert that a sink has leased for delivery. */
export interface Claim {
  readonly alert: AlertRecord;
  /** The version that this sink delivered last, if any. */
  readonly delivered: number | undefined;
  /** Consecutive failed deliveries to this sink. */
  readonly failures: number;
}

export interface QueueDepth {
  /** Entries that are due or leased. */
  readonly due: number;
  /** Age in milliseconds of the oldest due entry, 0 if none is due. */
  readonly oldestMs: number;
  /** Entries in the dead-letter set. */
  readonly dead: number;
}

/** The due queue of each sink, stored beside the alerts. All times use the store's clock. */
export interface AlertQueue {
  /** Leases the first `limit` due entries for `leaseMs`. Drops an entry whose alert is gone. */
  claim(cluster: string, sink: string, limit: number, leaseMs: number): Promise<readonly Claim[]>;
  /**
   * Records the delivery of `version`. Removes the entry, or makes it due after `coalesceMs` if the alert has changed.
   */
  done(cluster: string, sink: string, alertId: string, version: number, coalesceMs: number): Promise<void>;
  /** Counts a failure and makes the entry due again after `delayMs`. */
  retry(cluster: string, sink: string, alertId: string, delayMs: number): Promise<void>;
  /** Moves the entry to the sink's dead-letter set, with the reason. */
  bury(cluster: string, sink: string, alertId: string, reason: string): Promise<void>;
  depth(cluster: string, sink: string): Promise<QueueDepth>;
}
