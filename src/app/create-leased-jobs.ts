import { randomUUID } from 'node:crypto';
import { endOverflows } from '../alerts/end-overflows.ts';
import { allJobs, createPeriodicJob, type Job } from '../alerts/job.ts';
import { createLeasedJob } from '../alerts/leased-job.ts';
import { applyRetention, type RetentionPolicy } from '../alerts/retention.ts';
import type { Store } from '../alerts/store.ts';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { Config } from '../config/schema.ts';
import type { Heartbeat } from '../ingest/heartbeat.ts';
import { createAlertSync } from '../kubernetes/alert-sync.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { OVERFLOW_QUIET } from '../rules/limits.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { nowMicros } from './now-micros.ts';
import type { Delivery } from './start-delivery.ts';
import type { StartedExceptions } from './start-exceptions.ts';
import type { StartedRules } from './start-rules.ts';
import type { Undo } from './unwind.ts';

export interface LeasedJobsDeps extends Delivery {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Name of the reporting pod or host. */
  readonly instance: string;
  readonly store: Store;
  readonly clusters: readonly string[];
  readonly client: KubernetesClient | undefined;
  readonly rules: StartedRules;
  readonly exceptions: StartedExceptions;
  readonly heartbeat: Heartbeat | undefined;
}

const RETENTION_INTERVAL_MS = 60_000;
const OVERFLOWS_INTERVAL_MS = 10_000;

/** Jobs that one replica does for all: sync phases and deletions, retention, status of rules. */
export function createLeasedJobs(config: Config, deps: LeasedJobsDeps, undo: Undo[]): Job {
  const { logger, metrics, instance, store, clusters, client, lifecycle, rules, exceptions, heartbeat } = deps;
  const { leaseMs } = config.replicas;
  const [first = 'local'] = clusters;
  // A pod that restarts under its old name is a new holder: it must not take over its predecessor's lease.
  const holder = `${instance}/${randomUUID()}`;
  const jobs = createLeasedJob(
    {
      lease: (ttlMs) => store.lease(first, 'jobs', holder, ttlMs),
      createJob: () =>
        allJobs([
          { start: () => metrics.leaseHeld.set({}, 1), stop: async () => metrics.leaseHeld.set({}, 0) },
          ...(client === undefined ? [] : [createAlertSync({ client, store, lifecycle, logger }, clusters)]),
          ...rules.createJobs(nowMicros),
          ...exceptions.createJobs(nowMicros),
          ...(heartbeat === undefined ? [] : [createPeriodicJob(config.heartbeat.interval / 1_000, heartbeat.beat)]),
          createRetentionJob(retentionPolicy(config), deps),
          createOverflowsJob(deps),
        ]),
      logger,
    },
    leaseMs,
  );
  metrics.leaseHeld.set({}, 0);
  undo.push(() => jobs.stop());
  return jobs;
}

function createRetentionJob(policy: RetentionPolicy, deps: LeasedJobsDeps): Job {
  const { logger, store, clusters, lifecycle, sinks, reconciler } = deps;
  const fault = createLastingFault(logger, { begins: 'retention is failing', ends: 'retention has recovered' });
  const retain = async () => {
    for (const cluster of clusters) {
      const dropped = await applyRetention(store, lifecycle, cluster, sinks, policy, nowMicros());
      if (dropped > 0) logger.info('alerts dropped by retention', { cluster, dropped });
    }
    reconciler.nudge();
  };
  return createPeriodicJob(RETENTION_INTERVAL_MS, () => fault.during(retain));
}

function createOverflowsJob({ logger, store, clusters, sinks, reconciler }: LeasedJobsDeps): Job {
  const words = { begins: 'ending overflows is failing', ends: 'ending overflows has recovered' };
  const fault = createLastingFault(logger, words);
  const closeOverflows = async () => {
    for (const cluster of clusters) {
      for (const { id, spec, state } of await endOverflows(store, cluster, sinks, nowMicros() - OVERFLOW_QUIET)) {
        const until = formatTimestamp(state.lastSeen);
        const fields = { cluster, rule: spec.rule.name, alert: id, count: state.count, until };
        logger.info('rule is within its budget again', fields);
        reconciler.nudge();
      }
    }
  };
  return createPeriodicJob(OVERFLOWS_INTERVAL_MS, () => fault.during(closeOverflows));
}

function retentionPolicy({ retention }: Config): RetentionPolicy {
  const { maxAge, maxAlerts, maxAlertsPerRule } = retention;
  return { maxAgeMicros: maxAge, maxAlerts, maxAlertsPerRule };
}
