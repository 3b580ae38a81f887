import type { Field } from '../../ecs/field.ts';
import { lowerEqual, lowerOrder } from '../predicate/field-value.ts';
import type { CompareOperator, Expression, Predicate } from '../predicate/predicate.ts';
import { FALSE, TRUE } from '../predicate/simplify.ts';
import { lowerCallCondition } from './call-condition.ts';
import { type Lowering, report, resolve } from './lowering.ts';
import { lowerPatterns } from './match-condition.ts';
import { MIRRORED } from './mirrored.ts';
import type { FieldNode, Node } from './syntax.ts';
import { areComparable, constantOf, nameOfType, type Typed } from './typed.ts';
import { lowerValue } from './value.ts';

type Compare = Extract<Node, { readonly kind: 'compare' }>;
type Match = Extract<Node, { readonly kind: 'match' }>;

/**
 * An expression as a condition on an event, or FALSE where something in it is wrong, which has been reported.
 *
 * A condition is true or it is not; null counts as not true, and `not` of it is true. So `not a == 1`, `a != 1` and `not a > 1` are true
 * where the field is absent, and where it has several values, if none of them is so. Elasticsearch does the same: it turns conditions
 * into queries, `not` into `must_not`, and never moves a `not` inwards (`EqlBooleanSimplification` in the Optimizer of x-pack/plugin/eql).
 */
export function lowerCondition(lowering: Lowering, node: Node): Predicate {
  switch (node.kind) {
    case 'boolean':
      return node.value ? TRUE : FALSE;
    case 'null':
      return FALSE;
    case 'field':
      return lowerBooleanField(lowering, node);
    case 'not':
      return not(lowering.condition(node.operand));
    case 'and':
    case 'or':
      return { kind: node.kind, operands: node.operands.map((operand) => lowering.condition(operand)) };
    case 'compare':
      return lowerComparison(lowering, node);
    case 'match':
      return node.negated ? not(lowerMatch(lowering, node)) : lowerMatch(lowering, node);
    case 'call':
      return lowerCallCondition(lowering, node);
    case 'string':
    case 'number':
    case 'arithmetic':
    case 'negate': {
      const typed = lowerValue(lowering, node);
      if (typed === undefined || typed.type === 'null') return FALSE;
      const hint = 'compare it with something';
      report(lowering, node.start, `expected a condition, and this is ${nameOfType(typed.type)}`, hint);
      return FALSE;
    }
  }
}

/** A field on its own, as in `where dry`: only where it is a boolean, or can be. */
function lowerBooleanField(lowering: Lowering, node: FieldNode): Predicate {
  const field = resolve(lowering, node);
  if (field === undefined || field === null) return FALSE;
  if (field.type === 'boolean' || field.neverSet === true)
    return { kind: 'any', field, test: { kind: 'equals', value: true } };
  const hint = `write ${node.name} != null if any value will do, or compare it with one`;
  report(lowering, node.start, `expected a condition, and ${node.name} is no boolean`, hint);
  return FALSE;
}

function lowerComparison(lowering: Lowering, node: Compare): Predicate {
  return lowerTruth(lowering, node) ?? lowerOperands(lowering, node);
}

/** `condition == true` and the like; undefined if it is none. A field is no condition here: it may be absent, or neither. */
function lowerTruth(lowering: Lowering, { operator, left, right }: Compare): Predicate | undefined {
  if (operator !== '==' && operator !== '!=') return undefined;
  const [truth, other] = left.kind === 'boolean' ? [left, right] : [right, left];
  if (truth.kind !== 'boolean' || !isCondition(other)) return undefined;
  const predicate = lowering.condition(other);
  return truth.value === (operator === '==') ? predicate : not(predicate);
}

function isCondition({ kind }: Node): boolean {
  return kind === 'compare' || kind === 'match' || kind === 'call' || kind === 'not' || kind === 'and' || kind === 'or';
}

function lowerOperands(lowering: Lowering, { operator, at, ...node }: Compare): Predicate {
  const left = lowerValue(lowering, node.left);
  const right = lowerValue(lowering, node.right);
  if (left === undefined || right === undefined) return FALSE;
  if (constantOf(right) !== undefined) return lowerAgainst(lowering, at, left, operator, right);
  if (constantOf(left) !== undefined) return lowerAgainst(lowering, at, right, MIRRORED[operator], left);
  const hint = 'Elasticsearch refuses it too; compare each with a constant';
  report(lowering, at, 'a field cannot be compared with a field, also not through functions', hint);
  return FALSE;
}

/** Something, by an operator, against a constant. */
function lowerAgainst(
  lowering: Lowering,
  at: number,
  operand: Typed,
  operator: CompareOperator,
  against: Typed,
): Predicate {
  if (operator === '!=') return not(lowerAgainst(lowering, at, operand, '==', against));
  const value = constantOf(against) ?? null;
  if (value === null) return operator === '==' ? isNull(operand.expression) : FALSE;
  if (operand.expression.kind === 'field') return lowerField(lowering, at, operand.expression.field, operator, value);
  if (!checkComparable(lowering, at, operand, against)) return FALSE;
  if (operator !== '==' && against.type === 'boolean') {
    report(lowering, at, 'true and false have no order', 'write == or !=');
    return FALSE;
  }
  const known = constantOf(operand);
  if (known !== undefined) return known !== null && compareConstants(known, operator, value) ? TRUE : FALSE;
  return holds({ kind: 'compare', operator, left: operand.expression, right: against.expression });
}

function checkComparable(lowering: Lowering, at: number, operand: Typed, against: Typed): boolean {
  if (areComparable(operand.type, against.type)) return true;
  const message = `${nameOfType(operand.type)} and ${nameOfType(against.type)} cannot be compared`;
  report(lowering, at, message, 'string(…) makes text of a number, number(…) a number of text');
  return false;
}

/** Two constants of one type. */
function compareConstants(
  left: string | number | boolean,
  operator: Exclude<CompareOperator, '!='>,
  right: string | number | boolean,
): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

function lowerField(
  lowering: Lowering,
  at: number,
  field: Field,
  operator: Exclude<CompareOperator, '!='>,
  value: string | number | boolean,
): Predicate {
  const lowered = operator === '==' ? lowerEqual(field, String(value)) : lowerOrder(field, operator, String(value));
  if (lowered.kind === 'ok') return lowered.predicate;
  report(lowering, at, lowered.message, lowered.hint, lowered.as);
  return FALSE;
}

function isNull(expression: Expression): Predicate {
  if (expression.kind === 'literal') return expression.value === null ? TRUE : FALSE;
  if (expression.kind === 'field') return not({ kind: 'exists', field: expression.field });
  return holds({ kind: 'isNull', operand: expression });
}

/** What stands before the operator, and what is sought: in a list of values, or as one of several patterns. */
function lowerMatch(lowering: Lowering, node: Match): Predicate {
  const operand = lowerValue(lowering, node.operand);
  return node.operator === 'in' ? lowerIn(lowering, node, operand) : lowerPatterns(lowering, node, operand);
}

/** One of the values of a list; null in it is equal to nothing. */
function lowerIn(lowering: Lowering, node: Match, operand: Typed | undefined): Predicate {
  const alternatives: Predicate[] = [];
  const list: Expression[] = [];
  for (const item of node.list) {
    const typed = lowerValue(lowering, item);
    if (typed === undefined || operand === undefined) continue;
    const value = constantOf(typed);
    if (value === undefined) {
      report(lowering, item.start, 'a list holds constants, and this is none', 'Elasticsearch refuses it too');
    } else if (value !== null && operand.expression.kind === 'field') {
      alternatives.push(lowerField(lowering, item.start, operand.expression.field, '==', value));
    } else if (value !== null && checkComparable(lowering, item.start, operand, typed)) {
      list.push(typed.expression);
    }
  }
  if (operand === undefined || operand.expression.kind === 'field') return { kind: 'or', operands: alternatives };
  const known = constantOf(operand);
  if (known === undefined) return holds({ kind: 'in', operand: operand.expression, list });
  return list.some((item) => item.kind === 'literal' && item.value === known) ? TRUE : FALSE;
}

function holds(expression: Expression): Predicate {
  return { kind: 'holds', expression };
}

function not(operand: Predicate): Predicate {
  return { kind: 'not', operand };
}
