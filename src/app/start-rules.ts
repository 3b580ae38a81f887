import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import { type Config, PACK_PATHS, wantedPack } from '../config/schema.ts';
import type { Detector } from '../detect/detector.ts';
import { createRedactor } from '../ecs/redactor.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { announceRules } from '../ingest/metrics-observer.ts';
import type { OwnChanges } from '../ingest/own-changes.ts';
import type { OwnIdentity } from '../ingest/own-writes.ts';
import type { ReadinessCheck } from '../ingest/readiness.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { namespaceOf } from '../kubernetes/own-identity.ts';
import { createPackInstaller } from '../kubernetes/pack-installer.ts';
import { createRuleStatusJob } from '../kubernetes/rule-status-job.ts';
import { createRuleWatch } from '../kubernetes/rule-watch.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import type { LoadedRules } from '../rulefiles/loaded-rule.ts';
import { loadKnownRules } from '../ruleset/known-rules.ts';
import { createLiveRules, type LiveRules } from '../ruleset/live-rules.ts';
import { createRuleAnnouncer } from '../ruleset/rule-announcer.ts';
import type { RuleEntry } from '../ruleset/rule-entry.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { selectPack, withPack } from '../ruleset/select-pack.ts';
import { tamperRules } from '../ruleset/tamper-rules.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { onFault } from '../telemetry/operational-error.ts';

export interface RulesDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clusters: readonly string[];
  readonly store: Store;
  /** Undefined if no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  readonly wrap: (detector: Detector) => Detector;
  /** Our identity at the API server, if it sends its events here, so that we recognise our own changes. */
  readonly own: { readonly identity: OwnIdentity; readonly changes: OwnChanges } | undefined;
}

export interface StartedRules {
  readonly live: LiveRules;
  /**
   * Jobs of the lease holder: the pack in the cluster, and the status of the rules there. Created anew for each lease.
   */
  createJobs(now: () => number): readonly Job[];
  readonly readiness: () => ReadinessCheck;
  stop(): Promise<void>;
}

const hashes = sha256Hashes;
/** For one inline test of a rule. */
const openStore = () => openSqliteState({ kind: 'sqlite', path: ':memory:' });

/** How long the start waits for the rules in the cluster; it fails sooner if the API server is down. */
const FIRST_LIST_MS = 10_000;

/**
 * Loads the rules in files and follows those in the cluster. Resolves when rules are in force: those of the cluster if
 * it answers, else those in files and the last known ones of the cluster, until it answers. A rule that is broken or
 * cannot run here is logged and skipped; the others run.
 */
export async function startRules(config: Config, deps: RulesDeps): Promise<StartedRules> {
  const { logger, metrics, clusters, store, client, wrap, own } = deps;
  const pack = selectPack(await loadPack(config), wantedPack(config));
  const loaded = withPack(await loadRuleFiles(config.rules.paths ?? []), pack);
  for (const problem of loaded.problems) {
    const fields = { problem: formatFileProblem(problem) };
    if (problem.unsupported === undefined) logger.error('rule is broken', fields);
    else logger.warn('rule cannot run here', fields);
  }
  const announce = createRuleAnnouncer({ metrics, logger, clusters, loading: loaded.problems });
  const builtIn = own === undefined ? [] : tamperRules({ ...config.tamper, namespace: namespaceOf(own.identity) });
  announceRules(
    metrics,
    clusters,
    builtIn.map(({ name }) => name),
  );
  const live = createLiveRules({ hashes, redactor: createRedactor(config.redaction), wrap, builtIn });
  live.subscribe(announce);
  // A rule of the pack runs from its file while the cluster does not have it: before the first list, during
  // installation, and after somebody has deleted it.
  live.setFiles(loaded);
  const isFollowed = client !== undefined && config.rules.cluster.enabled !== false;
  if (isFollowed) live.setEarlier(await knownRules(store, clusters));
  await live.settled();
  const cluster = isFollowed ? await follow(client, live, logger) : undefined;
  logger.info('rules loaded', countsOf(live.entries()));
  return {
    live,
    createJobs(now) {
      if (client === undefined || cluster === undefined) return [];
      const { resources } = cluster;
      const announceChanges = own?.changes.announce ?? (async (changes) => changes.map(() => randomUUID()));
      return [
        createRuleStatusJob({ client, store, live, resources, clusters, hashes, openStore, logger, now }),
        createPackInstaller(
          { client, resources, announce: announceChanges, logger },
          { rules: pack.rules.map(({ document }) => document), isWhole: pack.problems.length === 0 },
        ),
      ];
    },
    stop: async () => cluster?.stop(),
    readiness() {
      const { ready, problems } = countsOf(live.entries());
      const none = ready === 0 ? ': firstseen detects only changes to itself' : '';
      const detail = `${ready} ready, ${problems + loaded.problems.length} problems${none}`;
      // An empty set of rules is a choice of the users, so it does not make firstseen unready.
      return { name: 'rules', ok: ready > 0 || isFollowed, required: true, detail };
    },
  };
}

function loadPack(config: Config): Promise<LoadedRules> {
  return loadRuleFiles(wantedPack(config) === 'none' ? [] : PACK_PATHS);
}

/** Empty if the store is down: known rules only help while the API server is down too, and must not prevent a start. */
async function knownRules(store: Store, [cluster = '']: readonly string[]): Promise<readonly RuleResource[]> {
  return loadKnownRules(store, cluster).catch(onFault(() => []));
}

interface FollowedRules {
  /** The latest announced rules; undefined before the first announcement. */
  resources(): readonly RuleResource[] | undefined;
  stop(): Promise<void>;
}

async function follow(client: KubernetesClient, live: LiveRules, logger: Logger): Promise<FollowedRules> {
  let resources: readonly RuleResource[] | undefined;
  const answered = Promise.withResolvers<'listed' | 'held'>();
  const watch = createRuleWatch({ client, logger, onHeld: () => answered.resolve('held') }, (rules) => {
    resources = rules;
    live.setResources(rules);
    answered.resolve('listed');
  });
  watch.start();
  const late = new AbortController();
  const outcome = await Promise.race([
    answered.promise,
    sleep(FIRST_LIST_MS, 'held' as const, { signal: late.signal }).catch(() => 'held' as const),
  ]);
  late.abort();
  if (outcome === 'held') logger.warn('cluster rules are not loaded yet: rules from files are in force');
  await live.settled();
  return { resources: () => resources, stop: watch.stop };
}

function countsOf(entries: readonly RuleEntry[]) {
  const count = (verdict: RuleEntry['verdict']) => entries.filter((entry) => entry.verdict === verdict).length;
  const broken = count('broken');
  const unsupported = count('unsupported');
  return {
    ready: entries.filter(({ inForce }) => inForce !== undefined).length,
    disabled: count('disabled'),
    problems: broken + unsupported,
    unsupported,
  };
}
