import type { Occurrence, RuleKind } from '../compiled-rule.ts';
import { queryKind } from './query.ts';

/** An alert shows so many of the columns that a query has made: the last ones, which the others lead to. */
const SHOWN = 5;

/**
 * A query in ES|QL without STATS: every request of which a row gets through is worth an alert, as of type query. What its columns say
 * stands on the alert.
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
