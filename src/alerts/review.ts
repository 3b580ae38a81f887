import type { AlertPhase, AlertReview, PhaseChange, StatusWrite } from '../detect/alert.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';

/** The most changes and writes kept on an alert: a few hundred bytes in all. */
const MOST_CHANGES = 4;
const MOST_WRITES = 8;
/** How long before the change was seen its request may have been: after an outage a watch lists anew. */
const EXPLAINS = 10 * MINUTE;
/** How far the API server's clock may be ahead of ours. */
const AHEAD = 2 * SECOND;

const NOTHING: AlertReview = { changes: [], writes: [] };

/** The review after this phase was seen on the resource. Pure, like all functions here. */
export function withChange(review: AlertReview | undefined, phase: AlertPhase, seenAt: number): AlertReview {
  const { changes, writes } = review ?? NOTHING;
  return explained([...changes, { phase, seenAt }].slice(-MOST_CHANGES), writes, seenAt);
}

/** The review after a write in the audit log, which may come before or after the change that it explains. */
export function withWrite(review: AlertReview | undefined, write: StatusWrite): AlertReview {
  const { changes, writes } = review ?? NOTHING;
  const others = writes.filter(({ at, user }) => at !== write.at || user !== write.user); // a batch may come again
  const all = [...others, write].toSorted((a, b) => a.at - b.at);
  // Without room, only the first and the last of a user's repeated writes stay, so that nobody can push other users'
  // writes out of the list.
  const isSame = (a: StatusWrite, b: StatusWrite | undefined) => a.user === b?.user && a.phase === b.phase;
  const distinct = all.filter((each, i) => !isSame(each, all[i - 1]) || !isSame(each, all[i + 1]));
  const kept = all.length > MOST_WRITES ? distinct.slice(0, MOST_WRITES) : all;
  return explained(changes, kept, Math.max(write.at, changes.at(-1)?.seenAt ?? 0));
}

/** True if both name the same authors of the changes. */
export function isSameAttribution(a: AlertReview | undefined, b: AlertReview): boolean {
  return JSON.stringify(a?.changes ?? []) === JSON.stringify(b.changes);
}

/** Who made each change, according to the writes; drops writes that are too old. */
function explained(changes: readonly PhaseChange[], writes: readonly StatusWrite[], now: number): AlertReview {
  const judged: PhaseChange[] = [];
  for (const change of changes) {
    // An old change keeps its verdict, because its writes may be gone.
    const isRecent = change.seenAt > now - EXPLAINS;
    judged.push(isRecent ? explain(change, judged.at(-1), writes) : change);
  }
  return { changes: judged, writes: writes.filter(({ at }) => at > now - 2 * EXPLAINS) };
}

/**
 * A write that names the phase made the change: the first that did since the change before, or one before it that was answered
 * with an error. Where the audit log has no bodies, all who wrote since then may have. If it can only have been one user, it
 * was that one.
 */
function explain(
  { phase, seenAt }: PhaseChange,
  before: PhaseChange | undefined,
  writes: readonly StatusWrite[],
): PhaseChange {
  const since = Math.max(before?.at ?? before?.seenAt ?? 0, seenAt - EXPLAINS);
  const possible = writes.filter(
    (write) => write.at > since && write.at <= seenAt + AHEAD && (write.phase ?? phase) === phase,
  );
  const certain = possible.findIndex((write) => write.phase !== undefined && write.doubtful === undefined);
  const made = certain === -1 ? possible : possible.slice(0, certain + 1).filter((write) => write.phase !== undefined);
  const [first] = made;
  if (first === undefined) return { phase, seenAt };
  return { phase, seenAt, at: first.at, by: [...new Set(made.map(({ user }) => user))] };
}
