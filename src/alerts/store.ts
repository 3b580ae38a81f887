import type { ReadResult, StateRead, Step } from '../rules/state.ts';

/** Keeps the state of each cluster: in Redis or SQLite. */
export interface Store {
  readonly kind: 'redis' | 'sqlite';
  /** Describes for an operator how durable a committed write is. */
  readonly durability: string;
  /** The most decisions in one commit, so that it does not block the event loop for long. */
  readonly decisionsPerCommit: number;
  /**
   * Reads the named values, runs the step, and applies its writes in order, all or none. No other change of the
   * cluster's partition happens between the reads and the writes. A step without writes writes nothing.
   * @throws OperationalError `store_unavailable` or `store_full` (retryable) unless the commit is certain.
   */
  update<T>(
    cluster: string,
    reads: readonly StateRead[],
    step: (results: readonly ReadResult[]) => Step<T>,
  ): Promise<T>;
  /** Takes or renews a named lease for `holder`; true if it is held for `ttlMs` from now, on the store's clock. */
  lease(cluster: string, name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Rejects if the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
