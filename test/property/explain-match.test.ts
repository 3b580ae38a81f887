/** What `explain` says of an event: each statement is true of it, by an interpreter of its own, and they add up to the whole. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { Field, FieldType, FieldValues } from '../../src/ecs/field.ts';
import { explainMatch, type JudgedClause } from '../../src/query/explain/explain-match.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { naiveMatches } from '../support/naive-interpreter.ts';
import { predicatesOver, valuesOfType } from '../support/random-conditions.ts';

const TYPES: readonly FieldType[] = ['keyword', 'keyword', 'ip', 'integer', 'boolean', 'date'];
const FIELDS = TYPES.map(
  (type, index): Field => ({
    name: `f${index}`,
    type,
    doc: 'A field.',
    read: ({ event }) => Reflect.get(event.requestObject ?? {}, `f${index}`),
  }),
);

type Values = Readonly<Record<string, FieldValues>>;

const events: fc.Arbitrary<Values> = fc
  .tuple(...TYPES.map(valuesOfType))
  .map((all) => Object.fromEntries(FIELDS.map(({ name }, index) => [name, all[index]])));

function eventOf(values: Values): DecodedEvent {
  return { event: { requestObject: values }, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false };
}

/** What the words above the parts make of them. */
const WHOLE: Readonly<Record<string, (parts: readonly boolean[]) => boolean>> = {
  'all of these hold:': (parts) => parts.every((holds) => holds),
  'one of these holds:': (parts) => parts.some((holds) => holds),
  'not all of these hold:': (parts) => !parts.every((holds) => holds),
  'none of these holds:': (parts) => !parts.some((holds) => holds),
};

function assertAddsUp({ text, holds, parts }: JudgedClause): void {
  if (parts.length === 0) return;
  expect(WHOLE[text]?.(parts.map((part) => part.holds))).toBe(holds);
  // Without what does not decide, the whole comes out the same.
  const decisive = parts.filter(({ isDecisive }) => isDecisive);
  expect(decisive.length).toBeGreaterThan(0);
  expect(WHOLE[text]?.(decisive.map((part) => part.holds))).toBe(holds);
  for (const part of parts) assertAddsUp(part);
}

test('the whole is what the condition is, and the parts add up to it', () => {
  fc.assert(
    fc.property(predicatesOver(FIELDS), events, (predicate, values) => {
      const slots = createFieldSlots();
      const memo = slots.createMemo();
      memo.reset(eventOf(values));
      const judged = explainMatch(predicate, slots, memo);
      expect(judged.holds).toBe(naiveMatches(predicate, ({ name }) => values[name]));
      assertAddsUp(judged);
    }),
    { numRuns: 1000 },
  );
});
