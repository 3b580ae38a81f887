import type { CompiledSequence } from '../compiled-rule.ts';
import type { Row } from '../row.ts';

/** The time of an event (µs), and the items that it matches. */
export type SequenceEvent = Pick<Row, 'at' | 'items'>;

/** An incomplete sequence: its last event so far, and those before it. */
interface Pending<Event> {
  readonly event: Event;
  readonly before: Pending<Event> | undefined;
  /** When its first event was. */
  readonly startedAt: number;
}

export interface SequenceMachine<Event> {
  /** Processes the next event of a group in order of time. */
  readonly push: (event: Event) => void;
  /** The events of the pending sequence at each step; empty for a step without one. */
  readonly pending: () => readonly (readonly Event[])[];
}

/**
 * Elasticsearch's state machine for the events of one group (elastic/elasticsearch, x-pack/plugin/eql,
 * execution/sequence/SequenceMatcher): at each step at most one sequence is pending, the newest; an event takes the
 * pending one of the step before and moves it on, and the last step is looked at first, so that no event is two of a
 * sequence. One that is too old, or has an `until` since its last event, is dropped when it is taken. A sequence that
 * is complete takes nothing else with it: those pending at other steps go on, and the event that completes it may begin
 * the next.
 *
 * @param complete told the events of a sequence that is complete, the first one first; false leaves it pending, so that
 * the next
 *   event of its last step completes it again
 */
export function createSequenceMachine<Event extends SequenceEvent>(
  { steps, until, spanMicros }: Pick<CompiledSequence, 'steps' | 'until' | 'spanMicros'>,
  complete: (events: readonly Event[]) => boolean,
): SequenceMachine<Event> {
  const last = steps.length - 1;
  const pending: (Pending<Event> | undefined)[] = steps.map(() => undefined);
  return {
    push: (event) => {
      for (let step = last; step >= 0; step -= 1) {
        if (!event.items.includes(steps[step] ?? -1)) continue;
        const before = step === 0 ? undefined : pending[step - 1];
        if (step > 0) {
          pending[step - 1] = undefined;
          if (before === undefined || event.at - before.startedAt > spanMicros) continue;
        }
        const moved = { event, before, startedAt: before?.startedAt ?? event.at };
        if (step < last) pending[step] = moved;
        else if (!complete(eventsOf(moved)) && step > 0) pending[step - 1] = before;
      }
      if (until !== undefined && event.items.includes(until)) pending.fill(undefined);
    },
    pending: () => pending.map(eventsOf),
  };
}

function eventsOf<Event>(sequence: Pending<Event> | undefined): readonly Event[] {
  const events: Event[] = [];
  for (let at = sequence; at !== undefined; at = at.before) events.push(at.event);
  return events.reverse();
}
