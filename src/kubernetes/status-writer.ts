import { z } from 'zod';
import type { KubernetesClient } from './client.ts';

export interface StatusWriterOptions<S extends object> {
  /** The collection that the resources stand in. */
  readonly path: string;
  /** What of a status people wait for: a change of it is written at once. */
  readonly verdictOf: (status: S) => unknown;
  /** What of it only counts: a change of it is written seldom. */
  readonly countsOf: (status: S) => unknown;
  /** How often at most the counts of a resource are written where nothing else changes, in milliseconds. */
  readonly countsMs: number;
  /** How many resources may have nothing but counts written in a round: those that have waited longest. */
  readonly mostCounts: number;
}

/** What a resource is to say of itself. */
export interface WantedStatus<S> {
  readonly name: string;
  readonly uid: string;
  /** What it says by now, as far as is known; see `statusOf`. */
  readonly before: S | undefined;
  readonly status: S;
}

export interface StatusWriter<S extends object> {
  /** The status as it was written last, since the watch tells that only later; else as the resource has it, if that is sound. */
  statusOf(resource: { readonly uid: string; readonly value: unknown }): S | undefined;
  /**
   * Writes what is due. A verdict is written before the next status is asked for; counts come last.
   * @param wanted of all the resources there are: one that is not among them is forgotten
   * @throws OperationalError if the API server does not answer, or refuses; what is left is due the next time
   */
  write(wanted: AsyncIterable<WantedStatus<S>>, signal: AbortSignal): Promise<void>;
}

interface Written<S> {
  readonly status: S;
  /** When its counts were written; see `performance.now`. */
  readonly countsAt: number;
}

/** Writes the status of the resources of one kind, as merge patches, and only what has changed. */
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
    // A merge patch leaves what it does not name.
    const gone = Object.keys(before ?? {}).filter((key) => status[key as keyof S] === undefined);
    await client.call(
      {
        method: 'PATCH',
        path: `${path}/${encodeURIComponent(name)}/status`,
        // Of one that was made anew under this name meanwhile, this is not the status: that is a conflict.
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
