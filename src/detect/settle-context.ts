import type { Hashes } from '../rules/hashes.ts';

/** Which sinks to tell of an alert, and when. */
export interface SinkSchedule {
  readonly name: string;
  readonly openingsOnly: boolean;
  /** True if it also takes the alerts of building blocks. */
  readonly buildingBlocks?: boolean;
  /** How long after a repeat the sink is due, in milliseconds. */
  readonly coalesceMs: number;
}

export interface SettleContext {
  readonly cluster: string;
  /** The latest time that any event of the batch or before it has reached, as far as this process knows (µs). */
  readonly hwm: number;
  readonly sinks: readonly SinkSchedule[];
  readonly hashes: Hashes;
}
