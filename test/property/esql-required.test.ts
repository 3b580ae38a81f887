/** The predicate that an ES|QL query requires leaves out no event that the query selects. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import { compileEsql } from '../../src/query/esql/compile.ts';
import { createEventTable } from '../../src/query/esql/event-table.ts';
import { requiredOf } from '../../src/query/esql/required-of.ts';
import { type RunningQuery, startQuery } from '../../src/query/esql/start.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { expectKind } from '../support/expect.ts';

const TYPES: Readonly<Record<string, FieldType>> = { k: 'keyword', n: 'integer', b: 'boolean', ip: 'ip', t: 'date' };
const NAMES = Object.keys(TYPES);
const FIELDS = new Map(
  NAMES.map((name): [string, Field] => [
    name,
    {
      name,
      type: TYPES[name] ?? 'keyword',
      doc: 'A field.',
      read: ({ event }) => Reflect.get(Object(event.requestObject), name) as FieldValues,
    },
  ]),
);
const resolveField = (name: string) => FIELDS.get(name);
const TABLE = createEventTable({ listed: [...FIELDS.values()], resolveField, suggestField: () => undefined });

/** Values of all types in every field: documents need not be what their mapping says. */
const value = fc.constantFrom<FieldValue>(
  '',
  'a',
  'ab',
  'b*',
  '1',
  'true',
  '10.0.0.1',
  '::1',
  0,
  1,
  200,
  true,
  false,
  1_000_000,
);
const values: fc.Arbitrary<FieldValues> = fc.oneof(
  fc.constant(undefined),
  value,
  fc.uniqueArray(value, { maxLength: 3 }).map((list) => (list.length === 1 ? list[0] : list)),
);
const event = fc.record(Object.fromEntries(NAMES.map((name) => [name, values]))).map((requestObject) => ({
  event: { requestObject },
  ordinal: 0,
  truncated: false,
  receivedAt: 0,
  at: 0,
  skewed: false,
}));

const LEAVES = [
  ...[
    'k == "a"',
    'k != "ab"',
    'k < "b"',
    'k IN ("a", "b*", "1")',
    'k IN ("a", null)',
    'k LIKE "a*"',
    'k LIKE "*"',
    'k LIKE ("?", "x")',
  ],
  ...[
    'k RLIKE "a?b?"',
    'k RLIKE ".*"',
    'STARTS_WITH(k, "a")',
    'ENDS_WITH(k, "b")',
    'CONTAINS(k, "a")',
    'k IS NULL',
    'k IS NOT NULL',
  ],
  ...['n == 1', 'n != 200', 'n > 0', 'n <= 1', 'n IN (0, 200)', 'n == 1.0', '1 == n', 'n + 1 > 1', 'n IS NOT NULL'],
  ...[
    'b',
    'b == true',
    'b != true',
    'ip == "10.0.0.1"',
    'ip IN ("::1", "10.0.0.1")',
    'CIDR_MATCH(ip, "10.0.0.0/8", "::/64")',
  ],
  ...[
    'ip > "::1"',
    't >= "1970-01-01"',
    't == "1970-01-01T00:00:01Z"',
    't IS NOT NULL',
    'LENGTH(k) > 1',
    'true',
    'null',
  ],
  ...['KQL("k:a* or n > 0")', 'KQL("not b:true")'],
] as const;

const condition = fc.letrec<{ whole: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom(...LEAVES),
  whole: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.tuple(tie('whole'), tie('whole')).map(([left, right]) => `(${left} AND ${right})`),
    fc.tuple(tie('whole'), tie('whole')).map(([left, right]) => `(${left} OR ${right})`),
    tie('whole').map((inner) => `NOT (${inner})`),
  ),
})).whole;

test('an event that a query selects fulfils what the query requires', () => {
  let selected = 0;
  let spared = 0;
  fc.assert(
    fc.property(condition, condition, fc.array(event, { minLength: 1, maxLength: 8 }), (first, second, events) => {
      const source = `FROM l | WHERE ${first} | WHERE ${second} | EVAL k = "shadowed" | WHERE k == "shadowed"`;
      const compiled = compileEsql(source, TABLE);
      expectKind(compiled, 'ok');
      const slots = createFieldSlots();
      const matches = compilePredicate(requiredOf(compiled.query.conditions, resolveField), slots);
      const memo = slots.createMemo();
      for (const one of events) {
        const running: RunningQuery<DecodedEvent> = startQuery(compiled.query, 0);
        running.push(one);
        const isSelected: boolean = running.finish().rows.length > 0;
        memo.reset(one);
        const mayMatch = matches(memo);
        expect([`${first} / ${second}: ${JSON.stringify(one.event.requestObject)}`, mayMatch || !isSelected]).toEqual([
          `${first} / ${second}: ${JSON.stringify(one.event.requestObject)}`,
          true,
        ]);
        if (isSelected) selected += 1;
        if (!mayMatch) spared += 1;
      }
    }),
    { numRuns: 2_000 },
  );
  expect(selected).toBeGreaterThan(50);
  expect(spared).toBeGreaterThan(1_000);
});
