import type { FieldValues } from '../../ecs/field.ts';
import type { FieldMemo } from '../../query/match/slots.ts';
import type { CompiledRule, Occurrence, RuleKind, Term, TermField } from '../compiled-rule.ts';
import type { RuleDocument } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { bounded, combine, distinctLastFirst } from './combinations.ts';
import { nameValues } from './words.ts';

/**
 * A combination of field values raises an alert if no matching event had it in the history window before this one.
 *
 * Elastic's semantics, evaluated at the event's own time: an event without one of the fields neither alerts nor
 * teaches; each combination of array values is tested; a sighting exactly one window ago still counts.
 */
export const newTermsKind: RuleKind = {
  type: 'new_terms',
  occurrences,
  fires: (rule, { term }, at, memory) => {
    const last = term === undefined ? undefined : memory.lastSighting(rule.memoryKey, term);
    return last === undefined || last < at - windowOf(rule.document);
  },
  suppressionKey: ({ terms }) => canonicalText(terms),
  suppressionWindow: windowOf,
  reason: (rule, { terms }, what) =>
    `${nameValues(terms)} not seen in ${formatDuration(windowOf(rule.document))}: ${what}`,
};

function windowOf(document: RuleDocument): number {
  return document.newTerms?.windowMicros ?? 0;
}

function occurrences({ termFields }: CompiledRule, memo: FieldMemo, hashes: Hashes): Occurrence[] {
  const { kept, cut } = combine(termFields.map((field) => termsOf(field, memo.read(field.slot))));
  const found: Occurrence[] = kept.map((terms) => ({ terms, term: rememberedTerm(terms, hashes), cut: 0 }));
  if (cut > 0) found.push({ terms: [], term: undefined, cut });
  return found;
}

/** The values of a field, deduplicated by their remembered form; the last of equal ones represents them. */
function termsOf({ name: field, canonicalise }: TermField, values: FieldValues): Term[] {
  const texts = distinctLastFirst(values);
  if (canonicalise === undefined) return texts.map((value) => ({ field, value }));
  const terms = new Map<string, Term>();
  for (const value of texts) {
    const canonical = canonicalise(value);
    if (!terms.has(canonical)) terms.set(canonical, { field, value, canonical });
  }
  return [...terms.values()];
}

/** The name under which a combination of values is remembered. */
export function rememberedTerm(terms: readonly Pick<Term, 'value' | 'canonical'>[], hashes: Hashes): string {
  return bounded(canonicalText(terms), hashes);
}

function canonicalText(terms: readonly Pick<Term, 'value' | 'canonical'>[]): string {
  return JSON.stringify(terms.map(({ value, canonical }) => canonical ?? value));
}
