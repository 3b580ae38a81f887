import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { createKnownRules } from '../ruleset/known-rules.ts';
import type { LiveRules } from '../ruleset/live-rules.ts';
import type { RuleEntry } from '../ruleset/rule-entry.ts';
import { type RuleFacts, readRuleFacts } from '../ruleset/rule-facts.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { type RuleStatus, type RuleStatusInput, ruleStatus } from '../ruleset/rule-status.ts';
import { type RuleTestDeps, type RuleTestResults, runRuleTests } from '../ruleset/run-rule-tests.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import { onFault } from '../telemetry/operational-error.ts';
import type { KubernetesClient } from './client.ts';
import { conditionsSchema } from './conditions-schema.ts';
import { RULES_PATH } from './rule-watch.ts';
import { createStatusWriter, type WantedStatus } from './status-writer.ts';

export interface RuleStatusJobDeps extends Pick<RuleTestDeps, 'hashes' | 'openStore'> {
  readonly client: Pick<KubernetesClient, 'call'>;
  readonly store: Pick<Store, 'update'>;
  readonly live: LiveRules;
  /** The latest list of the watch; undefined before the first. */
  readonly resources: () => readonly RuleResource[] | undefined;
  readonly clusters: readonly string[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** µs */
  readonly now: () => number;
}

export interface RuleStatusJobOptions {
  /** How often counts are checked, and the shortest time between two writes of a rule's counts, in milliseconds. */
  readonly countsMs?: number;
  /** How many rules may have only counts written each time: those that have waited longest. */
  readonly mostCounts?: number;
  /** How long to collect changes into one round. */
  readonly gatherMs?: number;
  /** The pause after a failed round. */
  readonly retryMs?: number;
}

type ResourceEntry = RuleStatusInput['entry'];
type AllFacts = ReadonlyMap<CompiledRule, readonly RuleFacts[]>;

const WORDS = { begins: 'status of rules cannot be written', ends: 'status of rules is written again' };

/** The status in the resource; an invalid value counts as missing. */
const statusSchema = z.object({
  conditions: conditionsSchema,
  observedGeneration: z.int().default(0),
  matches: z.int().optional(),
  alerts: z.int().optional(),
  attached: z.int().optional(),
  overflowed: z.int().optional(),
  termsHeld: z.int().optional(),
  lastMatch: z.string().optional(),
  costMicroseconds: z.number().optional(),
});

/**
 * Writes the status of DetectionRules, and stores their last sound versions in the state. Conditions, which authors
 * wait for, are written at once; counts at intervals, for a few rules at a time. Only one replica should run it, behind
 * a lease.
 */
export function createRuleStatusJob(
  { client, store, live, resources, clusters, hashes, openStore, logger, now }: RuleStatusJobDeps,
  { countsMs = 60_000, mostCounts = 60, gatherMs = 100, retryMs = 5_000 }: RuleStatusJobOptions = {},
): Job {
  const stopped = new AbortController();
  const { signal } = stopped;
  const fault = createLastingFault(logger, WORDS);
  const writer = createStatusWriter<RuleStatus>(client, statusSchema, {
    path: RULES_PATH,
    verdictOf: ({ observedGeneration, conditions }) => [observedGeneration, conditions],
    countsOf,
    countsMs,
    mostCounts,
  });
  const knownRules = createKnownRules(store, clusters[0] ?? '');
  const tested = new WeakMap<CompiledRule, RuleTestResults>();
  let wake = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let unsubscribe = () => {};

  async function run(): Promise<void> {
    while (!signal.aborted) {
      wake = Promise.withResolvers();
      const isDone = await fault.during(round, signal);
      if (signal.aborted) return;
      await Promise.race([wake.promise, pause(isDone === true ? countsMs : retryMs)]);
      await pause(gatherMs);
    }
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal }).catch(() => {});
  }

  /** @returns false if the store held something back: then it is retried soon */
  async function round(): Promise<boolean> {
    const entries = live.entries().filter(isResourceEntry);
    const told = resources();
    const facts = await factsOf(entries);
    if (facts !== undefined && told !== undefined) await knownRules.save(entries, told);
    const values = new Map(told?.map(({ uid, value }) => [uid, value]));
    await writer.write(statuses(entries, values, facts), signal);
    return facts !== undefined;
  }

  async function* statuses(
    entries: readonly ResourceEntry[],
    values: ReadonlyMap<string, unknown>,
    facts: AllFacts | undefined,
  ): AsyncIterable<WantedStatus<RuleStatus>> {
    for (const entry of entries) {
      const { uid } = entry.source;
      const rule = entry.inForce?.rule;
      const before = writer.statusOf({ uid, value: values.get(uid) });
      const status = ruleStatus({
        entry,
        facts: rule === undefined ? undefined : facts?.get(rule),
        tests: rule === undefined || entry.verdict !== 'runs' ? undefined : await testsOf(rule),
        costMicros: rule === undefined ? undefined : live.costMicros(rule),
        before,
        now: now(),
      });
      yield { name: entry.name, uid, before, status };
    }
  }

  /** Undefined if the store is unavailable: verdicts do not depend on it. */
  async function factsOf(entries: readonly ResourceEntry[]): Promise<AllFacts | undefined> {
    const rules = entries.flatMap(({ inForce }) => inForce?.rule ?? []);
    return readRuleFacts(store, clusters, rules, now()).catch(onFault(() => undefined));
  }

  async function testsOf(rule: CompiledRule): Promise<RuleTestResults> {
    const results = tested.get(rule) ?? (await runRuleTests(rule, { slots: live.slots, hashes, openStore }));
    tested.set(rule, results);
    return results;
  }

  return {
    start() {
      unsubscribe = live.subscribe(() => wake.resolve());
      running ??= run();
    },
    async stop() {
      unsubscribe();
      stopped.abort();
      await running;
    },
  };
}

function isResourceEntry(entry: RuleEntry): entry is ResourceEntry {
  return entry.source.kind === 'resource';
}

function countsOf(status: RuleStatus): unknown {
  const { matches, alerts, attached, overflowed, termsHeld, lastMatch, costMicroseconds } = status;
  return [matches, alerts, attached, overflowed, termsHeld, lastMatch, costMicroseconds];
}
