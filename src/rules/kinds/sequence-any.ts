import type { CompiledSequence, Fire } from '../compiled-rule.ts';
import type { Row } from '../row.ts';

/**
 * The events within the span that match all items, each item another event, whatever their order: what Sigma calls a
 * temporal correlation. The spans that end at the new row, and at those after it, are looked at in turn.
 * An event that a fire has used is not used again.
 */
export function firesInAnyOrder(
  { steps, spanMicros }: CompiledSequence,
  rows: readonly Row[],
  added: Row,
): readonly Fire[] {
  const unused = rows.filter(({ used }) => !used);
  const place = unused.indexOf(added);
  for (let last = place; last < unused.length; last += 1) {
    const end = unused[last]?.at ?? 0;
    if (end > added.at + spanMicros) return [];
    const span = unused.slice(0, last + 1).filter(({ at }) => at >= end - spanMicros);
    const found = assign(steps, span);
    if (!found?.has(added)) continue;
    const rows = span.filter((row) => found.has(row));
    return [{ rows, uses: rows, results: [{ field: 'count', value: String(rows.length) }] }];
  }
  return [];
}

/**
 * A row for each step, none for two; the newest are tried first. Kuhn's algorithm for a matching in a bipartite graph.
 */
function assign(steps: readonly number[], rows: readonly Row[]): ReadonlySet<Row> | undefined {
  // Of the rows that match an item the newest are enough: no step can be without one while all others have theirs.
  const candidates = steps.map((item) =>
    rows
      .filter(({ items }) => items.includes(item))
      .slice(-steps.length)
      .reverse(),
  );
  const stepOf = new Map<Row, number>();
  const place = (step: number, tried: Set<Row>): boolean => {
    for (const row of candidates[step] ?? []) {
      if (tried.has(row)) continue;
      tried.add(row);
      const holder = stepOf.get(row);
      if (holder !== undefined && !place(holder, tried)) continue;
      stepOf.set(row, step);
      return true;
    }
    return false;
  };
  return steps.every((_item, step) => place(step, new Set())) ? new Set(stepOf.keys()) : undefined;
}
