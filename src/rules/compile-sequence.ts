import type { EqlItem, EqlSequence } from '../query/eql/parse.ts';
import { compilePredicate } from '../query/match/compile-predicate.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { CompiledSequence, SequenceItem } from './compiled-rule.ts';

/** What an event must be to have any part in the sequence. */
export function sequencePredicate({ items, until }: EqlSequence): Predicate {
  return { kind: 'or', operands: [...items, ...(until === undefined ? [] : [until])].map(itemPredicate) };
}

/** What an event must be to be this item: match it, and have the fields that it is joined by. */
function itemPredicate({ predicate, by }: EqlItem): Predicate {
  const needed = by.filter(({ optional }) => !optional);
  return { kind: 'and', operands: [predicate, ...needed.map(({ field }): Predicate => ({ kind: 'exists', field }))] };
}

/** @param windowMicros the span where the sequence says none */
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

/** How many events the sequence consists of. */
export function countSteps({ items }: EqlSequence): number {
  return items.reduce((sum, { runs }) => sum + runs, 0);
}

/** What the rows of a sequence depend on, beside the rule's name and type: with another shape they mean something else. */
export function sequenceShape({ items, steps, until, spanMicros }: CompiledSequence): unknown {
  return [items.map(({ by }) => by.map(({ name, optional }) => [name, optional])), steps, until ?? null, spanMicros];
}
