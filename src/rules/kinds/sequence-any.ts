import type { CompiledSequence, Fire } from '../compiled-rule.ts';
import type { Row } from '../row.ts';

const USED = [0];

/**
 * The events within the span that match all items, each item another event, whatever their order: what Sigma calls a
 * temporal correlation. The spans that end at the new row, and at those after it, are looked at in turn. A fire uses up every
 * event of its span.
 */
export function fireInAnyOrder(
  { steps, spanMicros }: CompiledSequence,
  rows: readonly Row[],
  added: Row,
): Fire | undefined {
  const unused = rows.filter(({ used }) => used.length === 0);
  const place = unused.indexOf(added);
  for (let last = place; last < unused.length; last += 1) {
    const end = unused[last]?.at ?? 0;
    if (end > added.at + spanMicros) return undefined;
    const span = unused.slice(0, last + 1).filter(({ at }) => at >= end - spanMicros);
    const found = assign(steps, span);
    if (found === undefined) continue;
    return {
      rows: span.filter((row) => found.has(row)),
      consumed: span.map((row) => ({ ...row, used: USED })),
      results: [{ field: 'count', value: String(found.size) }],
    };
  }
  return undefined;
}

/** A row for each step, none for two; the newest are tried first. Kuhn's algorithm for a matching in a bipartite graph. */
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
