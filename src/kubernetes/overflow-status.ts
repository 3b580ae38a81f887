import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertState, Tally } from '../detect/alert.ts';

/** The most users and addresses on an Alert: its size is bounded. */
const SHOWN = 3;

/** `status.overflow` of an overflow alert, as part of a merge patch. */
export function overflowStatus({ overflow, samples = [] }: AlertState): object {
  if (overflow === undefined) return {};
  const { since, endedAt, users, sources } = overflow;
  return {
    overflow: {
      since: formatTimestamp(since),
      // Null removes the value of an earlier version if counting resumes.
      until: endedAt === undefined ? null : formatTimestamp(endedAt),
      users: most(users),
      sources: most(sources),
      samples,
    },
  };
}

/** Whether the rule is over its budget, and since when. */
export function overflowCondition({ overflow, count, openedAt }: AlertState): readonly object[] {
  if (overflow === undefined) return [];
  const { endedAt } = overflow;
  const matches = count === 1 ? '1 match' : `${count} matches`;
  return [
    {
      type: 'Overflow',
      status: endedAt === undefined ? 'True' : 'False',
      reason: endedAt === undefined ? 'BudgetExceeded' : 'WithinBudget',
      lastTransitionTime: formatTimestamp(endedAt ?? overflow.since),
      message:
        endedAt === undefined
          ? `${matches} over the budget so far, since ${shortTime(openedAt)}`
          : `${matches} over the budget, from ${shortTime(openedAt)} to ${shortTime(endedAt)}`,
    },
  ];
}

/** Those with the highest counts, each with its guaranteed minimum. */
function most(tally: Tally): readonly object[] {
  return tally
    .map(([value, count, excess]) => ({ value: value === '' ? 'unknown' : value, count: count - excess }))
    .sort((a, b) => b.count - a.count)
    .slice(0, SHOWN);
}

/** To the second. */
function shortTime(micros: number): string {
  return formatTimestamp(micros).replace(/\.\d+/, '');
}
