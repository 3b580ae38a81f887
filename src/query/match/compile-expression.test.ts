import { expect, test } from '@jest/globals';
import { expectPresent } from '../../../test/support/expect.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import type { Field, FieldType, FieldValues } from '../../ecs/field.ts';
import { functionOf } from '../eql/functions.ts';
import type { Value } from '../predicate/function-row.ts';
import type { ArithmeticOperator, CompareOperator, Expression, Holds } from '../predicate/predicate.ts';
import { compilePredicate } from './compile-predicate.ts';
import { createFieldSlots } from './slots.ts';

const EVENT: DecodedEvent = { event: {}, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false };

function holding(values: FieldValues, type: FieldType = 'keyword'): Expression {
  const field: Field = { name: 'f', type, doc: 'A field.', read: () => values };
  return { kind: 'field', field };
}

function literal(value: Value): Expression {
  return { kind: 'literal', value };
}

function compare(left: Expression, operator: CompareOperator, right: Expression): Expression {
  return { kind: 'compare', operator, left, right };
}

function call(name: string, ...all: readonly Expression[]): Expression {
  const row = functionOf(name);
  expectPresent(row);
  return { kind: 'call', function: row, arguments: all };
}

function run(expression: Expression) {
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const holds: Holds = { kind: 'holds', expression };
  const matches = compilePredicate(holds, slots);
  memo.reset(EVENT);
  return { isTrue: matches(memo), isOverrun: memo.budget.isOverrun };
}

/** True, false, or null: an expression that is neither true nor false. */
function truth(expression: Expression): boolean | null {
  if (run(expression).isTrue) return true;
  return run({ kind: 'not', operand: expression }).isTrue ? false : null;
}

test('a comparison is of two numbers, two texts or two booleans, else null', () => {
  expect(truth(compare(literal(2), '<', literal(10)))).toBe(true);
  expect(truth(compare(literal('2'), '<', literal('10')))).toBe(false);
  expect(truth(compare(literal(true), '==', literal(true)))).toBe(true);
  expect(truth(compare(literal(true), '<', literal(false)))).toBeNull();
  expect(truth(compare(literal('1'), '==', literal(1)))).toBeNull();
  expect(truth(compare(literal(null), '!=', literal(1)))).toBeNull();
});

test('a field is what its type says', () => {
  expect(truth(compare(holding(7), '==', literal('7')))).toBe(true);
  expect(truth(compare(holding('7', 'integer'), '==', literal(7)))).toBe(true);
  expect(truth(compare(holding('7x', 'integer'), '==', literal(7)))).toBeNull();
  expect(truth(holding(true, 'boolean'))).toBe(true);
  expect(truth(holding('false', 'boolean'))).toBe(false);
  expect(truth(holding('true'))).toBeNull();
});

test('addresses are compared as such, however they are written', () => {
  const address = holding('::ffff:10.0.0.1', 'ip');
  expect(truth(compare(address, '==', holding('10.0.0.1')))).toBe(true);
  expect(truth(compare(address, '<', literal('10.0.0.2')))).toBe(true);
  expect(truth(compare(address, '==', literal('here')))).toBeNull();
  expect(truth({ kind: 'in', operand: literal('10.0.0.1'), list: [address] })).toBe(true);
  expect(truth({ kind: 'test', operand: address, test: { kind: 'cidr', cidr: '10.0.0.0/8' } })).toBe(true);
  expect(truth({ kind: 'test', operand: literal('10.0.0.1'), test: { kind: 'cidr', cidr: '10.0.0.0/8' } })).toBe(true);
  expect(truth({ kind: 'test', operand: literal('here'), test: { kind: 'cidr', cidr: '10.0.0.0/8' } })).toBeNull();
});

test('and, or and not are those of Kleene', () => {
  const [yes, no, unknown] = [literal(true), literal(false), literal(null)];
  const and = (...operands: readonly Expression[]) => truth({ kind: 'and', operands });
  const or = (...operands: readonly Expression[]) => truth({ kind: 'or', operands });
  expect(and(yes, unknown)).toBeNull();
  expect(and(unknown, no)).toBe(false);
  expect(and(yes, yes)).toBe(true);
  expect(or(no, unknown)).toBeNull();
  expect(or(unknown, yes)).toBe(true);
  expect(or(no, no)).toBe(false);
  expect(or(literal('true'), no)).toBeNull();
  expect(truth({ kind: 'not', operand: unknown })).toBeNull();
});

test('in: true if found, else null if something could not be compared, else false', () => {
  const list = (operand: Value, ...values: readonly Value[]) =>
    truth({ kind: 'in', operand: literal(operand), list: values.map(literal) });
  expect(list('a', 'b', 'a')).toBe(true);
  expect(list('a', null, 'a')).toBe(true);
  expect(list('c', 'b', 'a')).toBe(false);
  expect(list('c', 'b', null)).toBeNull();
  expect(list('c', 'b', 1)).toBeNull();
  expect(list(null, 'b')).toBeNull();
  expect(list('c')).toBe(false);
  expect(truth({ kind: 'in', operand: literal('c'), list: [literal('a'), holding('c')] })).toBe(true);
});

test('arithmetic: integers divide as such unless one is written as a fraction', () => {
  const of = (operator: ArithmeticOperator, left: Expression, right: Expression): Expression => ({
    kind: 'arithmetic',
    operator,
    left,
    right,
  });
  const double: Expression = { kind: 'literal', value: 2, isDouble: true };
  expect(truth(compare(of('/', literal(7), literal(2)), '==', literal(3)))).toBe(true);
  expect(truth(compare(of('/', literal(7), double), '==', literal(3.5)))).toBe(true);
  expect(truth(compare(of('/', literal(7), of('*', double, literal(1))), '==', literal(3.5)))).toBe(true);
  expect(truth(compare(call('divide', literal(7), double), '==', literal(3.5)))).toBe(true);
  expect(truth(compare(of('%', literal(-7), literal(2)), '==', literal(-1)))).toBe(true);
  expect(truth(compare({ kind: 'negate', operand: literal(7) }, '==', literal(-7)))).toBe(true);
  expect(truth({ kind: 'isNull', operand: of('/', literal(7), literal(0)) })).toBe(true);
  expect(truth({ kind: 'isNull', operand: of('+', literal('7'), literal(0)) })).toBe(true);
});

test('a field is null where it has no value, not where it has several or an object stands there', () => {
  expect(truth(compare(holding(undefined), '==', literal('a')))).toBeNull();
  expect(truth({ kind: 'isNull', operand: holding(['a', 'b']) })).toBe(false);
  expect(truth(compare(holding(['a']), '==', literal('a')))).toBe(true);
  expect(truth({ kind: 'isNull', operand: holding(undefined) })).toBe(true);
  expect(truth({ kind: 'isNull', operand: holding([]) })).toBe(false);
});

test('one choice of values for the whole expression', () => {
  const several = holding(['a', 'bb']);
  const isA = compare(several, '==', literal('a'));
  const isLong = compare(call('length', several), '==', literal(2));
  expect(run(isA).isTrue).toBe(true);
  expect(run(isLong).isTrue).toBe(true);
  expect(run({ kind: 'and', operands: [isA, isLong] }).isTrue).toBe(false);
  expect(run({ kind: 'and', operands: [isLong, compare(holding(['x', 'bb']), '==', several)] }).isTrue).toBe(true);
});

test('no more than 100 choices are tried', () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  expect(run(compare(holding(numbers, 'integer'), '==', literal(99))).isTrue).toBe(true);
  expect(run(compare(holding(numbers, 'integer'), '==', literal(100))).isTrue).toBe(false);
});

test('a field that is only asked to exist is not chosen of', () => {
  const some = holding(
    Array.from({ length: 99 }, (_, n) => n),
    'integer',
  );
  const isThere: Expression = { kind: 'not', operand: { kind: 'isNull', operand: holding(['a', 'b']) } };
  const isLast = compare(some, '==', literal(98));
  expect(run({ kind: 'and', operands: [isThere, isLast] }).isTrue).toBe(true);
});

test('a predicate in an expression sees all values of the event', () => {
  const several: Field = { name: 'f', type: 'keyword', doc: 'A field.', read: () => ['a', 'b'] };
  const isA: Expression = {
    kind: 'matches',
    predicate: { kind: 'any', field: several, test: { kind: 'equals', value: 'a' } },
  };
  const isB = compare({ kind: 'field', field: several }, '==', literal('b'));
  expect(run({ kind: 'and', operands: [isA, isB] }).isTrue).toBe(true);
});

test('an expression that costs more than its budget is null, and says so', () => {
  const long = holding('a'.repeat(200_000));
  const contains = call('stringContains', long, literal('b'));
  const expensive: Expression = { kind: 'or', operands: Array.from({ length: 50 }, () => contains) };
  expect(run({ kind: 'not', operand: expensive })).toEqual({ isTrue: false, isOverrun: true });
  expect(run({ kind: 'isNull', operand: expensive })).toEqual({ isTrue: false, isOverrun: true });
  expect(run({ kind: 'not', operand: contains })).toEqual({ isTrue: true, isOverrun: false });
});
