import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import type { Field, FieldType, FieldValues } from '../../ecs/field.ts';
import { parseKql } from '../kql/parse.ts';
import { fieldsOf } from '../predicate/fields-of.ts';
import type { Predicate, Test } from '../predicate/predicate.ts';
import { compilePredicate } from './compile-predicate.ts';
import { createFieldSlots } from './slots.ts';

const EVENT: DecodedEvent = { event: {}, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false };

/** A field whose values are set by the test, and which counts how often it is read. */
interface Probe {
  readonly field: Field;
  values: FieldValues;
  reads: number;
}

function probe(name: string, type: FieldType): Probe {
  const self: Probe = {
    field: {
      name,
      type,
      doc: 'A field.',
      read: () => {
        self.reads += 1;
        return self.values;
      },
    },
    values: undefined,
    reads: 0,
  };
  return self;
}

function parse(query: string, ...probes: readonly Probe[]): Predicate {
  const result = parseKql(query, { resolveField: (name) => probes.find(({ field }) => field.name === name)?.field });
  expectKind(result, 'ok');
  return result.predicate;
}

test('rules that share slots and a memory read each field once an event', () => {
  const f = probe('f', 'keyword');
  const ip = probe('ip', 'ip');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const rules = ['f:a', 'f:(b or c*)', 'not f:*', 'ip:10.0.0.1 or f:z', 'ip:10.0.0.0/8'].map((query) =>
    compilePredicate(parse(query, f, ip), slots),
  );
  for (const [index, values] of ['a', ['x', 'cc'], undefined].entries()) {
    f.values = values;
    ip.values = index === 2 ? undefined : ['::ffff:10.0.0.1', 'nonsense'];
    memo.reset(EVENT);
    const outcomes = rules.map((matches) => matches(memo));
    expect(f.reads).toBe(index + 1);
    expect(ip.reads).toBe(index + 1);
    expect(outcomes).toEqual(
      [
        [true, false, false, true, true],
        [false, true, false, true, true],
        [false, false, true, false, false],
      ][index],
    );
  }
});

test('slots that are taken after a memory was made work in it', () => {
  const f = probe('f', 'keyword');
  const g = probe('g', 'keyword');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const first = compilePredicate(parse('f:a', f), slots);
  f.values = 'a';
  g.values = 'b';
  memo.reset(EVENT);
  expect(first(memo)).toBe(true);
  expect(compilePredicate(parse('g:b', g), slots)(memo)).toBe(true);
});

test('what a test means on a type where it has no meaning is: no match', () => {
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const n = probe('n', 'integer');
  n.values = 5;
  const b = probe('b', 'boolean');
  b.values = true;
  memo.reset(EVENT);
  const meaningless: readonly Predicate[] = [
    { kind: 'any', field: n.field, test: { kind: 'wildcard', parts: ['', ''] } },
    { kind: 'any', field: n.field, test: { kind: 'range', operator: '>', value: '1' } },
    { kind: 'any', field: n.field, test: { kind: 'cidr', cidr: '0.0.0.0/0' } },
    { kind: 'any', field: b.field, test: { kind: 'range', operator: '>', value: false } },
  ];
  for (const predicate of meaningless) expect(compilePredicate(predicate, slots)(memo)).toBe(false);
});

test('keywords compare by the text of what the document holds', () => {
  const f = probe('f', 'keyword');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  f.values = [7, true];
  memo.reset(EVENT);
  for (const query of ['f:7', 'f:true', 'f:(x or 7)', 'f:tr*', 'f > 6']) {
    expect([query, compilePredicate(parse(query, f), slots)(memo)]).toEqual([query, true]);
  }
});

test('equality and patterns without case: only letters of ASCII', () => {
  const f = probe('f', 'keyword');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const any = (chosen: Test): Predicate => ({ kind: 'any', field: f.field, test: chosen });
  const passes = (values: FieldValues, ...tests: readonly Test[]) => {
    f.values = values;
    memo.reset(EVENT);
    return compilePredicate({ kind: 'or', operands: tests.map(any) }, slots)(memo);
  };
  const equals: Test = { kind: 'equals', value: 'Admin É', caseless: true };
  expect(passes('aDMIN É', equals)).toBe(true);
  expect(passes('admin é', equals)).toBe(false);
  expect(passes('admin É', { kind: 'equals', value: 'Admin É' })).toBe(false);
  expect(passes('sYS-x', equals, { kind: 'wildcard', parts: ['Sys', ''], caseless: true })).toBe(true);
  expect(passes('sYS-x', equals, { kind: 'wildcard', parts: ['Sys', ''] })).toBe(false);
  expect(passes('B', { kind: 'equals', value: 'a' }, { kind: 'equals', value: 'b', caseless: true })).toBe(true);
  expect(passes('A', { kind: 'equals', value: 'a' }, { kind: 'equals', value: 'b', caseless: true })).toBe(false);
  expect(passes('abc', { kind: 'regex', source: 'a.c', syntax: 'lucene' })).toBe(true);
  expect(passes('xabc', { kind: 'regex', source: 'a.c', syntax: 'lucene' })).toBe(false);
  expect(passes('xabc', { kind: 'regex', source: 'A.C', syntax: 're2', caseless: true })).toBe(true);
  const like: Test = { kind: 'like', pieces: ['one', { literal: 'KÉ' }, 'any'], caseless: true };
  expect(passes('akÉ b', like)).toBe(true);
  expect(passes('akÉ b', { kind: 'like', pieces: like.pieces })).toBe(false);
  expect(passes('aké b', like)).toBe(false);
  expect(passes('a\u212aÉ', like)).toBe(false); // the Kelvin sign is no k
  expect(passes('{', { kind: 'equals', value: '[', caseless: true })).toBe(false);
});

test('a hundred thousand values, with case and without, are one look-up', () => {
  const f = probe('f', 'keyword');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const operands = Array.from({ length: 100_000 }, (_, n): Predicate => {
    const value = `User-${n}`;
    return {
      kind: 'any',
      field: f.field,
      test: n % 2 === 0 ? { kind: 'equals', value } : { kind: 'equals', value, caseless: true },
    };
  });
  const matches = compilePredicate({ kind: 'or', operands }, slots);
  // Were each value compared, these would be 10 billion comparisons.
  for (let n = 0; n < 100_000; n += 1) {
    f.values = [`user-${n}`];
    memo.reset(EVENT);
    expect(matches(memo)).toBe(n % 2 === 1);
  }
});

test('the fields of a condition, in the order of their first mention', () => {
  const f = probe('f', 'keyword');
  const g = probe('g', 'keyword');
  expect(fieldsOf(parse('not g:* and (f:a or g:b) and f:c', f, g))).toEqual([g.field, f.field]);
  expect(fieldsOf(parse('*'))).toEqual([]);
});
