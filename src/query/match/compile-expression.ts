import type { Field } from '../../ecs/field.ts';
import type { Value } from '../predicate/function-row.ts';
import { partsOf } from '../predicate/parts-of.ts';
import type { CompareOperator, Expression, Holds, Predicate, Test } from '../predicate/predicate.ts';
import { addressKey } from '../values/address.ts';
import { calculate } from './arithmetic.ts';
import { compileTest } from './compile-test.ts';
import type { FieldMemo, FieldSlots } from './slots.ts';
import { toValues } from './to-value.ts';

/** How many combinations of values are tried if fields of an expression have several. */
const MOST_CHOICES = 100;

/** The value of an expression on the memo's current event. */
type Evaluator = (memo: FieldMemo) => Value;

/** Compiles a condition on the same slots; injected because predicates and expressions nest in each other. */
type CompilePredicate = (predicate: Predicate, slots: FieldSlots) => (memo: FieldMemo) => boolean;

/** Whether an expression is true of the memo's current event. */
export function compileHolds(
  { expression }: Holds,
  slots: FieldSlots,
  compilePredicate: CompilePredicate,
): (memo: FieldMemo) => boolean {
  const choice = createChoice(expression, slots);
  const evaluate = compileExpression(expression, { slots, compilePredicate, choice });
  return (memo) => {
    choice.begin(memo);
    for (let tried = 0; tried < MOST_CHOICES; tried += 1) {
      const isTrue = evaluate(memo) === true;
      if (memo.budget.isOverrun) return false;
      if (isTrue) return true;
      if (!choice.advance()) return false;
    }
    return false;
  };
}

/**
 * The value of an expression, or of a part of one, if no field in it has several values; else computed with the first
 * of each.
 */
export function compileValue(
  expression: Expression,
  slots: FieldSlots,
  compilePredicate: CompilePredicate,
): (memo: FieldMemo) => Value {
  const choice = createChoice(expression, slots);
  const evaluate = compileExpression(expression, { slots, compilePredicate, choice });
  return (memo) => {
    choice.begin(memo);
    return evaluate(memo);
  };
}

interface Scope {
  readonly slots: FieldSlots;
  readonly compilePredicate: CompilePredicate;
  readonly choice: Choice;
}

/** Chooses one value for each field of an expression. */
interface Choice {
  /** The index of the chosen value of the field. */
  readonly indexOf: (field: Field) => number;
  readonly chosen: readonly Value[];
  /** Reads the event and chooses the first value of each field. */
  readonly begin: (memo: FieldMemo) => void;
  /** Advances to the next combination of values; false if there is none. */
  readonly advance: () => boolean;
}

function createChoice(expression: Expression, slots: FieldSlots): Choice {
  const fields = [...valueFields(expression)];
  const slotOf = fields.map(slots.slotOf);
  const options: (readonly Value[])[] = fields.map(() => []);
  const positions = fields.map(() => 0);
  const chosen: Value[] = fields.map(() => null);
  return {
    indexOf: (field) => fields.indexOf(field),
    chosen,
    begin(memo) {
      for (const [index, field] of fields.entries()) {
        const values = memo.read(slotOf[index] ?? -1);
        // No more values of one field could be tried.
        const few = Array.isArray(values) ? values.slice(0, MOST_CHOICES) : values;
        const all = toValues(few, field.type);
        options[index] = all;
        positions[index] = 0;
        chosen[index] = all[0] ?? null;
      }
    },
    advance() {
      for (const [index, all] of options.entries()) {
        const position = (positions[index] ?? 0) + 1;
        const isLast = position >= all.length;
        positions[index] = isLast ? 0 : position;
        chosen[index] = all[isLast ? 0 : position] ?? null;
        if (!isLast) return true;
      }
      return false;
    },
  };
}

/**
 * The fields whose values the expression uses: without fields only tested for existence, and without those of nested
 * predicates.
 */
function valueFields(expression: Expression, fields = new Set<Field>()): Set<Field> {
  if (expression.kind === 'field') fields.add(expression.field);
  if (expression.kind === 'isNull' && expression.operand.kind === 'field') return fields;
  for (const part of partsOf(expression)) valueFields(part, fields);
  return fields;
}

function compileExpression(expression: Expression, scope: Scope): Evaluator {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'field':
      return compileField(expression.field, scope);
    case 'call':
      return compileCall(expression, scope);
    case 'compare':
      return compileCompare(expression, scope);
    case 'and':
    case 'or':
      return compileJunction(expression.kind === 'or', expression.operands, scope);
    case 'not': {
      const operand = compileExpression(expression.operand, scope);
      return (memo) => {
        const value = operand(memo);
        return typeof value === 'boolean' ? !value : null;
      };
    }
    case 'in':
      return compileIn(expression, scope);
    case 'isNull':
      return compileIsNull(expression.operand, scope);
    case 'test':
      return compileTestOf(expression, scope);
    case 'arithmetic': {
      const { operator } = expression;
      const left = compileExpression(expression.left, scope);
      const right = compileExpression(expression.right, scope);
      const double = isDouble(expression);
      return (memo) => calculate(operator, left(memo), right(memo), double);
    }
    case 'negate': {
      const operand = compileExpression(expression.operand, scope);
      return (memo) => {
        const value = operand(memo);
        return typeof value === 'number' ? -value : null;
      };
    }
    case 'matches':
      return scope.compilePredicate(expression.predicate, scope.slots);
  }
}

function compileField(field: Field, { choice }: Scope): Evaluator {
  const index = choice.indexOf(field);
  return () => choice.chosen[index] ?? null;
}

function compileCall(call: Extract<Expression, { readonly kind: 'call' }>, scope: Scope): Evaluator {
  const { evaluate } = call.function;
  const operands = call.arguments.map((argument) => compileExpression(argument, scope));
  const form = { caseless: call.caseless === true, isDouble: isDouble(call) };
  return (memo) =>
    evaluate(
      operands.map((operand) => operand(memo)),
      memo.budget,
      form,
    );
}

function compileCompare(compare: Extract<Expression, { readonly kind: 'compare' }>, scope: Scope): Evaluator {
  const { operator } = compare;
  const asAddress = isAddress(compare.left) || isAddress(compare.right);
  const left = compileOperand(compare.left, asAddress, scope);
  const right = compileOperand(compare.right, asAddress, scope);
  return (memo) => compareValues(operator, left(memo), right(memo));
}

/** If one side is an address, the other is too: both compare by their keys. */
function compileOperand(expression: Expression, asAddress: boolean, scope: Scope): Evaluator {
  const evaluate = compileExpression(expression, scope);
  if (!asAddress) return evaluate;
  return (memo) => {
    const value = evaluate(memo);
    return typeof value === 'string' ? (addressKey(value) ?? null) : null;
  };
}

/** Numbers compare by size, texts by UTF-16 units; null if the types differ or have no order. */
function compareValues(operator: CompareOperator, left: Value, right: Value): Value {
  if (left === null || right === null || typeof left !== typeof right) return null;
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    default:
      return typeof left === 'boolean' ? null : isOrdered(operator, left, right);
  }
}

function isOrdered(operator: '<' | '<=' | '>' | '>=', left: string | number, right: Value): boolean {
  const other = right as typeof left;
  switch (operator) {
    case '<':
      return left < other;
    case '<=':
      return left <= other;
    case '>':
      return left > other;
    case '>=':
      return left >= other;
  }
}

/**
 * Kleene's `or` (`decisive` is true) and `and` (false): the decisive value if there is one, else null if any is null,
 * else the opposite.
 */
function compileJunction(decisive: boolean, operands: readonly Expression[], scope: Scope): Evaluator {
  const all = operands.map((operand) => compileExpression(operand, scope));
  return (memo) => {
    let result: Value = !decisive;
    for (const operand of all) {
      const value = operand(memo);
      if (value === decisive) return decisive;
      if (value !== !decisive) result = null;
    }
    return result;
  };
}

function compileIn({ operand, list }: Extract<Expression, { readonly kind: 'in' }>, scope: Scope): Evaluator {
  const asAddress = isAddress(operand) || list.some(isAddress);
  const sought = compileOperand(operand, asAddress, scope);
  const constants = new Set<Value>();
  const items: Evaluator[] = [];
  for (const item of list) {
    const evaluate = compileOperand(item, asAddress, scope);
    if (item.kind === 'literal' && !asAddress && item.value !== null) constants.add(item.value);
    else items.push(evaluate);
  }
  const types = new Set([...constants].map((value) => typeof value));
  return (memo) => {
    const value = sought(memo);
    if (value === null) return null;
    if (constants.has(value)) return true;
    const isComparable = constants.size === 0 || (types.size === 1 && types.has(typeof value));
    let result: Value = isComparable ? false : null;
    for (const item of items) {
      const isEqual = compareValues('==', value, item(memo));
      if (isEqual === true) return true;
      if (isEqual === null) result = null;
    }
    return result;
  };
}

function compileIsNull(operand: Expression, scope: Scope): Evaluator {
  if (operand.kind === 'field') {
    const slot = scope.slots.slotOf(operand.field);
    return (memo) => memo.read(slot) === undefined;
  }
  const evaluate = compileExpression(operand, scope);
  return (memo) => evaluate(memo) === null;
}

function compileTestOf({ operand, test }: Extract<Expression, { readonly kind: 'test' }>, scope: Scope): Evaluator {
  const asAddress = operand.kind === 'field' ? isAddress(operand) : test.kind === 'cidr';
  const evaluate = compileOperand(operand, asAddress, scope);
  const passes = compileValueTest(operand, test);
  return (memo) => {
    const value = evaluate(memo);
    if (value === null) return null;
    if (typeof value === 'string' && !memo.budget.spend(value.length)) return null;
    return passes(value);
  };
}

/** A field is tested by its type, a computed value by the type it turns out to have. */
function compileValueTest(operand: Expression, test: Test): (value: Exclude<Value, null>) => boolean {
  if (operand.kind === 'field') return compileTest(test, operand.field.type);
  const onText = compileTest(test, test.kind === 'cidr' ? 'ip' : 'keyword');
  const onNumber = compileTest(test, 'integer');
  const onBoolean = compileTest(test, 'boolean');
  return (value) =>
    typeof value === 'string' ? onText(value) : typeof value === 'number' ? onNumber(value) : onBoolean(value);
}

function isAddress(expression: Expression): boolean {
  return expression.kind === 'field' && expression.field.type === 'ip';
}

/** Whether the value is a fraction: written with one, or computed from one. */
function isDouble(expression: Expression): boolean {
  switch (expression.kind) {
    case 'literal':
      return expression.isDouble === true;
    case 'arithmetic':
      return isDouble(expression.left) || isDouble(expression.right);
    case 'negate':
      return isDouble(expression.operand);
    case 'call':
      return expression.function.isArithmetic === true && expression.arguments.some(isDouble);
    default:
      return false;
  }
}
