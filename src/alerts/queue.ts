import type { AlertRecord } from '../detect/alert.ts';

/** An alert that a sink has leased for delivery. */
export interface Claim {
  readonly alert: AlertRecord;
  /** The version that this sink last delivered, if it ever did. */
  readonly delivered: number | undefined;
  /** How many deliveries of it to this sink have failed in a row. */
  readonly failures: number;
}

export interface QueueDepth {
  /** Entries that are due or leased. */
  readonly due: number;
  /** Age in milliseconds of the entry that has been due longest, 0 if none is due. */
  readonly oldestMs: number;
  /** Entries in the dead-letter set. */
  readonly dead: number;
}

/** The due queue of each sink, kept in the store beside the alerts. All times are on the store's clock. */
export interface AlertQueue {
  /** Leases the first `limit` entries that are due, for `leaseMs`. An entry whose alert is gone is dropped. */
  claim(cluster: string, sink: string, limit: number, leaseMs: number): Promise<readonly Claim[]>;
  /** Records the delivery of `version`. The entry goes if the alert has not moved on, else it is due again after `coalesceMs`. */
  done(cluster: string, sink: string, alertId: string, version: number, coalesceMs: number): Promise<void>;
  /** Counts a failure and makes the entry due again after `delayMs`. */
  retry(cluster: string, sink: string, alertId: string, delayMs: number): Promise<void>;
  /** Moves the entry to the sink's dead-letter set, with the reason. */
  bury(cluster: string, sink: string, alertId: string, reason: string): Promise<void>;
  depth(cluster: string, sink: string): Promise<QueueDepth>;
}
