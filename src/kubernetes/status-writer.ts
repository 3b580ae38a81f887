import { z } from 'zod';
import type { KubernetesClient } from './client.ts';

export interface StatusWriterOptions<S extends object> {
  /** The path of the collection. */
  readonly path: string;
  /** The part of a status that people wait for: a change is written at once. */
  readonly verdictOf: (status: S) => unknown;
  /** The part that only counts: a change is written at intervals. */
  readonly countsOf: (status: S) => unknown;
  /** The shortest time between two writes of a resource's counts if nothing else changes, in milliseconds. */
  readonly countsMs: number;
  /** How many resources may have only counts written in a round: those that have waited longest. */
  readonly mostCounts: number;
}

/** The status that a resource should have. */
export interface WantedStatus<S> {
  readonly name: string;
  readonly uid: string;
  /** Its present status, as far as it is known; see `statusOf`. */
  readonly before: S | undefined;
  readonly status: S;
}

export interface StatusWriter<S extends object> {
  /** The status as last written, because the watch shows it only later; else the resource's own, if it is valid. */
  statusOf(resource: { readonly uid: string; readonly value: unknown }): S | undefined;
  /**
   * Writes due statuses. A verdict is written before the next status is computed; counts come last.
   * @param wanted for all existing resources; others are forgotten
   * @throws OperationalError if the API server does not answer or rejects; the rest is due next time
   */
  write(wanted: AsyncIterable<WantedStatus<S>>, signal: AbortSignal): Promise<void>;
}

interface Written<S> {
  readonly status: S;
  /** When its counts were written; see `performance.now`. */
  readonly countsAt: number;
}

/** Writes the changed parts of the status of one kind's resources, as merge patches. */
export function createStatusWriter<S extends object>(
  client: Pick<KubernetesClient, 'call'>,
  statusSchema: z.ZodType<S>,
  { path, verdictOf, countsOf, countsMs, mostCounts }: StatusWriterOptions<S>,
): StatusWriter<S> {
  const resourceSchema = z.object({ status: statusSchema.optional().catch(undefined) });
  /** By uid. */
  const written = new Map<string, Written<S>>();

  function countsAt(uid: string): number {
    return written.get(uid)?.countsAt ?? Number.NEGATIVE_INFINITY;
  }

  function differs(of: (status: S) => unknown, { status, before }: WantedStatus<S>): boolean {
    return before === undefined || JSON.stringify(of(status)) !== JSON.stringify(of(before));
  }

  async function writeOne(wanted: WantedStatus<S>, signal: AbortSignal): Promise<void> {
    const { name, uid, status, before } = wanted;
    // A merge patch keeps fields that it does not name.
    const gone = Object.keys(before ?? {}).filter((key) => status[key as keyof S] === undefined);
    await client.call(
      {
        method: 'PATCH',
        path: `${path}/${encodeURIComponent(name)}/status`,
        // A resource that was recreated under this name must not get this status: the uid makes it a conflict.
        body: { metadata: { uid }, status: { ...status, ...Object.fromEntries(gone.map((key) => [key, null])) } },
        contentType: 'application/merge-patch+json',
        expect: ['NotFound', 'Conflict'],
      },
      signal,
    );
    written.set(uid, { status, countsAt: differs(countsOf, wanted) ? performance.now() : countsAt(uid) });
  }

  return {
    statusOf({ uid, value }) {
      const last = written.get(uid)?.status;
      if (last !== undefined) return last;
      const parsed = resourceSchema.safeParse(value);
      return parsed.success ? parsed.data.status : undefined;
    },

    async write(wanted, signal) {
      const uids = new Set<string>();
      const counted: WantedStatus<S>[] = [];
      for await (const one of wanted) {
        if (signal.aborted) return;
        uids.add(one.uid);
        if (differs(verdictOf, one)) await writeOne(one, signal);
        else if (differs(countsOf, one) && performance.now() - countsAt(one.uid) >= countsMs) counted.push(one);
      }
      for (const uid of written.keys()) if (!uids.has(uid)) written.delete(uid);
      counted.sort((a, b) => countsAt(a.uid) - countsAt(b.uid));
      for (const one of counted.slice(0, mostCounts)) {
        if (signal.aborted) return;
        await writeOne(one, signal);
      }
    },
  };
}
