import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { projectOnto } from '../../src/detect/project-onto.ts';
import type { Field, FieldType, FieldValues } from '../../src/ecs/field.ts';
import { compilePredicate, type Matcher } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { fieldsOf } from '../../src/query/predicate/fields-of.ts';
import type { Holds, Predicate } from '../../src/query/predicate/predicate.ts';
import { simplify } from '../../src/query/predicate/simplify.ts';
import { expectPresent } from '../support/expect.ts';
import { naiveMatches } from '../support/naive-interpreter.ts';
import { expressionsOver, predicatesOver, valuesOfType } from '../support/random-conditions.ts';

const RUNS = 5000;

/** What one event holds: the values of each field by its name. */
type Values = Readonly<Record<string, FieldValues>>;

const FIELDS: readonly Field[] = [
  field('k', 'keyword'),
  field('l', 'keyword'),
  field('ip', 'ip'),
  field('n', 'integer'),
  field('b', 'boolean'),
  field('t', 'date'),
];

function field(name: string, type: FieldType): Field {
  return { name, type, doc: 'A field.', read: ({ event }) => Reflect.get(event.requestObject ?? {}, name) };
}

function eventOf(values: Values): DecodedEvent {
  return { event: { requestObject: values }, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false };
}

const predicates = predicatesOver(FIELDS);
const expressions = expressionsOver(FIELDS, predicatesOver(FIELDS, { expressions: false }));

const events: fc.Arbitrary<Values> = fc
  .tuple(...FIELDS.map(({ type }) => valuesOfType(type)))
  .map((all) => Object.fromEntries(FIELDS.map(({ name }, index) => [name, all[index]])));

function readOf(values: Values) {
  return ({ name }: Field) => values[name];
}

function holds(predicate: Predicate, values: Values): boolean {
  return naiveMatches(predicate, readOf(values));
}

function evaluate(predicate: Predicate, ...all: readonly Values[]): readonly boolean[] {
  const slots = createFieldSlots();
  const matches: Matcher = compilePredicate(predicate, slots);
  const memo = slots.createMemo();
  return all.map((values) => {
    memo.reset(eventOf(values));
    return matches(memo);
  });
}

test('a compiled condition says what the plain interpreter says, on one event after another', () => {
  const count = { true: 0, false: 0 };
  fc.assert(
    fc.property(predicates, events, events, (predicate, one, two) => {
      const outcomes = evaluate(predicate, one, two, one);
      count[`${outcomes[0] === true}`] += 1;
      expect(outcomes).toEqual([one, two, one].map((values) => holds(predicate, values)));
    }),
    { numRuns: RUNS },
  );
  expect(count.true).toBeGreaterThan(RUNS / 10);
  expect(count.false).toBeGreaterThan(RUNS / 10);
});

test('an expression is evaluated as the plain interpreter does, for any choice of values', () => {
  const count = { true: 0, false: 0, null: 0 };
  fc.assert(
    fc.property(expressions, events, (expression, values) => {
      const said: Holds = { kind: 'holds', expression };
      const denied: Holds = { kind: 'holds', expression: { kind: 'not', operand: expression } };
      const [isTrue] = evaluate(said, values);
      const [isFalse] = evaluate(denied, values);
      expect(isTrue).toBe(holds(said, values));
      expect(isFalse).toBe(holds(denied, values));
      count[isTrue ? 'true' : isFalse ? 'false' : 'null'] += 1;
    }),
    { numRuns: RUNS },
  );
  for (const number of Object.values(count)) expect(number).toBeGreaterThan(RUNS / 20);
});

test('a simplified condition means the same', () => {
  fc.assert(
    fc.property(predicates, events, (predicate, values) => {
      expect(holds(simplify(predicate), values)).toBe(holds(predicate, values));
    }),
    { numRuns: RUNS },
  );
});

test('where a condition holds, what it requires of each field holds, and is about that field alone', () => {
  fc.assert(
    fc.property(predicates, events, (predicate, values) => {
      for (const known of FIELDS) {
        const required = projectOnto(predicate, known);
        if (required === undefined) continue;
        for (const mentioned of fieldsOf(required)) expect(mentioned).toBe(known);
        if (holds(predicate, values))
          expect([`required of ${known.name}`, holds(required, values)]).toEqual([`required of ${known.name}`, true]);
      }
    }),
    { numRuns: RUNS },
  );
});

test('a condition on one field alone, without expressions, requires itself', () => {
  const [known] = FIELDS;
  expectPresent(known);
  fc.assert(
    fc.property(predicatesOver([known], { expressions: false }), events, (predicate, values) => {
      const required = projectOnto(predicate, known);
      expect(required === undefined || holds(required, values)).toBe(holds(predicate, values));
    }),
    { numRuns: RUNS },
  );
});
