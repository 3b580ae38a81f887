import type { Occurrence, RuleKind } from '../compiled-rule.ts';
import { queryKind } from './query.ts';

/** How many of the columns set by the query an alert shows: the last ones, which the others lead to. */
const SHOWN = 5;

/**
 * A query in ES|QL without STATS: every request with a remaining row raises an alert, as for type query. The alert
 * shows its columns.
 */
export const esqlRowKind: RuleKind = {
  ...queryKind,
  type: 'esql',
  occurrences: ({ pipeline }, _memo, _hashes, event) => {
    const rows = pipeline?.kind === 'events' ? pipeline.evaluate(event) : undefined;
    if (rows?.kind !== 'done' || rows.result === undefined) return [];
    const terms = rows.result.slice(-SHOWN).map(({ name, value }) => ({ field: name, value }));
    return [{ terms, term: undefined, cut: 0 } satisfies Occurrence];
  },
};
