/** The canonical text of what KQL can say reads back as a condition that holds on the same documents, and has the same text. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FieldType } from '../../src/ecs/field.ts';
import { formatPredicate } from '../../src/query/explain/format-predicate.ts';
import { parseKql } from '../../src/query/kql/parse.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import type { Predicate, Test } from '../../src/query/predicate/predicate.ts';
import { createDocumentFields, documentEvent } from '../conformance/documents.ts';
import { expectKind } from '../support/expect.ts';

const TYPES: Readonly<Record<string, FieldType>> = { n: 'integer', b: 'boolean', at: 'date', ip: 'ip' };
const resolveField = createDocumentFields(TYPES);

/** Names and values that a lexer might take apart. */
const NAMES = ['k', 'a.b/c', 'not', 'with space', 'colon:', 'pa(ren', 'quo"te', 'star*', 'back\\slash', 'n\u00a0b'];
const VALUES = [
  'a',
  'b',
  'and',
  'OR',
  'not',
  '*',
  '',
  ' ',
  'a b',
  '(',
  '{x}',
  '<=1',
  '"',
  '\\',
  '\\n',
  '\n',
  '\u200b',
  'é🦀',
  'u0041',
];
const text = fc.constantFrom(...VALUES);

const keywordTest: fc.Arbitrary<Test> = fc.oneof(
  text.map((value): Test => ({ kind: 'equals', value })),
  fc
    .array(text, { minLength: 2, maxLength: 4 })
    .filter((parts) => parts.some((part) => part !== ''))
    .map((parts): Test => ({ kind: 'wildcard', parts })),
  fc
    .constantFrom('<', '<=', '>', '>=')
    .chain((operator) => text.map((value): Test => ({ kind: 'range', operator, value }))),
);
const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...NAMES), keywordTest)
    .map(([name, one]): Predicate => ({ kind: 'any', field: resolveField(name), test: one })),
  fc.constantFrom(...NAMES).map((name): Predicate => ({ kind: 'exists', field: resolveField(name) })),
  fc
    .constantFrom(-1, 0, 403, 1.5)
    .map((value): Predicate => ({ kind: 'any', field: resolveField('n'), test: { kind: 'equals', value } })),
  fc.boolean().map((value): Predicate => ({ kind: 'any', field: resolveField('b'), test: { kind: 'equals', value } })),
  fc.integer({ min: 0, max: 10 }).map(
    (value): Predicate => ({
      kind: 'any',
      field: resolveField('at'),
      test: { kind: 'range', operator: '>=', value },
    }),
  ),
  fc.constant<Predicate>({ kind: 'any', field: resolveField('ip'), test: { kind: 'cidr', cidr: '2001:db8::/32' } }),
  fc.boolean().map((value): Predicate => ({ kind: 'constant', value })),
);
const predicates = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    leaf,
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('predicate'), { minLength: 1, maxLength: 4 }))
      .map(([kind, operands]): Predicate => ({ kind, operands })),
    tie('predicate').map((operand): Predicate => ({ kind: 'not', operand })),
  ),
})).predicate;

const one = fc.option(fc.oneof(text, fc.array(text, { maxLength: 3 })), { nil: undefined });
const documents = fc.record({
  k: one,
  a: fc.record({ 'b/c': one }),
  not: one,
  'with space': one,
  'colon:': one,
  'pa(ren': one,
  'quo"te': one,
  'star*': one,
  'back\\slash': one,
  'n\u00a0b': one,
  n: fc.constantFrom(undefined, -1, 0, 403),
  b: fc.constantFrom(undefined, true, false),
  at: fc.constantFrom(undefined, 0, 5, 10),
  ip: fc.constantFrom(undefined, '2001:db8::1', '10.0.0.1'),
});

test('canonical text reads back', () => {
  let held = 0;
  fc.assert(
    fc.property(predicates, fc.array(documents, { minLength: 10, maxLength: 10 }), (predicate, some) => {
      const canonical = formatPredicate(predicate);
      const result = parseKql(canonical, { resolveField });
      expectKind(result, 'ok');
      expect(formatPredicate(result.predicate)).toBe(canonical);
      const slots = createFieldSlots();
      const [before, after] = [compilePredicate(predicate, slots), compilePredicate(result.predicate, slots)];
      const memo = slots.createMemo();
      for (const document of some) {
        memo.reset(documentEvent(document));
        const holds = before(memo);
        if (holds) held += 1;
        expect([canonical, after(memo)]).toEqual([canonical, holds]);
      }
    }),
    { numRuns: 3_000 },
  );
  expect(held).toBeGreaterThan(1_000);
});
