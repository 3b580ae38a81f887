import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecodedEvent } from '../audit/event.ts';
import type { Field, FieldType, FieldValues } from '../ecs/field.ts';
import { compilePredicate } from './compile.ts';
import type { Value } from './function-row.ts';
import { functionOf } from './functions.ts';
import type { ArithmeticOperator, CompareOperator, Expression, Holds, ValuesMode } from './predicate.ts';
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
  const row = functionOf(name, 'eql');
  assert.ok(row !== undefined, name);
  return { kind: 'call', function: row, arguments: all };
}

function run(expression: Expression, values: ValuesMode = 'single') {
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  const holds: Holds = { kind: 'holds', expression, values };
  const matches = compilePredicate(holds, slots);
  memo.reset(EVENT);
  return { isTrue: matches(memo), isOverrun: memo.budget.isOverrun };
}

/** True, false, or null: an expression that is neither true nor false. */
function truth(expression: Expression, values: ValuesMode = 'single'): boolean | null {
  if (run(expression, values).isTrue) return true;
  return run({ kind: 'not', operand: expression }, values).isTrue ? false : null;
}

test('a comparison is of two numbers, two texts or two booleans, else null', () => {
  assert.equal(truth(compare(literal(2), '<', literal(10))), true);
  assert.equal(truth(compare(literal('2'), '<', literal('10'))), false);
  assert.equal(truth(compare(literal(true), '==', literal(true))), true);
  assert.equal(truth(compare(literal(true), '<', literal(false))), null);
  assert.equal(truth(compare(literal('1'), '==', literal(1))), null);
  assert.equal(truth(compare(literal(null), '!=', literal(1))), null);
});

test('a field is what its type says', () => {
  assert.equal(truth(compare(holding(7), '==', literal('7'))), true);
  assert.equal(truth(compare(holding('7', 'integer'), '==', literal(7))), true);
  assert.equal(truth(compare(holding('7x', 'integer'), '==', literal(7))), null);
  assert.equal(truth(holding(true, 'boolean')), true);
  assert.equal(truth(holding('false', 'boolean')), false);
  assert.equal(truth(holding('true')), null);
});

test('addresses are compared as such, however they are written', () => {
  const address = holding('::ffff:10.0.0.1', 'ip');
  assert.equal(truth(compare(address, '==', holding('10.0.0.1'))), true);
  assert.equal(truth(compare(address, '<', literal('10.0.0.2'))), true);
  assert.equal(truth(compare(address, '==', literal('here'))), null);
  assert.equal(truth({ kind: 'in', operand: literal('10.0.0.1'), list: [address] }), true);
  assert.equal(truth({ kind: 'test', operand: address, test: { kind: 'cidr', cidr: '10.0.0.0/8' } }), true);
  assert.equal(truth({ kind: 'test', operand: literal('10.0.0.1'), test: { kind: 'cidr', cidr: '10.0.0.0/8' } }), true);
  assert.equal(truth({ kind: 'test', operand: literal('here'), test: { kind: 'cidr', cidr: '10.0.0.0/8' } }), null);
});

test('and, or and not are those of Kleene', () => {
  const [yes, no, unknown] = [literal(true), literal(false), literal(null)];
  const and = (...operands: readonly Expression[]) => truth({ kind: 'and', operands });
  const or = (...operands: readonly Expression[]) => truth({ kind: 'or', operands });
  assert.equal(and(yes, unknown), null);
  assert.equal(and(unknown, no), false);
  assert.equal(and(yes, yes), true);
  assert.equal(or(no, unknown), null);
  assert.equal(or(unknown, yes), true);
  assert.equal(or(no, no), false);
  assert.equal(or(literal('true'), no), null);
  assert.equal(truth({ kind: 'not', operand: unknown }), null);
});

test('in: true if found, else null if something could not be compared, else false', () => {
  const list = (operand: Value, ...values: readonly Value[]) =>
    truth({ kind: 'in', operand: literal(operand), list: values.map(literal) });
  assert.equal(list('a', 'b', 'a'), true);
  assert.equal(list('a', null, 'a'), true);
  assert.equal(list('c', 'b', 'a'), false);
  assert.equal(list('c', 'b', null), null);
  assert.equal(list('c', 'b', 1), null);
  assert.equal(list(null, 'b'), null);
  assert.equal(list('c'), false);
  assert.equal(truth({ kind: 'in', operand: literal('c'), list: [literal('a'), holding('c')] }), true);
});

test('arithmetic: integers divide as such unless one is written as a fraction', () => {
  const of = (operator: ArithmeticOperator, left: Expression, right: Expression): Expression => ({
    kind: 'arithmetic',
    operator,
    left,
    right,
  });
  const double: Expression = { kind: 'literal', value: 2, isDouble: true };
  assert.equal(truth(compare(of('/', literal(7), literal(2)), '==', literal(3))), true);
  assert.equal(truth(compare(of('/', literal(7), double), '==', literal(3.5))), true);
  assert.equal(truth(compare(of('/', literal(7), of('*', double, literal(1))), '==', literal(3.5))), true);
  assert.equal(truth(compare(call('divide', literal(7), double), '==', literal(3.5))), true);
  assert.equal(truth(compare(of('%', literal(-7), literal(2)), '==', literal(-1))), true);
  assert.equal(truth(compare({ kind: 'negate', operand: literal(7) }, '==', literal(-7))), true);
  assert.equal(truth({ kind: 'isNull', operand: of('/', literal(7), literal(0)) }), true);
  assert.equal(truth({ kind: 'isNull', operand: of('+', literal('7'), literal(0)) }), true);
});

test('single: several values are null, and still there', () => {
  const several = holding(['a', 'b']);
  assert.equal(truth(compare(several, '==', literal('a'))), null);
  assert.equal(truth({ kind: 'isNull', operand: several }), false);
  assert.equal(truth(compare(holding(['a']), '==', literal('a'))), true);
  assert.equal(truth({ kind: 'isNull', operand: holding(undefined) }), true);
  assert.equal(truth({ kind: 'isNull', operand: holding([]) }), false);
});

test('any: one choice of values for the whole expression', () => {
  const several = holding(['a', 'bb']);
  const isA = compare(several, '==', literal('a'));
  const isLong = compare(call('length', several), '==', literal(2));
  assert.ok(run(isA, 'any').isTrue);
  assert.ok(run(isLong, 'any').isTrue);
  assert.ok(!run({ kind: 'and', operands: [isA, isLong] }, 'any').isTrue);
  assert.ok(run({ kind: 'and', operands: [isLong, compare(holding(['x', 'bb']), '==', several)] }, 'any').isTrue);
});

test('any: no more than 100 choices are tried', () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  assert.ok(run(compare(holding(numbers, 'integer'), '==', literal(99)), 'any').isTrue);
  assert.ok(!run(compare(holding(numbers, 'integer'), '==', literal(100)), 'any').isTrue);
});

test('any: a field that is only asked to exist is not chosen of', () => {
  const some = holding(
    Array.from({ length: 99 }, (_, n) => n),
    'integer',
  );
  const isThere: Expression = { kind: 'not', operand: { kind: 'isNull', operand: holding(['a', 'b']) } };
  const isLast = compare(some, '==', literal(98));
  assert.ok(run({ kind: 'and', operands: [isThere, isLast] }, 'any').isTrue);
});

test('a predicate in an expression sees all values of the event', () => {
  const several: Field = { name: 'f', type: 'keyword', doc: 'A field.', read: () => ['a', 'b'] };
  const isA: Expression = {
    kind: 'matches',
    predicate: { kind: 'any', field: several, test: { kind: 'equals', value: 'a' } },
  };
  const isB = compare({ kind: 'field', field: several }, '==', literal('b'));
  assert.ok(run({ kind: 'and', operands: [isA, isB] }, 'any').isTrue);
});

test('an expression that costs more than its budget is null, and says so', () => {
  const long = holding('a'.repeat(200_000));
  const contains = call('stringContains', long, literal('b'));
  const expensive: Expression = { kind: 'or', operands: Array.from({ length: 50 }, () => contains) };
  assert.deepEqual(run({ kind: 'not', operand: expensive }), { isTrue: false, isOverrun: true });
  assert.deepEqual(run({ kind: 'isNull', operand: expensive }), { isTrue: false, isOverrun: true });
  assert.deepEqual(run({ kind: 'not', operand: contains }), { isTrue: true, isOverrun: false });
});
