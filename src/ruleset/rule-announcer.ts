import { announceRules } from '../ingest/metrics-observer.ts';
import type { FileProblem } from '../rulefiles/file-problem.ts';
import { judgeRefused } from '../rulefiles/rule-verdict.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RuleEntry } from './rule-entry.ts';

export interface RuleAnnouncerDeps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clusters: readonly string[];
  /** Problems in files that kept rules from being read at all. */
  readonly loading: readonly FileProblem[];
}

/**
 * Shows in the log and in metrics which rules are in force, and logs changes.
 *
 * @returns a function to call with all entries whenever one may have changed
 */
export function createRuleAnnouncer({
  metrics,
  logger,
  clusters,
  loading,
}: RuleAnnouncerDeps): (all: readonly RuleEntry[]) => void {
  const broken = loading.filter(({ unsupported }) => unsupported === undefined).length;
  const refused = judgeRefused(loading).filter(({ verdict }) => verdict !== 'invalid').length;
  let told = new Map<string, string>();
  let running: ReadonlySet<string> = new Set();

  function announce(entry: RuleEntry): void {
    const { name: rule, verdict, source, problems, inForce, edit } = entry;
    const from = source.kind === 'file' ? { file: source.file } : { generation: source.generation };
    const runs = inForce?.source.kind === 'resource' ? `generation ${inForce.source.generation}` : inForce?.source.file;
    for (const problem of problems) {
      const fields = { rule, ...from, problem, runs: runs ?? 'nothing' };
      if (verdict === 'unsupported') logger.warn('rule cannot run here', fields);
      else logger.error('rule is broken', fields);
    }
    if (source.kind === 'resource' && verdict === 'runs') {
      const memory = edit === undefined ? {} : { keepsMemory: edit.keepsMemory, changed: edit.changed };
      logger.info('rule is in force', { rule, ...from, ...memory });
    }
    if (source.kind === 'resource' && verdict === 'disabled') logger.info('rule is switched off', { rule, ...from });
  }

  return (all) => {
    const next = new Map(all.map((entry) => [entry.name, identityOf(entry)]));
    for (const entry of all) if (told.get(entry.name) !== next.get(entry.name)) announce(entry);
    for (const rule of told.keys()) if (!next.has(rule)) logger.info('rule is gone', { rule });
    told = next;

    const names = new Set(all.flatMap(({ name, inForce }) => (inForce === undefined ? [] : [name])));
    announceRules(
      metrics,
      clusters,
      [...names].filter((name) => !running.has(name)),
    );
    if (names.size === 0 && running.size > 0) {
      logger.error('no rule is in force: firstseen detects only changes to itself');
    }
    running = names;
    const count = (state: RuleEntry['verdict']) => all.filter(({ verdict }) => verdict === state).length;
    metrics.rules.set({ state: 'ready' }, names.size);
    metrics.rules.set({ state: 'disabled' }, count('disabled'));
    metrics.rules.set({ state: 'broken' }, count('broken') + broken);
    metrics.rules.set({ state: 'unsupported' }, count('unsupported') + refused);
  };
}

function identityOf({ source, verdict, problems, inForce }: RuleEntry): string {
  return JSON.stringify([source, verdict, problems, inForce?.source]);
}
