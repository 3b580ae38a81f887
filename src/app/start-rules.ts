import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, rulePaths } from '../config/schema.ts';
import type { Detector } from '../detect/detector.ts';
import { createRedactor } from '../ecs/redactor.ts';
import type { ReadinessCheck } from '../http/readiness.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createRuleWatch } from '../kubernetes/rule-watch.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { createLiveRules, type LiveRules } from '../ruleset/live-rules.ts';
import { createRuleAnnouncer } from '../ruleset/rule-announcer.ts';
import type { RuleEntry } from '../ruleset/rule-entry.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface RulesDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clusters: readonly string[];
  /** Undefined where no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  readonly wrap: (detector: Detector) => Detector;
  /** After each swap of the set. */
  readonly onChange: (entries: readonly RuleEntry[]) => void;
}

export interface StartedRules {
  readonly live: LiveRules;
  readonly readiness: () => ReadinessCheck;
  stop(): Promise<void>;
}

/** How long the start waits for the rules in the cluster; an API server that is away fails sooner. */
const FIRST_LIST_MS = 10_000;

/**
 * Loads the rules of the files, and follows those in the cluster. Resolves when rules are in force: those of the cluster, if
 * it answers; else the pack, until it does. One that is broken, or cannot run here, is said and left out; the others run.
 */
export async function startRules(config: Config, deps: RulesDeps): Promise<StartedRules> {
  const { logger, metrics, clusters, client, wrap, onChange } = deps;
  const loaded = await loadRuleFiles(rulePaths(config));
  for (const problem of loaded.problems) {
    const fields = { problem: formatFileProblem(problem) };
    if (problem.unsupported === undefined) logger.error('rule is broken', fields);
    else logger.warn('rule cannot run here', fields);
  }
  const announce = createRuleAnnouncer({ metrics, logger, clusters, loading: loaded.problems });
  const live = createLiveRules({
    hashes: sha256Hashes,
    redactor: createRedactor(config.redaction),
    wrap,
    onChange(entries) {
      announce(entries);
      onChange(entries);
    },
  });
  if (config.rules.paths === undefined) live.setFallback(loaded);
  else live.setFiles(loaded);
  await live.settled();

  const followed = config.rules.cluster.enabled ?? client !== undefined;
  const stop = client === undefined || !followed ? async () => {} : await follow(client, live, logger);
  logger.info('rules loaded', countsOf(live.entries()));
  return {
    live,
    stop,
    readiness() {
      const { ready, problems } = countsOf(live.entries());
      const detail = `${ready} ready, ${problems + loaded.problems.length} problems`;
      // Rules that people have taken out of the cluster are no reason to turn its events away.
      return { name: 'rules', ok: ready > 0 || followed, required: true, detail };
    },
  };
}

/** @returns what ends it */
async function follow(client: KubernetesClient, live: LiveRules, logger: Logger): Promise<() => Promise<void>> {
  const answered = Promise.withResolvers<'listed' | 'held'>();
  const watch = createRuleWatch({ client, logger, onHeld: () => answered.resolve('held') }, (rules) => {
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
  return () => watch.stop();
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
