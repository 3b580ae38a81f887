import type { CompiledSequence, Fire } from '../compiled-rule.ts';
import type { Row } from '../row.ts';

/** A sequence under way: its last event so far, and how it came there. */
interface Pending {
  readonly row: Row;
  readonly before: Pending | undefined;
  /** When its first event was. */
  readonly startedAt: number;
}

/**
 * The sequences in the order of their items that a new row completes, or that are complete with it.
 *
 * Elasticsearch's state machine (elastic/elasticsearch, x-pack/plugin/eql, execution/sequence/SequenceMatcher): at each step
 * at most one sequence is pending, the newest; an event takes the pending one of the step before and moves it on, and the
 * last step is looked at first, so that no event is two of a sequence. One that is too old, or has an `until` since its
 * last event, is dropped when it is taken. A sequence that is complete takes nothing else with it: those pending at other
 * steps go on, and the event that completes it may begin the next.
 *
 * The machine runs over all rows held, whatever their order of arrival, and a row that has completed a recorded sequence does
 * so in silence. One that was complete before the new row, and is not recorded, had no budget: it stays pending, so that
 * the next event of its last step completes it again.
 */
export function firesInOrder(
  { steps, until, spanMicros }: CompiledSequence,
  rows: readonly Row[],
  added: Row,
): readonly Fire[] {
  const last = steps.length - 1;
  const pending: (Pending | undefined)[] = steps.map(() => undefined);
  const fires: Fire[] = [];
  for (const row of rows) {
    for (let step = last; step >= 0; step -= 1) {
      if (!row.items.includes(steps[step] ?? -1)) continue;
      const before = step === 0 ? undefined : pending[step - 1];
      if (step > 0) {
        pending[step - 1] = undefined;
        if (before === undefined || row.at - before.startedAt > spanMicros) continue;
      }
      const moved: Pending = { row, before, startedAt: before?.startedAt ?? row.at };
      if (step < last) pending[step] = moved;
      else if (!row.used) {
        const events = eventsOf(moved);
        if (events.includes(added)) fires.push(fireOf(events));
        else if (step > 0) pending[step - 1] = before;
      }
    }
    if (until !== undefined && row.items.includes(until)) pending.fill(undefined);
  }
  return fires;
}

/** The first one first. */
function eventsOf(sequence: Pending): readonly Row[] {
  const rows: Row[] = [];
  for (let at: Pending | undefined = sequence; at !== undefined; at = at.before) rows.push(at.row);
  return rows.reverse();
}

function fireOf(rows: readonly Row[]): Fire {
  return { rows, uses: rows.slice(-1), results: [{ field: 'count', value: String(rows.length) }] };
}
