import { z } from 'zod';
import { createPeriodicJob, type Job } from '../alerts/job.ts';
import type { RuleDocument } from '../rules/document.ts';
import type { ExceptionEntry } from '../ruleset/exception-entry.ts';
import { type ExceptionStatus, exceptionStatus } from '../ruleset/exception-status.ts';
import type { ExceptionUse, ExceptionUses } from '../ruleset/exception-use.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import { onFault } from '../telemetry/operational-error.ts';
import type { KubernetesClient } from './client.ts';
import { conditionsSchema } from './conditions-schema.ts';
import { EXCEPTIONS_PATH } from './exception-watch.ts';
import { createStatusWriter, type WantedStatus } from './status-writer.ts';

export interface ExceptionStatusJobDeps {
  readonly client: Pick<KubernetesClient, 'call'>;
  /** The latest list of the watch. */
  readonly entries: () => readonly ExceptionEntry[];
  readonly rules: () => readonly Pick<RuleDocument, 'name' | 'tags'>[];
  readonly uses: ExceptionUses;
  readonly clusters: readonly string[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** µs */
  readonly now: () => number;
}

export interface ExceptionStatusJobOptions {
  /** How often conditions are checked, in milliseconds: exceptions begin and end with time. */
  readonly intervalMs?: number;
  /** The shortest time between two writes of an exception's counts, if no condition changes. */
  readonly countsMs?: number;
}

const WORDS = { begins: 'status of exceptions cannot be written', ends: 'status of exceptions is written again' };
/** How many exceptions may have only counts written at each check: at the usual interval 60 a minute, as for rules. */
const MOST_COUNTS = 5;

/** The status in the resource; an invalid value counts as missing. */
const statusSchema = z.object({
  conditions: conditionsSchema,
  excepted: z.int().optional(),
  lastUsed: z.string().optional(),
});

/**
 * Writes the status of RuleExceptions: conditions when they change, counts at intervals. Only one replica should run
 * it, behind a lease.
 */
export function createExceptionStatusJob(
  { client, entries, rules, uses, clusters, logger, now }: ExceptionStatusJobDeps,
  { intervalMs = 5_000, countsMs = 60_000 }: ExceptionStatusJobOptions = {},
): Job {
  const stopped = new AbortController();
  const { signal } = stopped;
  const fault = createLastingFault(logger, WORDS);
  const writer = createStatusWriter<ExceptionStatus>(client, statusSchema, {
    path: EXCEPTIONS_PATH,
    verdictOf: ({ conditions }) => conditions,
    countsOf: ({ excepted, lastUsed }) => [excepted, lastUsed],
    countsMs,
    mostCounts: MOST_COUNTS,
  });
  /** Counts in the state without an exception, at the last check. */
  let gone: ReadonlySet<string> = new Set();

  async function round(): Promise<void> {
    const all = entries();
    const uids = new Set(all.map(({ uid }) => uid));
    const counted = await readUses();
    await writer.write(statuses(all, counted), signal);
    if (counted !== undefined && !signal.aborted) await forgetOthers(uids, counted);
  }

  async function* statuses(
    all: readonly ExceptionEntry[],
    counted: ReadonlyMap<string, ExceptionUse> | undefined,
  ): AsyncIterable<WantedStatus<ExceptionStatus>> {
    for (const entry of all) {
      const { name, uid } = entry;
      const before = writer.statusOf(entry);
      const use = counted?.get(uid);
      yield {
        name,
        uid,
        before,
        status: exceptionStatus({ entry, rules: rules(), clusters, use, before, now: now() }),
      };
    }
  }

  /** Undefined if the store is unavailable: conditions do not depend on it. */
  async function readUses(): Promise<ReadonlyMap<string, ExceptionUse> | undefined> {
    return uses.read().catch(onFault(() => undefined));
  }

  /** Not at the first check: another replica may know an exception before this one does. */
  async function forgetOthers(uids: ReadonlySet<string>, counted: ReadonlyMap<string, ExceptionUse>): Promise<void> {
    const others = new Set([...counted.keys()].filter((uid) => !uids.has(uid)));
    await uses.forget([...others].filter((uid) => gone.has(uid)));
    gone = others;
  }

  const rounds = createPeriodicJob(intervalMs, () => fault.during(round, signal));
  return {
    start: rounds.start,
    async stop() {
      stopped.abort();
      await rounds.stop();
    },
  };
}
