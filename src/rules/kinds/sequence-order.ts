import type { CompiledSequence, Fire } from '../compiled-rule.ts';
import type { Row } from '../row.ts';
import { createSequenceMachine } from './sequence-machine.ts';

/**
 * The sequences in the order of their items that a new row completes, or that are complete with it.
 *
 * The machine runs over all rows held, whatever their order of arrival, and a row that has completed a recorded
 * sequence does so in silence. One that was complete before the new row, and is not recorded, had no budget: it stays
 * pending, so that the next event of its last step completes it again.
 */
export function firesInOrder(sequence: CompiledSequence, rows: readonly Row[], added: Row): readonly Fire[] {
  const fires: Fire[] = [];
  const machine = createSequenceMachine<Row>(sequence, (events) => {
    if (events.at(-1)?.used === true) return true;
    if (!events.includes(added)) return false;
    fires.push(fireOf(events));
    return true;
  });
  for (const row of rows) machine.push(row);
  return fires;
}

function fireOf(rows: readonly Row[]): Fire {
  return { rows, uses: rows.slice(-1), results: [{ field: 'count', value: String(rows.length) }] };
}
