import { createPeriodicJob, type Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import { DAY, MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { onFault } from '../telemetry/operational-error.ts';

export interface OwnPodsDeps {
  readonly store: Pick<Store, 'update'>;
  /** The partition that the replicas share: the cluster that they run in. */
  readonly cluster: string;
  /** This replica's pod. */
  readonly podUid: string;
  /** In integer microseconds since the epoch. */
  readonly now: () => number;
}

/** The pods of all replicas, in the store that they share. Runs as a job that keeps this pod among them. */
export interface OwnPods extends Job {
  /** Resolves when this pod is in the store: its writes must not begin before. */
  readonly registered: Promise<void>;
  /** Which of these pods are replicas. Where the store is away, those that are known already. */
  ours(uids: readonly string[]): Promise<ReadonlySet<string>>;
}

const TICK_MS = 5_000;
const REFRESH = MINUTE;
/**
 * How long a pod stays known after its last refresh. Longer than any event is late; it may be long, because a token bound to
 * a pod is refused a minute after the pod is deleted, and no uid comes twice:
 * https://kubernetes.io/docs/concepts/security/service-accounts/#authenticating-credentials
 */
const KEEP = DAY;
const MICROS_PER_MS = 1_000;
/** A uid is 36 characters; what is longer is none. */
const LONGEST_UID = 64;

/**
 * A pod is looked up when an event first shows it, and remembered. So a replica is known from its very first write, which
 * comes after its registration; a list that is read now and then would miss those until its next turn.
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
    // A store that is away is asked again with the next tick.
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
