import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertState, Tally } from '../detect/alert.ts';

/** Users, and addresses, that an Alert shows: its size is bounded, and cuts off what is more of the samples. */
const SHOWN = 3;

/** `status.overflow` of an alert that counts what is over a budget, as part of a merge patch. */
export function overflowStatus({ overflow, samples = [] }: AlertState): object {
  if (overflow === undefined) return {};
  const { since, endedAt, users, sources } = overflow;
  return {
    overflow: {
      since: formatTimestamp(since),
      // Null takes away what an earlier version said, when counting goes on.
      until: endedAt === undefined ? null : formatTimestamp(endedAt),
      users: most(users),
      sources: most(sources),
      samples,
    },
  };
}

/** Says whether the rule is over its budget, and since when it is or is not. */
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

/** Those with the most, and how often each of them was there at least. */
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
