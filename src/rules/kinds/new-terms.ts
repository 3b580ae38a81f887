import { utf8Length } from '../../audit/text.ts';
import type { FieldValues } from '../../ecs/field.ts';
import type { FieldMemo } from '../../query/slots.ts';
import type { CompiledRule, Occurrence, RuleKind } from '../compiled-rule.ts';
import type { RuleDocument } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Hashes } from '../hashes.ts';
import { COMBINATION_CAP, TERM_MAX_BYTES } from '../limits.ts';

type Term = Occurrence['terms'];

/**
 * A combination of field values is worth an alert if no matching event had it in the history window before this one.
 *
 * Elastic's semantics, evaluated at the event's own time: an event that lacks one of the fields neither alerts nor
 * teaches; each combination of array values is tested; a sighting exactly one window ago still counts.
 */
export const newTermsKind: RuleKind = {
  type: 'new_terms',
  occurrences: combinations,
  fires: (rule, { term }, at, memory) => {
    const last = term === undefined ? undefined : memory.lastSighting(rule.state, term);
    return last === undefined || last < at - windowOf(rule.document);
  },
  suppressionKey: (occurrence) => JSON.stringify(occurrence.terms.map(({ value }) => value)),
  suppressionWindow: windowOf,
  reason: (rule, { terms }, what) => {
    const named = terms.map(({ field, value }) => `${FIELD_WORDS[field] ?? field} "${value}"`).join(', ');
    return `${named} not seen in ${formatDuration(windowOf(rule.document))}: ${what}`;
  },
};

const FIELD_WORDS: Readonly<Record<string, string>> = {
  'user_agent.original': 'user agent',
  'user.name': 'user',
  'source.ip': 'source IP',
};

function windowOf(document: RuleDocument): number {
  return document.newTerms?.windowMicros ?? 0;
}

/**
 * The last value of each field goes first: of `sourceIPs` only the last hop is not chosen by the client, so a forged
 * list of addresses cannot push the true one beyond the cap.
 */
function combinations(rule: CompiledRule, memo: FieldMemo, hashes: Hashes): Occurrence[] {
  let combined: Term[] = [[]];
  let total = 1;
  for (const field of rule.termFields) {
    const values = distinctLastFirst(memo.read(field.slot));
    total *= values.length;
    const longer: Term[] = [];
    for (const term of combined) {
      for (const value of values) {
        if (longer.length < COMBINATION_CAP) longer.push([...term, { field: field.name, value }]);
      }
    }
    combined = longer;
  }
  const occurrences: Occurrence[] = combined.map((terms) => ({ terms, term: termKey(terms, hashes), cut: 0 }));
  if (total > COMBINATION_CAP) occurrences.push({ terms: [], term: undefined, cut: total - COMBINATION_CAP });
  return occurrences;
}

function termKey(terms: Term, hashes: Hashes): string {
  const text = JSON.stringify(terms.map(({ value }) => value));
  return utf8Length(text) > TERM_MAX_BYTES ? `#${hashes.full(text)}` : text;
}

function distinctLastFirst(values: FieldValues): string[] {
  if (values === undefined) return [];
  if (!Array.isArray(values)) return [String(values)];
  return [...new Set(values.map(String).reverse())];
}
