import type { EqlItem, EqlSequence } from '../query/eql/parse.ts';
import { compilePredicate } from '../query/match/compile-predicate.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { CompiledSequence, SequenceItem } from './compiled-rule.ts';

/** The condition for an event to take part in the sequence. */
export function sequencePredicate({ items, until }: EqlSequence): Predicate {
  return { kind: 'or', operands: [...items, ...(until === undefined ? [] : [until])].map(itemPredicate) };
}

/** The condition for an event to match this item: its query, and the presence of its join fields. */
function itemPredicate({ predicate, by }: EqlItem): Predicate {
  const needed = by.filter(({ optional }) => !optional);
  return { kind: 'and', operands: [predicate, ...needed.map(({ field }): Predicate => ({ kind: 'exists', field }))] };
}

/** @param windowMicros the span if the sequence has none */
export function compileSequence(
  { items, until, maxspanMicros }: EqlSequence,
  windowMicros: number,
  slots: FieldSlots,
): CompiledSequence {
  const compile = (item: EqlItem): SequenceItem => ({
    predicate: itemPredicate(item),
    matches: compilePredicate(item.predicate, slots),
    by: item.by.map(({ field, optional }) => ({ name: field.name, slot: slots.slotOf(field), optional })),
  });
  return {
    items: [...items, ...(until === undefined ? [] : [until])].map(compile),
    steps: items.flatMap(({ runs }, item) => Array.from({ length: runs }, () => item)),
    until: until === undefined ? undefined : items.length,
    spanMicros: maxspanMicros ?? windowMicros,
  };
}

/** The number of events in the sequence. */
export function countSteps({ items }: EqlSequence): number {
  return items.reduce((sum, { runs }) => sum + runs, 0);
}

/**
 * What the rows of a sequence depend on, besides the rule's name and type. With another shape, stored rows are
 * meaningless.
 */
export function sequenceShape({ items, steps, until, spanMicros }: CompiledSequence): unknown {
  return [items.map(({ by }) => by.map(({ name, optional }) => [name, optional])), steps, until ?? null, spanMicros];
}
