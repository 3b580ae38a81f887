import type { DecodedEvent } from '../../audit/event.ts';
import { parseKql } from '../kql/parse.ts';
import { compilePredicate } from '../match/compile-predicate.ts';
import { createFieldSlots } from '../match/slots.ts';
import type { KqlCondition } from './table.ts';

/** A KQL condition for a table of events: `KQL("…")`. */
export function kqlCondition(query: string, fields: Parameters<typeof parseKql>[1]): KqlCondition<DecodedEvent> {
  const result = parseKql(query, fields);
  if (result.kind === 'invalid') return result;
  const slots = createFieldSlots();
  const matches = compilePredicate(result.predicate, slots);
  const memo = slots.createMemo();
  return {
    kind: 'ok',
    holds: (event) => {
      memo.reset(event);
      return matches(memo);
    },
  };
}
