import type { CompiledRule, Fire, Occurrence, RuleKind } from '../compiled-rule.ts';
import type { RuleDocument } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { COMBINATION_CAP, DEFAULT_SPAN, HOUR } from '../limits.ts';
import type { Row } from '../row.ts';
import { nameValues } from './words.ts';

/**
 * A query in ES|QL with STATS: the rows before STATS are kept by group, and with each new one the group's row is
 * recomputed from those within the look-back, by the same code as in a search. An event after which the row survives
 * the rest of the query fires; its alert takes those that follow.
 *
 * Elastic computes at the end of each run of the rule (elastic/kibana, rule_types/esql), so a condition that holds
 * early and fails later fires here but maybe not there. Null is a key, and an event with several values in a group
 * column is in several groups, as in Elasticsearch.
 */
export const statsKind: RuleKind = {
  type: 'esql',
  occurrences: ({ pipeline }, _memo, hashes, event) =>
    pipeline?.kind === 'groups' ? occurrences(pipeline.enter(event), hashes) : [],
  windowed: {
    windowMicros: ({ document }) => windowOf(document),
    mayFire: () => true,
    fires: firesOf,
  },
  fires: () => false,
  suppressionKey: ({ row }) => row?.group ?? '',
  suppressionWindow: () => HOUR,
  reason: ({ document }, { terms }, what, fire) => {
    const of = terms.length === 0 ? '' : ` of ${nameValues(terms)}`;
    const found = (fire?.results ?? []).slice(0, SHOWN).map(({ field, value }) => `, ${field} ${value}`);
    const count = fire?.rows.length ?? 1;
    const events = count === 1 ? '1 event' : `${count} events`;
    return `${document.title}: ${events}${of} within ${formatDuration(windowOf(document))}${found.join('')}; the last: ${what}`;
  },
};

/** Results that the reason names. */
const SHOWN = 3;

function windowOf({ windowMicros }: RuleDocument): number {
  return windowMicros ?? DEFAULT_SPAN;
}

type Entered = ReturnType<Extract<NonNullable<CompiledRule['pipeline']>, { readonly kind: 'groups' }>['enter']>;

function occurrences(entered: Entered, hashes: Hashes): readonly Occurrence[] {
  if (entered.kind === 'exceeded') return [];
  const found = entered.result.slice(0, COMBINATION_CAP).map(
    ({ identity, keys, columns }): Occurrence => ({
      terms: keys.map(({ name, value }) => ({ field: name, value })),
      term: undefined,
      row: { group: hashes.key(identity), items: [], columns },
      cut: 0,
    }),
  );
  const cut = entered.result.length - found.length;
  return cut === 0 ? found : [...found, { terms: [], term: undefined, cut }];
}

/** The most rows that the aggregates process because of one new row, if later windows have to be checked too. */
const MOST_FED = 20_000;

/** The first window with the new row that ends at a row and whose group row survives. */
function firesOf({ document, pipeline }: CompiledRule, rows: readonly Row[], added: Row): readonly Fire[] {
  if (pipeline?.kind !== 'groups') return [];
  const windowMicros = windowOf(document);
  for (const end of endsOf(rows, added, windowMicros)) {
    const { at } = rows[end] ?? added;
    const found = rows.slice(0, end + 1).filter((row) => row.at >= at - windowMicros);
    const judged = pipeline.judge(
      found.map(({ columns }) => columns),
      at,
    );
    if (judged.kind === 'exceeded') throw new Error(`the group cannot be evaluated: ${judged.reason}`);
    if (judged.result === undefined) continue;
    const results = judged.result.map(({ name, value }) => ({ field: name, value }));
    return [{ rows: found, uses: [], results, adds: [added] }];
  }
  return [];
}

/**
 * The rows at which a window with the new row ends, in order of time. An in-order row has one. If there are many, the
 * first and the last are included, and the others are evenly spread.
 */
function endsOf(rows: readonly Row[], added: Row, windowMicros: number): readonly number[] {
  const first = rows.indexOf(added);
  const last = rows.findLastIndex(({ at }) => at <= added.at + windowMicros);
  const most = Math.max(2, Math.floor(MOST_FED / rows.length));
  const count = last - first + 1;
  if (count <= most) return Array.from({ length: count }, (_, index) => first + index);
  return Array.from({ length: most }, (_, index) => first + Math.round((index * (count - 1)) / (most - 1)));
}
