import type { Store } from '../alerts/store.ts';
import type { Config } from '../config/schema.ts';
import { createOwnPods } from '../ingest/own-pods.ts';
import { createOwnWrites, type OwnWrites } from '../ingest/own-writes.ts';
import type { Kubernetes } from './connect-kubernetes.ts';
import { nowMicros } from './now-micros.ts';
import type { Undo } from './unwind.ts';

export interface StartedOwnWrites {
  /** Undefined if no event can be our own. */
  readonly writes: OwnWrites | undefined;
  /** Resolves when other replicas can recognise this one's writes. */
  readonly registered: Promise<void>;
}

/** Recognises our own writes by our identity at the API server, so that rules do not see them. */
export function startOwnWrites(
  { kubernetes: { localCluster: cluster } }: Config,
  { store, identity, changes }: Pick<Kubernetes, 'identity' | 'changes'> & { readonly store: Store },
  undo: Undo[],
): StartedOwnWrites {
  if (identity === undefined || cluster === '') return { writes: undefined, registered: Promise.resolve() };
  const { username, podUid } = identity;
  const pods = podUid === undefined ? undefined : createOwnPods({ store, cluster, podUid, now: nowMicros });
  const writes = createOwnWrites({ username, cluster, ourPods: pods?.ours, ourChanges: changes?.ours });
  pods?.start();
  undo.push(() => pods?.stop());
  return { writes, registered: Promise.resolve(pods?.registered) };
}
