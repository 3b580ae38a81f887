import type { CompiledSequence, Fire } from '../compiled-rule.ts';
import type { Row } from '../row.ts';

/** A sequence under way: its last event so far, and how it came there. */
interface Pending {
  readonly row: Row;
  readonly step: number;
  readonly before: Pending | undefined;
  /** When its first event was. */
  readonly startedAt: number;
}

/**
 * The sequence in the order of its items that a new row completes, or is found to be part of.
 *
 * Elasticsearch's state machine (elastic/elasticsearch, x-pack/plugin/eql, execution/sequence/SequenceMatcher): at each step
 * at most one sequence is pending, the newest; an event takes the pending one of the step before and moves it on, and the
 * last step is looked at first, so that no event is two of a sequence. One that is too old, or has an `until` since its
 * last event, is dropped when it is taken. An event can complete one sequence and begin the next.
 *
 * The machine runs over all rows held, whatever their order of arrival. A sequence of which some event was used at the same
 * step by a fire that was recorded is that fire, or one cut differently from the same events: it is gone through in silence.
 * One that was complete before the new row, and is not recorded, had no budget: it stays pending, so that the next event
 * of its last step completes it again.
 */
export function fireInOrder(
  { steps, until, spanMicros }: CompiledSequence,
  rows: readonly Row[],
  added: Row,
): Fire | undefined {
  const last = steps.length - 1;
  const pending: (Pending | undefined)[] = steps.map(() => undefined);
  for (const row of rows) {
    for (let step = last; step >= 0; step -= 1) {
      if (!row.items.includes(steps[step] ?? -1)) continue;
      const before = step === 0 ? undefined : pending[step - 1];
      if (step > 0) {
        pending[step - 1] = undefined;
        if (before === undefined || row.at - before.startedAt > spanMicros) continue;
      }
      const moved: Pending = { row, step, before, startedAt: before?.startedAt ?? row.at };
      if (step < last) {
        pending[step] = moved;
        continue;
      }
      const events = eventsOf(moved);
      if (events.some((event) => event.row.used.includes(event.step))) continue;
      if (events.some((event) => event.row === added)) return fireOf(events);
      if (step > 0) pending[step - 1] = before;
    }
    if (until !== undefined && row.items.includes(until)) pending.fill(undefined);
  }
  return undefined;
}

/** The first one first. */
function eventsOf(sequence: Pending): readonly Pending[] {
  const events: Pending[] = [];
  for (let at: Pending | undefined = sequence; at !== undefined; at = at.before) events.push(at);
  return events.reverse();
}

function fireOf(events: readonly Pending[]): Fire {
  const rows = events.map(({ row }) => row);
  return {
    rows,
    consumed: events.map(({ row, step }) => ({ ...row, used: [...row.used, step] })),
    results: [{ field: 'count', value: String(rows.length) }],
  };
}
