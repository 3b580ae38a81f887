import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import { type Config, rulePaths } from '../config/schema.ts';
import type { Detector } from '../detect/detector.ts';
import { createRedactor } from '../ecs/redactor.ts';
import type { ReadinessCheck } from '../http/readiness.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createRuleStatusJob } from '../kubernetes/rule-status-job.ts';
import { createRuleWatch } from '../kubernetes/rule-watch.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { createLiveRules, type LiveRules } from '../ruleset/live-rules.ts';
import { createRuleAnnouncer } from '../ruleset/rule-announcer.ts';
import type { RuleEntry } from '../ruleset/rule-entry.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface RulesDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clusters: readonly string[];
  /** Undefined where no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  readonly wrap: (detector: Detector) => Detector;
}

export interface StartedRules {
  readonly live: LiveRules;
  /** What one replica does for all: the status of the rules in the cluster. Made anew each time. */
  createJobs(store: Store, now: () => number): readonly Job[];
  readonly readiness: () => ReadinessCheck;
  stop(): Promise<void>;
}

const hashes = sha256Hashes;
/** For one inline test of a rule. */
const openStore = () => openSqliteState({ kind: 'sqlite', path: ':memory:' });

/** How long the start waits for the rules in the cluster; an API server that is away fails sooner. */
const FIRST_LIST_MS = 10_000;

/**
 * Loads the rules of the files, and follows those in the cluster. Resolves when rules are in force: those of the cluster, if
 * it answers; else the pack, until it does. One that is broken, or cannot run here, is said and left out; the others run.
 */
export async function startRules(config: Config, deps: RulesDeps): Promise<StartedRules> {
  const { logger, metrics, clusters, client, wrap } = deps;
  const loaded = await loadRuleFiles(rulePaths(config));
  for (const problem of loaded.problems) {
    const fields = { problem: formatFileProblem(problem) };
    if (problem.unsupported === undefined) logger.error('rule is broken', fields);
    else logger.warn('rule cannot run here', fields);
  }
  const announce = createRuleAnnouncer({ metrics, logger, clusters, loading: loaded.problems });
  const live = createLiveRules({
    hashes,
    redactor: createRedactor(config.redaction),
    wrap,
  });
  live.subscribe(announce);
  if (config.rules.paths === undefined) live.setFallback(loaded);
  else live.setFiles(loaded);
  await live.settled();

  const isFollowed = client !== undefined && config.rules.cluster.enabled !== false;
  const cluster = isFollowed ? await follow(client, live, logger) : undefined;
  logger.info('rules loaded', countsOf(live.entries()));
  return {
    live,
    createJobs: (store, now) =>
      client === undefined || cluster === undefined
        ? []
        : [createRuleStatusJob({ client, store, live, ...cluster, clusters, hashes, openStore, logger, now })],
    stop: async () => cluster?.stop(),
    readiness() {
      const { ready, problems } = countsOf(live.entries());
      const detail = `${ready} ready, ${problems + loaded.problems.length} problems`;
      // Rules that people have taken out of the cluster are no reason to turn its events away.
      return { name: 'rules', ok: ready > 0 || isFollowed, required: true, detail };
    },
  };
}

interface FollowedRules {
  /** As they were told last. */
  resources(): readonly RuleResource[];
  stop(): Promise<void>;
}

async function follow(client: KubernetesClient, live: LiveRules, logger: Logger): Promise<FollowedRules> {
  let resources: readonly RuleResource[] = [];
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
  if (outcome === 'held') logger.warn('the rules in the cluster are not read yet: those of the files are in force');
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
