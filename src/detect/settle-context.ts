import type { Hashes } from '../rules/hashes.ts';

/** A sink to which alerts become due, and when. */
export interface SinkSchedule {
  readonly name: string;
  readonly openingsOnly: boolean;
  /** True if it also takes alerts of building blocks. */
  readonly buildingBlocks?: boolean;
  /** Delay before the sink is due after a repeat, in milliseconds. */
  readonly coalesceMs: number;
}

export interface SettleContext {
  readonly cluster: string;
  /** The latest event time up to this batch that this process knows (µs). */
  readonly hwm: number;
  readonly sinks: readonly SinkSchedule[];
  readonly hashes: Hashes;
}
