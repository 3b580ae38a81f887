import type { FieldMemo } from '../../query/slots.ts';
import type { CompiledRule, Occurrence, RuleKind } from '../compiled-rule.ts';
import type { RuleDocument } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { bounded, combine, distinctLastFirst } from './combinations.ts';
import { nameValues } from './words.ts';

/**
 * A combination of field values is worth an alert if no matching event had it in the history window before this one.
 *
 * Elastic's semantics, evaluated at the event's own time: an event that lacks one of the fields neither alerts nor
 * teaches; each combination of array values is tested; a sighting exactly one window ago still counts.
 */
export const newTermsKind: RuleKind = {
  type: 'new_terms',
  occurrences,
  fires: (rule, { term }, at, memory) => {
    const last = term === undefined ? undefined : memory.lastSighting(rule.state, term);
    return last === undefined || last < at - windowOf(rule.document);
  },
  suppressionKey: (occurrence) => JSON.stringify(occurrence.terms.map(({ value }) => value)),
  suppressionWindow: windowOf,
  reason: (rule, { terms }, what) =>
    `${nameValues(terms)} not seen in ${formatDuration(windowOf(rule.document))}: ${what}`,
};

function windowOf(document: RuleDocument): number {
  return document.newTerms?.windowMicros ?? 0;
}

function occurrences({ termFields }: CompiledRule, memo: FieldMemo, hashes: Hashes): Occurrence[] {
  const { kept, cut } = combine(termFields.map(({ slot }) => distinctLastFirst(memo.read(slot))));
  const found: Occurrence[] = kept.map((values) => ({
    terms: values.map((value, i) => ({ field: termFields[i]?.name ?? '', value })),
    term: bounded(JSON.stringify(values), hashes),
    cut: 0,
  }));
  if (cut > 0) found.push({ terms: [], term: undefined, cut });
  return found;
}
