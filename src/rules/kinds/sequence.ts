import type { FieldMemo } from '../../query/match/slots.ts';
import type { CompiledSequence, FieldAndValue, Occurrence, RuleKind, SequenceItem } from '../compiled-rule.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { COMBINATION_CAP, HOUR } from '../limits.ts';
import { columnOf, combine, distinctLastFirst } from './combinations.ts';
import { firesInAnyOrder } from './sequence-any.ts';
import { firesInOrder } from './sequence-order.ts';
import { nameValues } from './words.ts';

/** A long reason names this many of the first events and of the last. */
const SHOWN = 2;

/**
 * Events that come one after another, the first and the last of them no further apart than the span, and agree in the
 * values of the join fields.
 *
 * Join values as in Elasticsearch (elastic/elasticsearch#89965, #79677): an event with several values takes part for
 * each combination of them; one that lacks a join field takes no part, unless the field is optional: then absent joins
 * absent. Each item has join fields of its own, so one event can belong to several groups.
 */
export const sequenceKind: RuleKind = {
  type: 'eql',
  occurrences: ({ sequence, rowFields }, memo, hashes) =>
    sequence === undefined
      ? []
      : occurrences(
          sequence,
          memo,
          hashes,
          rowFields.map(({ slot }) => columnOf(memo.read(slot), hashes)),
        ),
  windowed: {
    windowMicros: ({ sequence }) => sequence?.spanMicros ?? 0,
    mayFire: ({ sequence }, rows) => {
      const seen = new Set(rows.flatMap(({ items }) => items));
      return sequence?.steps.every((item) => seen.has(item)) ?? false;
    },
    fires: ({ document, sequence }, rows, added) => {
      if (sequence === undefined) return [];
      return (document.sequenceOrder === 'any' ? firesInAnyOrder : firesInOrder)(sequence, rows, added);
    },
  },
  fires: () => false,
  suppressionKey: ({ row }) => row?.group ?? '',
  suppressionWindow: () => HOUR,
  reason: ({ document, sequence }, { terms }, what, fire) => {
    const of = terms.length === 0 ? '' : ` of ${nameValues(terms)}`;
    const labels = fire === undefined ? [what] : fire.rows.map(({ label }) => label);
    const shown =
      labels.length <= 2 * SHOWN
        ? labels
        : [...labels.slice(0, SHOWN), `${labels.length - 2 * SHOWN} more`, ...labels.slice(-SHOWN)];
    const link = document.sequenceOrder === 'any' ? ' and ' : ', then ';
    return `${document.title}: within ${formatDuration(sequence?.spanMicros ?? 0)}${of}: ${shown.join(link)}`;
  },
};

/** One for each group of the event, with the items that it matches there. */
function occurrences(
  sequence: CompiledSequence,
  memo: FieldMemo,
  hashes: Hashes,
  columns: readonly (readonly string[])[],
): Occurrence[] {
  const { groups, cut } = sequenceGroups(sequence, memo);
  const found = [...groups].map(
    ([key, group]): Occurrence => ({
      terms: group.terms,
      term: undefined,
      row: { group: hashes.key(key), items: group.items, columns },
      cut: 0,
    }),
  );
  if (cut > 0) found.push({ terms: [], term: undefined, cut });
  return found;
}

/** A group that an event belongs to. */
export interface SequenceGroup {
  /** The values that join it. */
  readonly terms: readonly FieldAndValue[];
  /** What the event is in it. */
  readonly items: readonly number[];
}

/** The groups of an event by an identifying text, and the number beyond `COMBINATION_CAP`. */
export function sequenceGroups(
  { items }: CompiledSequence,
  memo: FieldMemo,
): { readonly groups: ReadonlyMap<string, SequenceGroup>; readonly cut: number } {
  const groups = new Map<string, { terms: readonly FieldAndValue[]; items: number[] }>();
  let cut = 0;
  for (const [number, item] of items.entries()) {
    if (!item.matches(memo)) continue;
    const combinations = joinValues(item, memo);
    cut += combinations.cut;
    for (const values of combinations.kept) {
      const key = JSON.stringify(values);
      const group = groups.get(key);
      if (group !== undefined) group.items.push(number);
      else if (groups.size < COMBINATION_CAP) groups.set(key, { terms: termsOf(item, values), items: [number] });
      else cut += 1;
    }
  }
  return { groups, cut };
}

/** Absent becomes null, if the key is optional. */
function joinValues({ by }: SequenceItem, memo: FieldMemo) {
  const lists = by.map(({ slot, optional }): readonly (string | null)[] => {
    const values = distinctLastFirst(memo.read(slot));
    return values.length === 0 && optional ? [null] : values;
  });
  return combine(lists);
}

function termsOf({ by }: SequenceItem, values: readonly (string | null)[]): FieldAndValue[] {
  return values.flatMap((value, i) => (value === null ? [] : [{ field: by[i]?.name ?? '', value }]));
}
