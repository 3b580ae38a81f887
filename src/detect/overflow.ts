import { lastHop } from '../audit/identity.ts';
import { excerpt } from '../audit/text.ts';
import { OVERFLOW_SAMPLES } from '../rules/limits.ts';
import type { AlertState, OverflowState, Tally } from './alert.ts';
import type { Decision } from './decision.ts';
import { displayEvent, sampleOf } from './draft.ts';

/** Counters of an overflow alert for users, and as many for addresses. */
const COUNTERS = 16;
const NAME_BYTES = 64;

/**
 * Counts one more decision on an overflow alert.
 * @param before the alert's counts; undefined for a new alert
 */
export function overflowWith(
  decision: Decision,
  before: AlertState | undefined,
): Required<Pick<AlertState, 'samples' | 'overflow'>> {
  const { event, at } = decision.event;
  const samples = before?.samples ?? [];
  const sample = sampleOf(decision);
  const isNew = samples.length < OVERFLOW_SAMPLES && !samples.includes(sample);
  const { users = [], sources = [] } = before?.overflow ?? {};
  return {
    samples: isNew ? [...samples, sample] : samples,
    overflow: {
      since: sinceOf(before?.overflow, at),
      users: countedIn(users, excerpt(displayEvent(event).user, NAME_BYTES)),
      sources: countedIn(sources, excerpt(lastHop(event) ?? '', NAME_BYTES)),
    },
  };
}

/** A decision after the end begins a new overflow; a late one belongs to the overflow before. */
function sinceOf(before: OverflowState | undefined, at: number): number {
  if (before === undefined) return at;
  return before.endedAt !== undefined && at > before.endedAt ? at : before.since;
}

/**
 * Counts a name once more. The number of counters is fixed: a name without one takes over the lowest counter, and its
 * old count becomes the possible error. So every name with more than one part in `COUNTERS` of all has a counter.
 * @see Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005):
 *   Space-Saving
 */
export function countedIn(tally: Tally, name: string): Tally {
  const place = tally.findIndex((counter) => counter[0] === name);
  const known = tally[place];
  if (known !== undefined) return tally.with(place, [name, known[1] + 1, known[2]]);
  if (tally.length < COUNTERS) return [...tally, [name, 1, 0]];
  const lowest = tally.reduce((least, counter, i) => (counter[1] < (tally[least]?.[1] ?? 0) ? i : least), 0);
  const taken = tally[lowest]?.[1] ?? 0;
  return tally.with(lowest, [name, taken + 1, taken]);
}
