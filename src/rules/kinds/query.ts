import { lastHop } from '../../audit/identity.ts';
import { pathOf } from '../../audit/request-uri.ts';
import type { FieldMemo } from '../../query/match/slots.ts';
import type { Occurrence, RuleKind, SlottedField } from '../compiled-rule.ts';
import { HOUR } from '../limits.ts';
import { combine, distinctLastFirst } from './combinations.ts';

const ONCE: readonly Occurrence[] = [{ terms: [], term: undefined, cut: 0 }];

/**
 * Every request that the query selects raises an alert; repeats by the same user, address and object join it.
 *
 * If the rule groups repeats by fields, an event with several values of a field is in one group for each, like
 * Elastic's rules of this type (other types compare the whole array).
 */
export const queryKind: RuleKind = {
  type: 'query',
  occurrences: ({ suppressBy }, memo) => (suppressBy === undefined ? ONCE : oncePerGroup(suppressBy, memo)),
  fires: () => true,
  suppressionKey: (_occurrence, { event }) => {
    const { resource, apiGroup, subresource, namespace, name } = event.objectRef ?? {};
    const object = event.objectRef
      ? [apiGroup, resource, subresource, namespace, name]
      : [event.requestURI === undefined ? undefined : pathOf(event.requestURI)];
    return JSON.stringify([event.user?.username, lastHop(event), ...object]);
  },
  suppressionWindow: () => HOUR,
  reason: (rule, _occurrence, what) => `${rule.document.title}: ${what}`,
};

/** An event query in EQL: each event once. A rule of this type that is a sequence is of a kind of its own. */
export const eqlEventKind: RuleKind = { ...queryKind, type: 'eql', occurrences: () => ONCE };

function oncePerGroup(fields: readonly SlottedField[], memo: FieldMemo): readonly Occurrence[] {
  const { kept, cut } = combine(
    fields.map(({ slot }): readonly (string | null)[] => {
      const values = distinctLastFirst(memo.read(slot));
      return values.length === 0 ? [null] : values;
    }),
  );
  if (kept.length === 1) return ONCE;
  const found: Occurrence[] = kept.map((suppressedBy) => ({ terms: [], term: undefined, suppressedBy, cut: 0 }));
  if (cut > 0) found.push({ terms: [], term: undefined, cut });
  return found;
}
