import type { FieldMemo } from '../../query/match/slots.ts';
import type { CompiledRule, FieldAndValue, Fire, Occurrence, RuleKind } from '../compiled-rule.ts';
import type { RuleDocument, ThresholdDocument } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { HOUR } from '../limits.ts';
import type { Row } from '../row.ts';
import { columnOf, combine, distinctLastFirst } from './combinations.ts';
import { fieldWord, nameValues } from './words.ts';

/**
 * Enough events of a group within a window, and enough different values of a field among them, are worth an alert.
 *
 * Elastic counts in the ranges of its runs, each with both ends (`gte from`, `lte to`), and leaves out what an earlier
 * alert of the group has counted; see elastic/kibana, rule_types/threshold. Here a window ends at each event, with both
 * ends too, and the events that a fire has counted are used up. An event that lacks one of the group's fields is in no
 * group; one with several values is in one group for each combination. Without fields there is one group.
 */
export const thresholdKind: RuleKind = {
  type: 'threshold',
  occurrences,
  windowed: {
    windowMicros: ({ document }) => thresholdOf(document).windowMicros,
    mayFire: ({ document }, rows) =>
      rows.reduce((unused, { used }) => unused + (used ? 0 : 1), 0) >= thresholdOf(document).value,
    fires: firesOf,
  },
  fires: () => false,
  suppressionKey: ({ row }) => row?.group ?? '',
  suppressionWindow: () => HOUR,
  reason: (rule, { terms }, what, fired) => {
    const { windowMicros, cardinality } = thresholdOf(rule.document);
    const of = terms.length === 0 ? '' : ` of ${nameValues(terms)}`;
    const [count, ...different] = fired?.results ?? [];
    const among = different.map(({ value }, i) => `, ${value} different ${fieldWord(cardinality[i]?.field ?? '')}`);
    return `${rule.document.title}: ${count?.value ?? ''} events${of} within ${formatDuration(windowMicros)}${among.join('')}; the last: ${what}`;
  },
};

const NO_THRESHOLD: ThresholdDocument = { fields: [], value: 1, cardinality: [], windowMicros: 0 };

function thresholdOf(document: RuleDocument): ThresholdDocument {
  return document.threshold ?? NO_THRESHOLD;
}

function occurrences({ termFields, rowFields }: CompiledRule, memo: FieldMemo, hashes: Hashes): Occurrence[] {
  const { kept, cut } = combine(termFields.map(({ slot }) => distinctLastFirst(memo.read(slot))));
  if (kept.length === 0) return [];
  const columns = rowFields.map(({ slot }) => columnOf(memo.read(slot), hashes));
  const found: Occurrence[] = kept.map((values) => ({
    terms: values.map((value, i) => ({ field: termFields[i]?.name ?? '', value })),
    term: undefined,
    row: { group: hashes.key(JSON.stringify(values)), items: [], columns },
    cut: 0,
  }));
  if (cut > 0) found.push({ terms: [], term: undefined, cut });
  return found;
}

/** Slides the window over the unused rows, from the first end that includes the new row. */
function firesOf({ document }: CompiledRule, rows: readonly Row[], added: Row): readonly Fire[] {
  const { value, cardinality, windowMicros } = thresholdOf(document);
  const unused = rows.filter(({ used }) => !used);
  const place = unused.indexOf(added);
  const values = cardinality.map(() => createTally());
  let first = 0;
  for (const [last, row] of unused.entries()) {
    if (row.at > added.at + windowMicros) return [];
    for (const [i, tally] of values.entries()) tally.add(row.columns[i] ?? []);
    for (; (unused[first]?.at ?? row.at) < row.at - windowMicros; first += 1) {
      for (const [i, tally] of values.entries()) tally.remove(unused[first]?.columns[i] ?? []);
    }
    const isEnough =
      last - first + 1 >= value && cardinality.every((each, i) => (values[i]?.size() ?? 0) >= each.value);
    if (last < place || !isEnough) continue;
    const found = unused.slice(first, last + 1);
    const results: FieldAndValue[] = [
      { field: 'count', value: String(found.length) },
      ...cardinality.map(({ field }, i) => ({ field: `cardinality(${field})`, value: String(values[i]?.size() ?? 0) })),
    ];
    return [{ rows: found, uses: found, results }];
  }
  return [];
}

/** Counts distinct values among rows that come and go. */
function createTally() {
  const counts = new Map<string, number>();
  return {
    size: () => counts.size,
    add(values: readonly string[]): void {
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    },
    remove(values: readonly string[]): void {
      for (const value of values) {
        const left = (counts.get(value) ?? 0) - 1;
        if (left > 0) counts.set(value, left);
        else counts.delete(value);
      }
    },
  };
}
