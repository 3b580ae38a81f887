import { createDeliveryLane, type DeliveryDeps, type DeliveryOptions } from './delivery-lane.ts';
import type { Sink } from './sink.ts';

/** Keeps every sink in line with the alerts in the store. */
export interface Reconciler {
  start(): void;
  /** Announces that something is due, so that it is delivered at once instead of at the next poll. */
  nudge(): void;
  /** Claims nothing more and waits for deliveries in progress. After `limitMs` the rest is left to its lease. */
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
 * A level-triggered loop for each monitored cluster and sink, as in a Kubernetes controller: it claims due alerts,
 * delivers them, and is done with one only if the alert has not changed since. The loops share nothing, so a broken
 * sink delays only itself.
 *
 * @throws Error if more than one sink holds copies, because the record of a dropped alert goes with its copy
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
