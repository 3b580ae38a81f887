import type { ReadResult, StateRead, Step } from '../rules/state.ts';

/** Where the state of each cluster is kept: Redis or SQLite. */
export interface Store {
  readonly kind: 'redis' | 'sqlite';
  /** How durable a committed write is, in words for an operator. */
  readonly durability: string;
  /** The most decisions that one commit should hold, so that the event loop is not held long. */
  readonly decisionsPerCommit: number;
  /**
   * Reads the named values, runs the step, and applies its writes in order, all or none. No other change to the
   * cluster's partition falls between the reads and the writes. With no writes nothing is written.
   * @throws OperationalError `store_unavailable` or `store_full` (retryable) if the outcome is not known to be committed.
   */
  update<T>(
    cluster: string,
    reads: readonly StateRead[],
    step: (results: readonly ReadResult[]) => Step<T>,
  ): Promise<T>;
  /** Takes or renews a named lease of the cluster for `holder`; true if it is held until now + `ttlMs` on the store's clock. */
  lease(cluster: string, name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Rejects if the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
