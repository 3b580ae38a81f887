import { type AlertLifecycle, createAlertLifecycle } from '../alerts/lifecycle.ts';
import type { AlertQueue } from '../alerts/queue.ts';
import { createReconciler, type Reconciler } from '../alerts/reconcile.ts';
import type { Sink } from '../alerts/sink.ts';
import type { Store } from '../alerts/store.ts';
import { watchQueues } from '../alerts/watch-queues.ts';
import type { Config } from '../config/schema.ts';
import type { Traced } from '../ingest/traced.ts';
import { createSinks, type SinkDeps } from '../sinks/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Undo } from './unwind.ts';

export interface DeliveryDeps extends SinkDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly traced: Traced;
  readonly store: Store & AlertQueue;
  readonly clusters: readonly string[];
}

export interface Delivery {
  readonly sinks: readonly Sink[];
  readonly lifecycle: AlertLifecycle;
  /** Not yet started: other replicas must first be able to recognise its writes. */
  readonly reconciler: Reconciler;
}

/** A delivery times out long before its lease ends, so that two replicas never deliver the same alert at once. */
const LEASE_PER_DELIVERY = 3;

/** The sinks, and the worker that delivers alerts to them. */
export function startDelivery(config: Config, deps: DeliveryDeps, undo: Undo[]): Delivery {
  const { logger, metrics, traced, store, clusters } = deps;
  const sinks = traced.sinks(createSinks(deps, config));
  const sinkNames = sinks.map(({ name }) => name);
  const reviewers = sinks.filter(({ removes }) => removes).map(({ name }) => name);
  const lifecycle = createAlertLifecycle(store, sinkNames, { onClose: config.alerts.onClose, reviewers });
  const { leaseMs } = config.replicas;
  const reconciler = createReconciler(
    {
      queue: store,
      sinks,
      clusters,
      end: lifecycle.end,
      logger,
      observe: ({ sink, outcome }) => {
        if (outcome === 'done' || outcome === 'ended') metrics.delivered.inc({ sink });
        else metrics.deliveryFailures.inc({ sink, code: outcome });
      },
    },
    { leaseMs, deadlineMs: Math.floor(leaseMs / LEASE_PER_DELIVERY) },
  );
  undo.push(({ remainingMs }) => reconciler.stop(remainingMs()));
  const queues = watchQueues(store, metrics, clusters, sinkNames);
  undo.push(() => queues.stop());
  return { sinks, lifecycle, reconciler };
}
