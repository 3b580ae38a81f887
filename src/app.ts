import { randomUUID } from 'node:crypto';
import { endOverflows } from './alerts/end-overflows.ts';
import { allJobs, createPeriodicJob } from './alerts/job.ts';
import { createLeasedJob } from './alerts/leased-job.ts';
import { createAlertLifecycle } from './alerts/lifecycle.ts';
import { createReconciler } from './alerts/reconcile.ts';
import { applyRetention, type RetentionPolicy } from './alerts/retention.ts';
import type { Store } from './alerts/store.ts';
import { watchQueues } from './alerts/watch-queues.ts';
import { watchStore } from './alerts/watch-store.ts';
import { followNamespaces } from './app/follow-namespaces.ts';
import { startExceptions } from './app/start-exceptions.ts';
import { startRules } from './app/start-rules.ts';
import { formatTimestamp } from './audit/timestamp.ts';
import type { Config } from './config/schema.ts';
import { createOpsServer } from './http/ops.ts';
import { lingerMs } from './http/options.ts';
import { createAlertReview } from './ingest/alert-writes.ts';
import { createEvaluator } from './ingest/create-evaluator.ts';
import { createIngest } from './ingest/create-ingest.ts';
import { sha256Hashes } from './ingest/hashes.ts';
import { createHeartbeat, type Heartbeat } from './ingest/heartbeat.ts';
import { createMetricsObserver } from './ingest/metrics-observer.ts';
import { createOwnChanges } from './ingest/own-changes.ts';
import { createOwnPods } from './ingest/own-pods.ts';
import { createOwnWrites, type OwnIdentity } from './ingest/own-writes.ts';
import { createQuarantine } from './ingest/quarantine.ts';
import { createTraced, type Traced, UNTRACED } from './ingest/traced.ts';
import { createAlertSync } from './kubernetes/alert-sync.ts';
import { createKubernetesClient, type KubernetesClient } from './kubernetes/client.ts';
import { readOwnIdentity } from './kubernetes/own-identity.ts';
import { OVERFLOW_QUIET } from './rules/limits.ts';
import { createSinks } from './sinks/registry.ts';
import { createSources } from './sources/registry.ts';
import { openState } from './state/open-state.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { OPERATIONAL_ERRORS, OperationalError } from './telemetry/operational-error.ts';

export interface AppDeps {
  readonly logger: Logger;
  readonly version: string;
  /** The environment of the process, for what a kubelet puts there. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the lines of the log sink. */
  readonly write: (line: string) => void;
  /** The pod or host that reports. */
  readonly instance: string;
  /** Told of a fault that the process must not outlive. */
  readonly onBug: (error: unknown) => void;
}

export interface App {
  /**
   * Stops last-started first; what is not done within the receiver's drain limit is left to the sender and to leases.
   * @param linger whether the receiver first lets its senders go elsewhere; not after a bug
   */
  stop(linger: boolean): Promise<void>;
}

interface Stop {
  /** For the receiver, beside the rest. */
  readonly lingerMs: number;
  /** What is left of the time that all of it may take. */
  remainingMs(): number;
}

/** Something that was started, and how it ends. */
type Undo = (stop: Stop) => Promise<void> | void;

/** A delivery is given up long before its lease runs out, so that no two replicas deliver the same alert at once. */
const LEASE_PER_DELIVERY = 3;
const RETENTION_INTERVAL_MS = 60_000;
const OVERFLOWS_INTERVAL_MS = 10_000;
/** What each step of a stop may take, however long those before it took. */
const LAST_MS = 500;
/** How long a stop waits for a collector to take the last spans. */
const TRACES_LEFT_MS = 2_000;

/**
 * Builds and starts everything, in the order in which an event flows through it; each step leaves its undo behind. If a
 * step fails, what was started before it is stopped again.
 */
export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const undo: Undo[] = [];
  try {
    await build(config, deps, undo);
    const { drainMs } = config.receiver;
    return { stop: (linger) => unwind(undo, drainMs, linger ? lingerMs(config.receiver) : 0) };
  } catch (error) {
    await unwind(undo, config.receiver.drainMs);
    throw error;
  }
}

async function build(config: Config, { logger, version, env, write, instance, onBug }: AppDeps, undo: Undo[]) {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version, node: process.versions.node }, 1);
  const clusters = config.receiver.clusters.map(({ name }) => name);

  // Traces, if they are asked for. The last to stop, so that they show the stop of the others.
  const traced = await startTracing(config, { logger, version, instance }, undo);

  // State.
  for (const code of Object.keys(OPERATIONAL_ERRORS)) {
    if (code.startsWith('store_')) metrics.storeErrors.inc({ code }, 0);
  }
  const opened = await openState(config.state, {
    update: (seconds, outcome, error) => {
      metrics.storeUpdateSeconds.observe({ outcome: outcome === 'failed' ? 'failed' : 'committed' }, seconds);
      if (error instanceof OperationalError) metrics.storeErrors.inc({ code: error.code });
    },
    conflict: () => metrics.storeConflicts.inc({}),
  });
  const store = traced.store(opened);
  undo.push(() => store.close());
  logger.info('state opened', { store: store.kind, durability: store.durability });
  const storeHealth = watchStore(store, metrics);
  undo.push(() => storeHealth.stop());

  // The Kubernetes API.
  const access = { ...config.kubernetes, env };
  const client = config.kubernetes.enabled ? await createKubernetesClient({ ...access, version }) : undefined;
  if (client !== undefined) undo.push(() => client.close());

  const identity = client === undefined ? undefined : await readOwnIdentity(access);
  const { localCluster: cluster } = config.kubernetes;
  const { username, podUid } = (cluster === '' ? undefined : identity) ?? {};
  const changes = username === undefined ? undefined : createOwnChanges({ store, username, cluster, now: nowMicros });

  // Rules.
  const wrap = traced.detector;
  const own = identity === undefined || changes === undefined ? undefined : { identity, changes };
  if (own === undefined && client !== undefined) {
    logger.warn('changes of firstseen itself raise no alert: its own cannot be told from those of others');
  }
  const rules = await startRules(config, { logger, metrics, clusters, store, client, wrap, own });
  undo.push(() => rules.stop());

  const namespaces = await followNamespaces(config, client, logger);
  undo.push(() => namespaces?.stop());

  // Sinks, and what brings alerts to them.
  const heartbeat = config.heartbeat.enabled
    ? heartbeatOf(config, { store, client, own: identity, metrics, logger })
    : undefined;

  // Exceptions, once it is known whose namespace their lists are in.
  const excepting = { logger, store, clusters, rules: rules.live, client, identity };
  const exceptions = await startExceptions(config, excepting);
  undo.push(() => exceptions.stop());

  const sinks = traced.sinks(createSinks({ kubernetes: client, write, instance }, config));
  const sinkNames = sinks.map(({ name }) => name);
  const reviewers = sinks.filter(({ removes }) => removes).map(({ name }) => name);
  const lifecycle = createAlertLifecycle(store, sinkNames, { onClose: config.alerts.onClose, reviewers });
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
    { leaseMs: config.replicas.leaseMs, deadlineMs: Math.floor(config.replicas.leaseMs / LEASE_PER_DELIVERY) },
  );
  undo.push(({ remainingMs }) => reconciler.stop(remainingMs()));
  const queues = watchQueues(store, metrics, clusters, sinkNames);
  undo.push(() => queues.stop());

  // What one replica does for all: carry phases and deletions back, and keep alerts within limits.
  const { leaseMs } = config.replicas;
  const [first = 'local'] = clusters;
  // A pod that starts anew under its old name is another holder: it must not take up the lease of the one before it.
  const holder = `${instance}/${randomUUID()}`;
  const policy = retentionPolicy(config);
  const retain = async () => {
    for (const cluster of clusters) {
      const dropped = await applyRetention(store, lifecycle, cluster, sinks, policy, nowMicros());
      if (dropped > 0) logger.info('alerts dropped by retention', { cluster, dropped });
    }
    reconciler.nudge();
  };
  const closeOverflows = async () => {
    for (const cluster of clusters) {
      for (const { id, spec, state } of await endOverflows(store, cluster, sinks, nowMicros() - OVERFLOW_QUIET)) {
        const until = formatTimestamp(state.lastSeen);
        logger.info('rule is within its budget again', {
          cluster,
          rule: spec.rule.name,
          alert: id,
          count: state.count,
          until,
        });
        reconciler.nudge();
      }
    }
  };
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
          createPeriodicJob(RETENTION_INTERVAL_MS, () =>
            retain().catch((error: unknown) => logger.warn('retention is held up', { error })),
          ),
          createPeriodicJob(OVERFLOWS_INTERVAL_MS, () =>
            closeOverflows().catch((error: unknown) => logger.warn('the end of overflows is held up', { error })),
          ),
        ]),
      logger,
    },
    leaseMs,
  );
  metrics.leaseHeld.set({}, 0);
  undo.push(() => jobs.stop());

  // Our own writes. They begin when other replicas can tell them.
  const pods = podUid === undefined ? undefined : createOwnPods({ store, cluster, podUid, now: nowMicros });
  const ownWrites =
    username === undefined
      ? undefined
      : createOwnWrites({ username, cluster, ourPods: pods?.ours, ourChanges: changes?.ours });
  pods?.start();
  undo.push(() => pods?.stop());
  void Promise.resolve(pods?.registered).then(() => {
    reconciler.start();
    jobs.start();
  });

  // Events in: last started, first stopped.
  const quarantine = createQuarantine();
  const observer = traced.observer(createMetricsObserver(metrics, quarantine, logger));
  const evaluate = createEvaluator({
    store,
    detector: rules.live.detector,
    namespaceLabels: namespaces,
    hashes: sha256Hashes,
    sinks,
    own: ownWrites,
    review: client === undefined ? undefined : createAlertReview({ lifecycle, cluster, clusters }),
    heartbeat,
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
  const ingest = traced.ingest(createIngest({ evaluate, observer, now: nowMicros }));
  const sources = createSources({ ingest, metrics, logger, onBug }, config);
  const readiness = () => [
    ...sources.flatMap((source) => source.readiness()),
    rules.readiness(),
    { name: 'store', required: false, ...storeHealth.check() },
  ];
  const ops = createOpsServer({ metrics, readiness, quarantine: quarantine.items, logger }, config.ops);
  await ops.start();
  undo.push(() => ops.stop(1_000));
  undo.push(async ({ lingerMs }) => {
    await Promise.all(sources.map((source) => source.stop(config.receiver.drainMs, lingerMs)));
  });
  for (const source of sources) await source.start();
}

async function startTracing(
  { tracing: { endpoint, sampleRatio } }: Config,
  { logger, version, instance }: Pick<AppDeps, 'logger' | 'version' | 'instance'>,
  undo: Undo[],
): Promise<Traced> {
  if (endpoint === undefined) return UNTRACED;
  const { startOtlpTracing } = await import('./telemetry/otlp-tracing.ts');
  const tracing = startOtlpTracing({ endpoint, sampleRatio, version, instance }, logger);
  undo.push(() => tracing.stop(TRACES_LEFT_MS));
  logger.info('traces are sent', { endpoint, sampleRatio });
  return createTraced(tracing);
}

/** @throws Error if firstseen could not tell its own request from those of others */
function heartbeatOf(
  { kubernetes }: Config,
  deps: {
    readonly store: Store;
    readonly client: KubernetesClient | undefined;
    readonly own: OwnIdentity | undefined;
    readonly metrics: Metrics;
    readonly logger: Logger;
  },
): Heartbeat {
  const { client, own } = deps;
  if (client === undefined || own === undefined) {
    throw new Error(
      'heartbeat.enabled: expected the credential of a service account, to know the heartbeat again by its name; ' +
        'found another one: give a kubeconfig with a service account token, or leave the heartbeat off',
    );
  }
  return createHeartbeat({ ...deps, own, get: client.statusOf, cluster: kubernetes.localCluster, now: nowMicros });
}

async function unwind(undo: Undo[], drainMs: number, lingerMs = 0): Promise<void> {
  const limit = performance.now() + lingerMs + drainMs;
  const remainingMs = () => Math.max(LAST_MS, limit - performance.now());
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step({ lingerMs, remainingMs });
}

function retentionPolicy({ retention }: Config): RetentionPolicy {
  const { maxAge, maxAlerts, maxAlertsPerRule } = retention;
  return { maxAgeMicros: maxAge, maxAlerts, maxAlertsPerRule };
}

function nowMicros(): number {
  return Date.now() * 1_000;
}
