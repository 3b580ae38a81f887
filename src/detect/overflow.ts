import { lastHop } from '../audit/identity.ts';
import { excerpt } from '../audit/text.ts';
import { OVERFLOW_SAMPLES } from '../rules/limits.ts';
import type { AlertState, OverflowState, Tally } from './alert.ts';
import type { Decision } from './decision.ts';
import { displayEvent, sampleOf } from './draft.ts';

/** Counters that an overflow alert has for users, and as many for addresses. */
const COUNTERS = 16;
const NAME_BYTES = 64;

/**
 * What an overflow alert says of what it has counted, with one more decision.
 * @param before of the alert; undefined for a new one
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

/** What comes after the end is a new beginning; what comes late belongs to what was there before. */
function sinceOf(before: OverflowState | undefined, at: number): number {
  if (before === undefined) return at;
  return before.endedAt !== undefined && at > before.endedAt ? at : before.since;
}

/**
 * The tally with one more of a name. There are so many counters: a name that has none takes over the lowest one, with its count as what may
 * be too much. So every name that makes up more than one part in `COUNTERS` of all has one, however many others there are.
 * @see Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005): Space-Saving
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
