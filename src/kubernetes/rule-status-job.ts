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
import type { Logger } from '../telemetry/logger.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { KubernetesClient } from './client.ts';
import { conditionsSchema } from './conditions-schema.ts';
import { RULES_PATH } from './rule-watch.ts';

export interface RuleStatusJobDeps extends Pick<RuleTestDeps, 'hashes' | 'openStore'> {
  readonly client: Pick<KubernetesClient, 'call'>;
  readonly store: Pick<Store, 'update'>;
  readonly live: LiveRules;
  /** The resources as the watch has told them last; undefined before it has. */
  readonly resources: () => readonly RuleResource[] | undefined;
  readonly clusters: readonly string[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** µs */
  readonly now: () => number;
}

export interface RuleStatusJobOptions {
  /** How often counts are looked at, and at most written for a rule, in milliseconds. */
  readonly countsMs?: number;
  /** How many rules may have nothing but counts written each time: those that have waited longest. */
  readonly mostCounts?: number;
  /** How long several changes are waited for, to be one round. */
  readonly gatherMs?: number;
  /** The pause after a round that failed. */
  readonly retryMs?: number;
}

type ResourceEntry = RuleStatusInput['entry'];

/** What was written last, since the watch tells it only later. */
interface Known {
  readonly status: RuleStatus;
  readonly writtenAt: number;
}

/** As a resource has it; what is not as the definition says counts as not there. */
const statusSchema = z.object({
  conditions: conditionsSchema,
  observedGeneration: z.int().default(0),
  matches: z.int().optional(),
  alerts: z.int().optional(),
  suppressed: z.int().optional(),
  overflowed: z.int().optional(),
  termsHeld: z.int().optional(),
  lastMatch: z.string().optional(),
  costMicroseconds: z.number().optional(),
});
const resourceSchema = z.object({ status: statusSchema.optional().catch(undefined) });

/**
 * Writes what has become of the DetectionRules into their status, and notes down in the state what of them is sound.
 * What an author waits for, the conditions, is written at once; what only counts, seldom, and of a few rules at a time.
 * Start it where it should run once, behind a lease.
 */
export function createRuleStatusJob(
  { client, store, live, resources, clusters, hashes, openStore, logger, now }: RuleStatusJobDeps,
  { countsMs = 60_000, mostCounts = 60, gatherMs = 100, retryMs = 5_000 }: RuleStatusJobOptions = {},
): Job {
  const stopped = new AbortController();
  const { signal } = stopped;
  const known = new Map<string, Known>();
  const knownRules = createKnownRules(store, clusters[0] ?? '');
  const tested = new WeakMap<CompiledRule, RuleTestResults>();
  let failures = 0;
  let wake = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let unsubscribe = () => {};

  async function run(): Promise<void> {
    while (!signal.aborted) {
      wake = Promise.withResolvers();
      const isDone = await round().then(goesOn, held);
      if (signal.aborted) return;
      await Promise.race([wake.promise, pause(isDone ? countsMs : retryMs)]);
      await pause(gatherMs);
    }
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal }).catch(() => {});
  }

  /** @returns false if some of it is to be tried again soon */
  async function round(): Promise<boolean> {
    const entries = live.entries().filter(isResourceEntry);
    forgetOthers(entries);
    const told = resources();
    const before = new Map((told ?? []).map((resource) => [resource.uid, statusOf(resource)]));
    const facts = await factsOf(entries);
    if (facts !== undefined && told !== undefined) await knownRules.save(entries, told);
    const counts: { readonly entry: ResourceEntry; readonly status: RuleStatus }[] = [];
    for (const entry of entries) {
      if (signal.aborted) return true;
      const rule = entry.inForce?.rule;
      const written = known.get(entry.source.uid)?.status ?? before.get(entry.source.uid);
      const status = ruleStatus({
        entry,
        facts: rule === undefined ? undefined : facts?.get(rule),
        tests: rule === undefined || entry.verdict !== 'runs' ? undefined : await testsOf(rule),
        costMicros: rule === undefined ? undefined : live.costMicros(rule),
        before: written,
        now: now(),
      });
      if (!isSame(verdictOf(status), verdictOf(written))) await write(entry, status);
      else if (!isSame(countsOf(status), countsOf(written)) && isDue(entry)) counts.push({ entry, status });
    }
    counts.sort((a, b) => writtenAt(a.entry) - writtenAt(b.entry));
    for (const { entry, status } of counts.slice(0, mostCounts)) await write(entry, status);
    return facts !== undefined;
  }

  function forgetOthers(entries: readonly ResourceEntry[]): void {
    const uids = new Set(entries.map(({ source }) => source.uid));
    for (const uid of known.keys()) if (!uids.has(uid)) known.delete(uid);
  }

  /** Undefined while the store is away: whether a rule is sound is told all the same. */
  async function factsOf(
    entries: readonly ResourceEntry[],
  ): Promise<ReadonlyMap<CompiledRule, readonly RuleFacts[]> | undefined> {
    const rules = entries.flatMap(({ inForce }) => inForce?.rule ?? []);
    return readRuleFacts(store, clusters, rules, now()).catch((error: unknown) => {
      if (error instanceof OperationalError) return undefined;
      throw error;
    });
  }

  async function testsOf(rule: CompiledRule): Promise<RuleTestResults> {
    const results = tested.get(rule) ?? (await runRuleTests(rule, { slots: live.slots, hashes, openStore }));
    tested.set(rule, results);
    return results;
  }

  function writtenAt({ source }: ResourceEntry): number {
    return known.get(source.uid)?.writtenAt ?? Number.NEGATIVE_INFINITY;
  }

  function isDue(entry: ResourceEntry): boolean {
    return performance.now() - writtenAt(entry) >= countsMs;
  }

  async function write({ name, source }: ResourceEntry, status: RuleStatus): Promise<void> {
    if (signal.aborted) return;
    await client.call(
      {
        method: 'PATCH',
        path: `${RULES_PATH}/${encodeURIComponent(name)}/status`,
        // Of one that was made anew under this name meanwhile, this is not the status.
        body: { metadata: { uid: source.uid }, status: { ...status, lastMatch: status.lastMatch ?? null } },
        contentType: 'application/merge-patch+json',
        expect: ['NotFound', 'Conflict'],
      },
      signal,
    );
    known.set(source.uid, { status, writtenAt: performance.now() });
  }

  function goesOn(isWhole: boolean): boolean {
    if (failures > 0) logger.info('status of rules is written again', { failures });
    failures = 0;
    return isWhole;
  }

  function held(error: unknown): false {
    if (signal.aborted) return false;
    failures += 1;
    if (failures === 1) logger.warn('status of rules cannot be written', { error: String(error) });
    return false;
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

function statusOf({ value }: RuleResource): RuleStatus | undefined {
  const parsed = resourceSchema.safeParse(value);
  return parsed.success ? parsed.data.status : undefined;
}

/** What an author waits for. */
function verdictOf(status: RuleStatus | undefined): unknown {
  return status === undefined ? undefined : [status.observedGeneration, status.conditions];
}

function countsOf(status: RuleStatus | undefined): unknown {
  if (status === undefined) return undefined;
  const { matches, alerts, suppressed, overflowed, termsHeld, lastMatch, costMicroseconds } = status;
  return [matches, alerts, suppressed, overflowed, termsHeld, lastMatch, costMicroseconds];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
