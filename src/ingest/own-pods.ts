import { createPeriodicJob, type Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import { DAY, MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { onFault } from '../telemetry/operational-error.ts';

export interface OwnPodsDeps {
  readonly store: Pick<Store, 'update'>;
  /** The partition that replicas share: that of the cluster they run in. */
  readonly cluster: string;
  /** The uid of this replica's pod. */
  readonly podUid: string;
  /** Integer microseconds since the epoch. */
  readonly now: () => number;
}

/** The pods of all replicas, in their shared store. Runs as a job that refreshes this pod's entry. */
export interface OwnPods extends Job {
  /** Resolves when this pod is registered; it must not write to the API server before. */
  readonly registered: Promise<void>;
  /** Which of these pods are replicas; only those known already if the store is unavailable. */
  ours(uids: readonly string[]): Promise<ReadonlySet<string>>;
}

const TICK_MS = 5_000;
const REFRESH = MINUTE;
/**
 * How long a pod is kept after its last refresh: longer than any event is late. That is safe, because a token bound to
 * a pod is rejected a minute after the pod is deleted, and no uid is used twice:
 * https://kubernetes.io/docs/concepts/security/service-accounts/#authenticating-credentials
 */
const KEEP = DAY;
const MICROS_PER_MS = 1_000;
/** A uid has 36 characters; a longer text is not one. */
const LONGEST_UID = 64;

/**
 * Looks a pod up when an event first names it, and remembers it. So a replica is known from its very first write, which
 * comes after its registration; a list that is polled would miss writes until the next poll.
 */
export function createOwnPods({ store, cluster, podUid, now }: OwnPodsDeps): OwnPods {
  const known = new Set([podUid]);
  const first = Promise.withResolvers<void>();
  let refreshedAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    const at = now();
    if (at < refreshedAt + REFRESH) return;
    const refreshed = store.update(cluster, [], () => ({
      kind: 'commit',
      writes: [
        {
          kind: 'setScores',
          key: stateKeys.pods,
          mode: 'set',
          entries: [{ member: podUid, score: at }],
          keepMs: KEEP / MICROS_PER_MS,
        },
        { kind: 'pruneScores', key: stateKeys.pods, below: at - KEEP },
      ],
      result: true,
    }));
    // If the store is unavailable, the next tick tries again.
    if (!(await refreshed.catch(onFault(() => false)))) return;
    refreshedAt = at;
    first.resolve();
  }

  return {
    ...createPeriodicJob(TICK_MS, refresh),
    registered: first.promise,
    async ours(uids) {
      const unknown = uids.filter((uid) => !known.has(uid) && uid.length <= LONGEST_UID);
      if (unknown.length === 0) return known;
      const found = store.update(cluster, [{ kind: 'scores', key: stateKeys.pods, members: unknown }], ([read]) => ({
        kind: 'commit',
        writes: [],
        result: unknown.filter((_uid, i) => read?.kind === 'scores' && read.scores[i] !== undefined),
      }));
      for (const uid of await found.catch(onFault(() => []))) known.add(uid);
      return known;
    },
  };
}
