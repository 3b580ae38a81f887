import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import { compilePredicate, type Matcher } from '../../src/query/compile.ts';
import { fieldsOf } from '../../src/query/fields-of.ts';
import type { Predicate, Test } from '../../src/query/predicate.ts';
import { projectOnto } from '../../src/query/required.ts';
import { simplify } from '../../src/query/simplify.ts';
import { createFieldSlots } from '../../src/query/slots.ts';

const RUNS = 5000;

/** What one event holds: the values of each field by its name. */
type Values = Readonly<Record<string, FieldValues>>;

const TEXTS = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abab', '1', 'true', 'a*b'];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '::ffff:10.0.0.1',
  '::ffff:a00:1',
  '192.168.0.1',
  '2001:db8::1',
  '2001:DB8:0::1',
];
const PREFIXES = ['10.0.0.0/8', '10.0.0.0/31', '10.0.0.1/32', '2001:db8::/32', '::/0', '0.0.0.0/0', '192.0.0.0/5'];
const NUMBERS = [-1, 0, 1, 2, 10, 403];

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

function valueOfType(type: FieldType): fc.Arbitrary<FieldValue> {
  switch (type) {
    case 'keyword':
      return fc.oneof({ arbitrary: fc.constantFrom(...TEXTS), weight: 8 }, fc.constantFrom<FieldValue>(1, true));
    case 'ip':
      return fc.constantFrom(...ADDRESSES, 'no address');
    case 'integer':
    case 'date':
      return fc.constantFrom(...NUMBERS);
    case 'boolean':
      return fc.boolean();
  }
}

function testOfType(type: FieldType): fc.Arbitrary<Test> {
  const operator = fc.constantFrom<'<' | '<=' | '>' | '>='>('<', '<=', '>', '>=');
  const equals = valueOfType(type).map((value): Test => ({ kind: 'equals', value }));
  const range = fc
    .tuple(operator, valueOfType(type))
    .map(([o, value]): Test => ({ kind: 'range', operator: o, value }));
  const parts = fc.array(fc.constantFrom('', 'a', 'b', 'ab'), { minLength: 2, maxLength: 5 });
  const wildcard = parts.map((pieces): Test => ({ kind: 'wildcard', parts: pieces }));
  const cidr = fc.constantFrom(...PREFIXES).map((prefix): Test => ({ kind: 'cidr', cidr: prefix }));
  return fc.oneof(equals, equals, range, wildcard, cidr);
}

/** Conditions on some of the fields, up to a few dozen tests large. */
function predicatesOver(fields: readonly Field[]): fc.Arbitrary<Predicate> {
  const leaf: fc.Arbitrary<Predicate> = fc.constantFrom(...fields).chain((known) =>
    fc.oneof(
      {
        weight: 8,
        arbitrary: testOfType(known.type).map((chosen): Predicate => ({ kind: 'any', field: known, test: chosen })),
      },
      { weight: 1, arbitrary: fc.constant<Predicate>({ kind: 'exists', field: known }) },
    ),
  );
  const constant = fc.boolean().map((value): Predicate => ({ kind: 'constant', value }));
  return fc.letrec<{ node: Predicate }>((tie) => {
    const operands = fc.array(tie('node'), { minLength: 0, maxLength: 4, size: 'max' });
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'max', withCrossShrink: true },
        { weight: 4, arbitrary: leaf },
        { weight: 4, arbitrary: operands.map((all): Predicate => ({ kind: 'and', operands: all })) },
        { weight: 4, arbitrary: operands.map((all): Predicate => ({ kind: 'or', operands: all })) },
        { weight: 2, arbitrary: tie('node').map((operand): Predicate => ({ kind: 'not', operand })) },
        { weight: 1, arbitrary: constant },
      ),
    };
  }).node;
}

const predicates = predicatesOver(FIELDS);

const events: fc.Arbitrary<Values> = fc
  .tuple(
    ...FIELDS.map(({ type }) =>
      fc.oneof(fc.constant(undefined), valueOfType(type), fc.array(valueOfType(type), { minLength: 1, maxLength: 3 })),
    ),
  )
  .map((all) => Object.fromEntries(FIELDS.map(({ name }, index) => [name, all[index]])));

/** The meaning of a condition, written as plainly as it can be: over sets of values, without slots, merging or order. */
function holds(predicate: Predicate, values: Values): boolean {
  switch (predicate.kind) {
    case 'any':
      return setOf(values[predicate.field.name]).some((value) => passes(predicate.test, value, predicate.field.type));
    case 'exists':
      return setOf(values[predicate.field.name]).length > 0;
    case 'constant':
      return predicate.value;
    case 'not':
      return !holds(predicate.operand, values);
    case 'and':
      return predicate.operands.every((operand) => holds(operand, values));
    case 'or':
      return predicate.operands.some((operand) => holds(operand, values));
    default:
      throw new Error(predicate.kind);
  }
}

function setOf(values: FieldValues): readonly FieldValue[] {
  if (values === undefined) return [];
  return typeof values === 'object' ? values : [values];
}

function passes({ kind, ...rest }: Test, value: FieldValue, type: FieldType): boolean {
  const chosen = { kind, ...rest } as Test;
  if (type === 'ip') return passesAddress(chosen, String(value));
  switch (chosen.kind) {
    case 'equals':
      return String(value) === String(chosen.value);
    case 'wildcard': {
      const pattern = chosen.parts.map((part) => part.replace(/\*/g, '\\*')).join('.*');
      return type === 'keyword' && new RegExp(`^${pattern}$`, 's').test(String(value));
    }
    case 'range': {
      if (type === 'boolean') return false;
      const [left, right] = type === 'keyword' ? [String(value), String(chosen.value)] : [value, chosen.value];
      return compares(chosen.operator, left < right ? -1 : left > right ? 1 : 0);
    }
    case 'cidr':
      return false;
    default:
      throw new Error(chosen.kind);
  }
}

function passesAddress(chosen: Test, value: string): boolean {
  const address = bytesOf(value);
  if (address === undefined) return false;
  switch (chosen.kind) {
    case 'equals':
      return bytesOf(String(chosen.value))?.every((byte, index) => byte === address[index]) === true;
    case 'range': {
      const bound = bytesOf(String(chosen.value));
      if (bound === undefined) return false;
      const index = bound.findIndex((byte, at) => byte !== address[at]);
      return compares(chosen.operator, index === -1 ? 0 : (address[index] ?? 0) - (bound[index] ?? 0));
    }
    case 'cidr': {
      const [text = '', length = ''] = chosen.cidr.split('/');
      const bits = Number(length) + (text.includes(':') ? 0 : 96);
      return binary(address).slice(0, bits) === binary(bytesOf(text) ?? []).slice(0, bits);
    }
    default:
      return false;
  }
}

function compares(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  if (order === 0) return operator.endsWith('=');
  return operator.startsWith(order < 0 ? '<' : '>');
}

/** The 16 bytes of an address, an IPv4 address as the IPv6 address that it is mapped to. */
function bytesOf(text: string): readonly number[] | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.parse(text);
  return (address instanceof ipaddr.IPv4 ? address.toIPv4MappedAddress() : address).toByteArray();
}

function binary(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
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
  fc.assert(
    fc.property(predicates, events, events, (predicate, one, two) => {
      assert.deepEqual(
        evaluate(predicate, one, two, one),
        [one, two, one].map((values) => holds(predicate, values)),
      );
    }),
    { numRuns: RUNS },
  );
});

test('a simplified condition means the same', () => {
  fc.assert(
    fc.property(predicates, events, (predicate, values) => {
      assert.equal(holds(simplify(predicate), values), holds(predicate, values));
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
        for (const mentioned of fieldsOf(required)) assert.equal(mentioned, known);
        if (holds(predicate, values)) assert.ok(holds(required, values), `required of ${known.name}`);
      }
    }),
    { numRuns: RUNS },
  );
});

test('a condition on one field alone requires itself', () => {
  const [known] = FIELDS;
  assert.ok(known !== undefined);
  fc.assert(
    fc.property(predicatesOver([known]), events, (predicate, values) => {
      const required = projectOnto(predicate, known);
      assert.equal(required === undefined || holds(required, values), holds(predicate, values));
    }),
    { numRuns: RUNS },
  );
});
