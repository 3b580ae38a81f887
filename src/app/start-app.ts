import type { Config } from '../config/schema.ts';
import { createOpsServer } from '../http/ops.ts';
import { lingerMs } from '../http/options.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { createQuarantine } from '../ingest/quarantine.ts';
import type { ReadinessCheck } from '../ingest/readiness.ts';
import { createSources } from '../sources/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { connectKubernetes } from './connect-kubernetes.ts';
import { createLeasedJobs } from './create-leased-jobs.ts';
import { createPipeline } from './create-pipeline.ts';
import { followNamespaces } from './follow-namespaces.ts';
import { heartbeatOf } from './heartbeat-of.ts';
import { startDelivery } from './start-delivery.ts';
import { startExceptions } from './start-exceptions.ts';
import { startOwnWrites } from './start-own-writes.ts';
import { startRules } from './start-rules.ts';
import { startStore } from './start-store.ts';
import { startTracing } from './start-tracing.ts';
import { type Undo, unwind } from './unwind.ts';

export interface AppDeps {
  readonly logger: Logger;
  readonly version: string;
  /** The environment of the process, for values that the kubelet sets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Receives the lines of the log sink. */
  readonly write: (line: string) => void;
  /** Name of the reporting pod or host. */
  readonly instance: string;
  /** Called with a fault after which the process must end. */
  readonly onBug: (error: unknown) => void;
}

export interface App {
  /**
   * Stops everything, the last started first. Work not finished within the receiver's drain limit is left to the
   * sender's retries and to leases.
   * @param linger whether the receiver first waits for senders to move away; false after a bug
   */
  stop(linger: boolean): Promise<void>;
}

/** How long a stop waits for requests to the port of health and metrics. */
const OPS_LIMIT_MS = 1_000;

/**
 * Builds and starts everything from the bottom up, the sources last. Each step registers its undo; if a step fails, the
 * steps before it are undone.
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

async function build(config: Config, deps: AppDeps, undo: Undo[]): Promise<void> {
  const { logger, version, write, instance } = deps;
  const metrics = createMetrics();
  metrics.buildInfo.set({ version, node: process.versions.node }, 1);
  const clusters = config.receiver.clusters.map(({ name }) => name);

  // Stops last, so that traces include the stop of the others.
  const traced = await startTracing(config, deps, undo);
  const state = await startStore(config, { logger, metrics, traced }, undo);
  const { store } = state;
  const kubernetes = await connectKubernetes(config, { ...deps, store }, undo);
  const { client, identity, changes } = kubernetes;
  const shared = { logger, metrics, traced, store, clusters, client, identity };

  const own = identity === undefined || changes === undefined ? undefined : { identity, changes };
  const rules = await startRules(config, { ...shared, wrap: traced.detector, own });
  undo.push(() => rules.stop());
  const namespaceLabels = await followNamespaces(config, client, logger);
  undo.push(() => namespaceLabels?.stop());
  const heartbeat = heartbeatOf(config, shared);
  // After the connection to Kubernetes: it tells the namespace of the ConfigMaps with exception lists.
  const exceptions = await startExceptions(config, { ...shared, rules: rules.live });
  undo.push(() => exceptions.stop());

  const delivery = startDelivery(config, { ...shared, kubernetes: client, write, instance }, undo);
  const work = { ...shared, ...delivery, rules, exceptions, heartbeat };
  const jobs = createLeasedJobs(config, { ...work, instance }, undo);
  const ownWrites = startOwnWrites(config, { store, ...kubernetes }, undo);
  // Writing starts once other replicas can recognise our writes.
  void ownWrites.registered.then(() => {
    delivery.reconciler.start();
    jobs.start();
  });

  const quarantine = createQuarantine();
  const ingest = createPipeline(config, { ...work, namespaceLabels, own: ownWrites.writes, quarantine });
  const readiness = () => [rules.readiness(), state.readiness()];
  await startServers(config, { ...deps, metrics, ingest, quarantine: quarantine.items, readiness }, undo);
}

interface ServersDeps extends AppDeps {
  readonly metrics: Metrics;
  readonly ingest: Ingest;
  readonly quarantine: () => readonly object[];
  /** Readiness of everything but the sources. */
  readonly readiness: () => readonly ReadinessCheck[];
}

/** Starts health and metrics, then the sources, which let events in. Last started, first stopped. */
async function startServers(config: Config, deps: ServersDeps, undo: Undo[]): Promise<void> {
  const sources = createSources(deps, config);
  const readiness = () => [...sources.flatMap((source) => source.readiness()), ...deps.readiness()];
  const ops = createOpsServer({ ...deps, readiness }, config.ops);
  await ops.start();
  undo.push(() => ops.stop(OPS_LIMIT_MS));
  undo.push(async (stop) => {
    await Promise.all(sources.map((source) => source.stop(config.receiver.drainMs, stop.lingerMs)));
  });
  for (const source of sources) await source.start();
}
