import type { Store } from '../alerts/store.ts';
import type { Config } from '../config/schema.ts';
import { createAlertReview } from '../ingest/alert-writes.ts';
import { createEvaluator } from '../ingest/create-evaluator.ts';
import { createIngest } from '../ingest/create-ingest.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { Heartbeat } from '../ingest/heartbeat.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { createMetricsObserver } from '../ingest/metrics-observer.ts';
import type { NamespaceLabels } from '../ingest/namespace-labels.ts';
import type { OwnWrites } from '../ingest/own-writes.ts';
import type { Quarantine } from '../ingest/quarantine.ts';
import type { Traced } from '../ingest/traced.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { nowMicros } from './now-micros.ts';
import type { Delivery } from './start-delivery.ts';
import type { StartedExceptions } from './start-exceptions.ts';
import type { StartedRules } from './start-rules.ts';

export interface PipelineDeps extends Delivery {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly traced: Traced;
  readonly store: Store;
  readonly clusters: readonly string[];
  readonly client: KubernetesClient | undefined;
  readonly rules: StartedRules;
  readonly exceptions: StartedExceptions;
  readonly namespaceLabels: NamespaceLabels | undefined;
  readonly heartbeat: Heartbeat | undefined;
  readonly own: OwnWrites | undefined;
  readonly quarantine: Quarantine;
}

/** The path of a batch from bytes to the commit, with its metrics, logs and traces. */
export function createPipeline({ kubernetes: { localCluster: cluster } }: Config, deps: PipelineDeps): Ingest {
  const { logger, metrics, traced, store, clusters, client, rules, exceptions, reconciler, lifecycle } = deps;
  const observer = traced.observer(createMetricsObserver(metrics, deps.quarantine, logger));
  const evaluate = createEvaluator({
    store,
    detector: rules.live.detector,
    namespaceLabels: deps.namespaceLabels,
    hashes: sha256Hashes,
    sinks: deps.sinks,
    own: deps.own,
    review: client === undefined ? undefined : createAlertReview({ lifecycle, cluster, clusters }),
    heartbeat: deps.heartbeat,
    observer: {
      ...observer,
      detected(cluster, evaluated, detection) {
        observer.detected(cluster, evaluated, detection);
        if (detection.excepted.size > 0) exceptions.note(cluster, detection.excepted);
      },
      settled(cluster, decisions, settled) {
        observer.settled(cluster, decisions, settled);
        if (settled.opened.length > 0) reconciler.nudge();
      },
    },
  });
  return traced.ingest(createIngest({ evaluate, observer, now: nowMicros }));
}
