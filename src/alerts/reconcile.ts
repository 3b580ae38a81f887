import { createDeliveryLane, type DeliveryDeps, type DeliveryOptions } from './delivery-lane.ts';
import type { Sink } from './sink.ts';

/** Brings every sink to the state of the alerts in the store, and keeps it there. */
export interface Reconciler {
  start(): void;
  /** Says that something has become due, so that it is delivered at once and not at the next poll. */
  nudge(): void;
  /** Claims nothing more and waits for what is being delivered. What is not done after `limitMs` is left to its lease. */
  stop(limitMs: number): Promise<void>;
}

export interface ReconcilerDeps extends DeliveryDeps {
  readonly sinks: readonly Sink[];
  /** The names of the monitored clusters. */
  readonly clusters: readonly string[];
}

export const RECONCILER_DEFAULTS: DeliveryOptions = {
  concurrency: 16,
  deadlineMs: 10_000,
  leaseMs: 30_000,
  poll: { minMs: 500, maxMs: 2_000 },
  retry: { minMs: 1_000, maxMs: 300_000 },
  pause: { minMs: 500, maxMs: 10_000 },
};

/**
 * A level-triggered loop for each monitored cluster and sink, as a Kubernetes controller has: it claims what is due,
 * delivers it, and is done only if the alert has not moved on. The loops share nothing, so a sink that is down delays
 * itself and no other.
 *
 * @throws Error if more than one sink holds copies: the record of a dropped alert goes when its copy is taken away
 */
export function createReconciler(deps: ReconcilerDeps, options: Partial<DeliveryOptions> = {}): Reconciler {
  if (deps.sinks.filter(({ removes }) => removes).length > 1)
    throw new Error('only one sink may hold copies of alerts');
  const settled = { ...RECONCILER_DEFAULTS, ...options };
  const lanes = deps.clusters.flatMap((cluster) =>
    deps.sinks.map((sink) => createDeliveryLane(deps, settled, cluster, sink)),
  );
  return {
    start() {
      for (const lane of lanes) lane.start();
    },
    nudge() {
      for (const lane of lanes) lane.nudge();
    },
    async stop(limitMs) {
      await Promise.all(lanes.map((lane) => lane.stop(limitMs)));
    },
  };
}
