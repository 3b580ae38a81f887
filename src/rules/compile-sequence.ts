import { compilePredicate } from '../query/compile.ts';
import type { ParsedItem, ParsedSequence } from '../query/parse-query.ts';
import type { Predicate } from '../query/predicate.ts';
import type { FieldSlots } from '../query/slots.ts';
import type { CompiledSequence, SequenceItem } from './compiled-rule.ts';

/** What an event must be to have any part in the sequence. */
export function sequencePredicate({ items, until }: ParsedSequence): Predicate {
  return {
    kind: 'or',
    operands: [...items, ...(until === undefined ? [] : [until])].map(({ predicate }) => predicate),
  };
}

/** @param windowMicros the span where the sequence says none */
export function compileSequence(
  { items, until, maxspanMicros }: ParsedSequence,
  windowMicros: number,
  slots: FieldSlots,
): CompiledSequence {
  const compile = ({ predicate, by }: ParsedItem): SequenceItem => ({
    matches: compilePredicate(predicate, slots),
    by: by.map(({ field, optional }) => ({ name: field.name, slot: slots.slotOf(field), optional })),
  });
  return {
    items: [...items, ...(until === undefined ? [] : [until])].map(compile),
    steps: items.flatMap(({ runs }, item) => Array.from({ length: runs }, () => item)),
    until: until === undefined ? undefined : items.length,
    spanMicros: maxspanMicros ?? windowMicros,
  };
}

/** How many events the sequence consists of. */
export function countSteps({ items }: ParsedSequence): number {
  return items.reduce((sum, { runs }) => sum + runs, 0);
}

/** What the rows of a sequence depend on, beside the rule's name and type: with another shape they mean something else. */
export function sequenceShape({ items, steps, until, spanMicros }: CompiledSequence): unknown {
  return [items.map(({ by }) => by.map(({ name, optional }) => [name, optional])), steps, until ?? null, spanMicros];
}
