import type { Field } from '../ecs/field.ts';
import { addressKey } from './address.ts';
import type { Value } from './function-row.ts';
import { MIRRORED } from './mirrored.ts';
import type { CompareOperator, Expression, Predicate, Test } from './predicate.ts';
import { FALSE, simplify, TRUE } from './simplify.ts';

/**
 * Where an expression is true, as a predicate; a field with several values is null in it (`ValuesMode` `single`).
 *
 * A comparison or test of a field becomes a test that the rule index can read, `and`, `or` and `not` keep their structure, and
 * what is left is evaluated (`holds`). Null never gets out: a predicate says where an expression is true, another where it is false.
 */
export function lowerTrue(expression: Expression): Predicate {
  return simplify(lower(expression, true));
}

/** Where an expression is false: not where it is null. */
export function lowerFalse(expression: Expression): Predicate {
  return simplify(lower(expression, false));
}

function lower(expression: Expression, wanted: boolean): Predicate {
  switch (expression.kind) {
    case 'literal':
      return expression.value === wanted ? TRUE : FALSE;
    case 'field':
      return expression.field.type === 'boolean'
        ? only(expression.field, any(expression.field, { kind: 'equals', value: wanted }))
        : FALSE;
    case 'not':
      return lower(expression.operand, !wanted);
    case 'and':
    case 'or': {
      const operands = expression.operands.map((operand) => lower(operand, wanted));
      return { kind: (expression.kind === 'and') === wanted ? 'and' : 'or', operands };
    }
    case 'isNull':
      return expression.operand.kind === 'field'
        ? is(!wanted, { kind: 'exists', field: expression.operand.field })
        : holds(expression, wanted);
    case 'matches':
      return is(wanted, expression.predicate);
    case 'test':
      return expression.operand.kind === 'field'
        ? lowerTest(expression.operand.field, expression.test, wanted)
        : holds(expression, wanted);
    case 'compare':
      return lowerCompare(expression, wanted);
    case 'in':
      return lowerIn(expression, wanted);
    case 'call':
    case 'arithmetic':
    case 'negate':
      return holds(expression, wanted);
  }
}

function lowerTest(field: Field, test: Test, wanted: boolean): Predicate {
  return only(field, hasType(field), is(wanted, any(field, test)));
}

/** As `lowerTest`, where the test can only be true of values of the field's type. */
function lowerTyped(field: Field, test: Test, wanted: boolean): Predicate {
  return wanted ? only(field, any(field, test)) : lowerTest(field, test, wanted);
}

function lowerCompare(compare: Extract<Expression, { readonly kind: 'compare' }>, wanted: boolean): Predicate {
  const { operator, left, right } = compare;
  if (left.kind === 'field' && right.kind === 'literal')
    return lowerComparison(left.field, operator, right.value, wanted);
  if (left.kind === 'literal' && right.kind === 'field') {
    return lowerComparison(right.field, MIRRORED[operator], left.value, wanted);
  }
  return holds(compare, wanted);
}

function lowerComparison(field: Field, operator: CompareOperator, value: Value, wanted: boolean): Predicate {
  if (value === null || !isComparable(field, value)) return FALSE;
  switch (operator) {
    case '==':
      return lowerTyped(field, { kind: 'equals', value }, wanted);
    case '!=':
      return lowerTyped(field, { kind: 'equals', value }, !wanted);
    default:
      return field.type === 'boolean' ? FALSE : lowerTyped(field, { kind: 'range', operator, value }, wanted);
  }
}

function lowerIn(expression: Extract<Expression, { readonly kind: 'in' }>, wanted: boolean): Predicate {
  const { operand, list } = expression;
  if (operand.kind !== 'field') return holds(expression, wanted);
  const values = list.flatMap((item) => (item.kind === 'literal' ? [item.value] : []));
  if (values.length < list.length) return holds(expression, wanted);
  const { field } = operand;
  const comparable = values.flatMap((value) => (value !== null && isComparable(field, value) ? [value] : []));
  const equals: Predicate = {
    kind: 'or',
    operands: comparable.map((value) => any(field, { kind: 'equals', value })),
  };
  if (wanted) return only(field, equals);
  return comparable.length < values.length ? FALSE : only(field, hasType(field), is(false, equals));
}

/** Whether a comparison of the field's values with this one is anything but null. */
function isComparable({ type }: Field, value: Exclude<Value, null>): boolean {
  switch (type) {
    case 'keyword':
      return typeof value === 'string';
    case 'ip':
      return typeof value === 'string' && addressKey(value) !== undefined;
    case 'integer':
    case 'date':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
  }
}

/** The field's value is one of its type, whatever is written in the document: else it is null. A date is always one. */
function hasType(field: Field): Predicate {
  switch (field.type) {
    case 'keyword':
    case 'date':
      return TRUE;
    case 'ip':
      return any(field, { kind: 'cidr', cidr: '::/0' });
    case 'integer':
      return any(field, { kind: 'range', operator: '>=', value: Number.NEGATIVE_INFINITY });
    case 'boolean':
      return { kind: 'or', operands: [true, false].map((value) => any(field, { kind: 'equals', value })) };
  }
}

function only(field: Field, ...conditions: readonly Predicate[]): Predicate {
  return { kind: 'and', operands: [{ kind: 'single', field }, ...conditions] };
}

function any(field: Field, test: Test): Predicate {
  return { kind: 'any', field, test };
}

function is(wanted: boolean, predicate: Predicate): Predicate {
  return wanted ? predicate : { kind: 'not', operand: predicate };
}

function holds(expression: Expression, wanted: boolean): Predicate {
  return { kind: 'holds', expression: wanted ? expression : { kind: 'not', operand: expression }, values: 'single' };
}
