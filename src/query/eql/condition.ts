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
 * An expression as a condition on an event; FALSE if it has a problem, which has been reported.
 *
 * A condition is true or not true; null counts as not true, and its negation is true. So `not a == 1`, `a != 1` and
 * `not a > 1` are true if the field is absent, and if it has several values and none satisfies the comparison.
 * Elasticsearch does the same: it turns conditions into queries, `not` into `must_not`, and never moves a `not` inwards
 * (`EqlBooleanSimplification` in the Optimizer of x-pack/plugin/eql).
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
      const hint = 'compare it with a value';
      report(lowering, node.start, `expected a condition, but this is ${nameOfType(typed.type)}`, hint);
      return FALSE;
    }
  }
}

/** A field on its own, as in `where dry`: allowed only if its type is boolean or unknown. */
function lowerBooleanField(lowering: Lowering, node: FieldNode): Predicate {
  const field = resolve(lowering, node);
  if (field === undefined || field === null) return FALSE;
  if (field.type === 'boolean' || field.neverSet === true)
    return { kind: 'any', field, test: { kind: 'equals', value: true } };
  const hint = `write ${node.name} != null to match any value, or compare it with a value`;
  report(lowering, node.start, `expected a condition, but ${node.name} is not a boolean`, hint);
  return FALSE;
}

function lowerComparison(lowering: Lowering, node: Compare): Predicate {
  return lowerTruth(lowering, node) ?? lowerOperands(lowering, node);
}

/**
 * `condition == true` and the like; undefined for anything else. A field is not a condition here, because it may be
 * absent or not boolean.
 */
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
  const hint = 'compare each field with a constant; Elasticsearch refuses this too';
  report(lowering, at, 'a field cannot be compared with another field, not even through functions', hint);
  return FALSE;
}

/** An expression compared with a constant. */
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
  report(lowering, at, message, 'convert a number to text with string(…), or text to a number with number(…)');
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

/** The operand before the operator, and the values or patterns after it. */
function lowerMatch(lowering: Lowering, node: Match): Predicate {
  const operand = lowerValue(lowering, node.operand);
  return node.operator === 'in' ? lowerIn(lowering, node, operand) : lowerPatterns(lowering, node, operand);
}

/** Whether the operand equals one of the values of a list. A null in the list equals nothing. */
function lowerIn(lowering: Lowering, node: Match, operand: Typed | undefined): Predicate {
  const alternatives: Predicate[] = [];
  const list: Expression[] = [];
  for (const item of node.list) {
    const typed = lowerValue(lowering, item);
    if (typed === undefined || operand === undefined) continue;
    const value = constantOf(typed);
    if (value === undefined) {
      report(
        lowering,
        item.start,
        'expected a constant in this list',
        'write a constant such as "text" or 5; Elasticsearch refuses other expressions too',
      );
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
