import { z } from 'zod';
import { createPeriodicJob, type Job } from '../alerts/job.ts';
import type { RuleDocument } from '../rules/document.ts';
import type { ExceptionEntry } from '../ruleset/exception-entry.ts';
import { type ExceptionStatus, exceptionStatus } from '../ruleset/exception-status.ts';
import type { ExceptionUse, ExceptionUses } from '../ruleset/exception-use.ts';
import type { Logger } from '../telemetry/logger.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { KubernetesClient } from './client.ts';
import { conditionsSchema } from './conditions-schema.ts';
import { EXCEPTIONS_PATH } from './exception-watch.ts';

export interface ExceptionStatusJobDeps {
  readonly client: Pick<KubernetesClient, 'call'>;
  /** As the watch has told them last. */
  readonly entries: () => readonly ExceptionEntry[];
  readonly rules: () => readonly Pick<RuleDocument, 'name' | 'tags'>[];
  readonly uses: ExceptionUses;
  readonly clusters: readonly string[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** µs */
  readonly now: () => number;
}

export interface ExceptionStatusJobOptions {
  /** How often it is looked whether a condition is another, in milliseconds: exceptions begin and end by themselves. */
  readonly intervalMs?: number;
  /** How often at most the counts of an exception are written where no condition changes. */
  readonly countsMs?: number;
}

/** What was written last, since the watch tells it only later. */
interface Written {
  readonly status: ExceptionStatus;
  /** When counts were written. */
  readonly countsAt: number;
}

/** As a resource has it; what is not as the definition says counts as not there. */
const statusSchema = z.object({
  conditions: conditionsSchema,
  suppressed: z.int().optional(),
  lastUsed: z.string().optional(),
});
const resourceSchema = z.object({ status: statusSchema.optional().catch(undefined) });

/**
 * Writes what has become of the RuleExceptions into their status: conditions when they change, counts seldom. Start it where
 * it should run once, behind a lease.
 */
export function createExceptionStatusJob(
  { client, entries, rules, uses, clusters, logger, now }: ExceptionStatusJobDeps,
  { intervalMs = 5_000, countsMs = 60_000 }: ExceptionStatusJobOptions = {},
): Job {
  const stopped = new AbortController();
  const { signal } = stopped;
  /** By uid. */
  const written = new Map<string, Written>();
  /** What the state knows and no exception was there for, last time. */
  let gone: ReadonlySet<string> = new Set();
  let failures = 0;

  async function round(): Promise<void> {
    const all = entries();
    const uids = new Set(all.map(({ uid }) => uid));
    for (const uid of written.keys()) if (!uids.has(uid)) written.delete(uid);
    const counted = await readUses();
    for (const entry of all) {
      if (signal.aborted) return;
      const last = written.get(entry.uid);
      const before = last?.status ?? statusOf(entry);
      const status = exceptionStatus({
        entry,
        rules: rules(),
        clusters,
        use: counted?.get(entry.uid),
        before,
        now: now(),
      });
      const counts = counted !== undefined && !isSame(countsOf(status), countsOf(before));
      if (!isSame(status.conditions, before?.conditions) || (counts && isDue(last))) await write(entry, status, counts);
    }
    if (counted !== undefined) await forgetOthers(uids, counted);
  }

  /** Undefined while the store is away: whether an exception is sound is told all the same. */
  async function readUses(): Promise<ReadonlyMap<string, ExceptionUse> | undefined> {
    return uses.read().catch((error: unknown) => {
      if (error instanceof OperationalError) return undefined;
      throw error;
    });
  }

  /** Not at once: another replica may know an exception before this one does. */
  async function forgetOthers(uids: ReadonlySet<string>, counted: ReadonlyMap<string, ExceptionUse>): Promise<void> {
    const others = new Set([...counted.keys()].filter((uid) => !uids.has(uid)));
    await uses.forget([...others].filter((uid) => gone.has(uid)));
    gone = others;
  }

  function isDue(last: Written | undefined): boolean {
    return last === undefined || performance.now() - last.countsAt >= countsMs;
  }

  async function write({ name, uid }: ExceptionEntry, status: ExceptionStatus, counts: boolean): Promise<void> {
    await client.call(
      {
        method: 'PATCH',
        path: `${EXCEPTIONS_PATH}/${encodeURIComponent(name)}/status`,
        // Of one that was made anew under this name meanwhile, this is not the status.
        body: { metadata: { uid }, status },
        contentType: 'application/merge-patch+json',
        expect: ['NotFound', 'Conflict'],
      },
      signal,
    );
    const countsAt = counts ? performance.now() : (written.get(uid)?.countsAt ?? Number.NEGATIVE_INFINITY);
    written.set(uid, { status, countsAt });
  }

  function goesOn(): void {
    if (failures > 0) logger.info('status of exceptions is written again', { failures });
    failures = 0;
  }

  function held(error: unknown): void {
    if (signal.aborted) return;
    failures += 1;
    if (failures === 1) logger.warn('status of exceptions cannot be written', { error: String(error) });
  }

  const rounds = createPeriodicJob(intervalMs, () => round().then(goesOn, held));
  return {
    start: rounds.start,
    async stop() {
      stopped.abort();
      await rounds.stop();
    },
  };
}

function statusOf({ value }: ExceptionEntry): ExceptionStatus | undefined {
  const parsed = resourceSchema.safeParse(value);
  return parsed.success ? parsed.data.status : undefined;
}

function countsOf(status: ExceptionStatus | undefined): unknown {
  return [status?.suppressed, status?.lastUsed];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
