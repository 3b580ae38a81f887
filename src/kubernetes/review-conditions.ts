import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertPhase, PhaseChange } from '../detect/alert.ts';

/** A `metav1.Condition` of k8s.io/apimachinery, before it is cut to its bounds. */
export interface ReviewCondition {
  readonly type: 'Acknowledged' | 'Closed';
  readonly status: 'True' | 'False';
  /** Verified: the audit log names the one user who did it. */
  readonly reason: 'Verified' | 'Unverified';
  readonly lastTransitionTime: string;
  readonly message: string;
}

const DONE: Readonly<Record<AlertPhase, string>> = {
  Open: 'reopened',
  Acknowledged: 'acknowledged',
  Closed: 'closed',
};
/** Room for names in a message. */
const MOST_NAMED = 2;

/** Conditions from changes of phase: who acknowledged, closed or reopened the alert. Closing keeps it acknowledged. */
export function reviewConditions(changes: readonly PhaseChange[]): readonly ReviewCondition[] {
  let acknowledged: ReviewCondition | undefined;
  let closed: ReviewCondition | undefined;
  for (const change of changes) {
    const isAcknowledged = acknowledged?.status === 'True';
    acknowledged = next(acknowledged, 'Acknowledged', change.phase === 'Open' ? false : isAcknowledged, change);
    closed = next(closed, 'Closed', change.phase === 'Closed', change);
  }
  return [acknowledged, closed].filter((condition) => condition !== undefined);
}

function next(
  before: ReviewCondition | undefined,
  type: ReviewCondition['type'],
  holds: boolean,
  change: PhaseChange,
): ReviewCondition | undefined {
  const isIt = holds || change.phase === type;
  if (isIt === (before?.status === 'True')) return before;
  const { phase, seenAt, at = seenAt, by = [] } = change;
  const isVerified = by.length === 1;
  return {
    type,
    status: isIt ? 'True' : 'False',
    reason: isVerified ? 'Verified' : 'Unverified',
    lastTransitionTime: formatTimestamp(at),
    message: `${DONE[phase]} ${isVerified ? 'at' : 'about'} ${formatTimestamp(at).slice(0, 19)}Z by ${who(by)}`,
  };
}

function who(by: readonly string[]): string {
  if (by.length === 0) return 'an unknown user: the audit log names nobody';
  const more = by.length > MOST_NAMED ? ' or others' : '';
  return `${by.slice(0, MOST_NAMED).join(' or ')}${more}`;
}
