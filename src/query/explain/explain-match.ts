import { cutBytes } from '../../audit/text.ts';
import type { Field, FieldValue, FieldValues } from '../../ecs/field.ts';
import { compileValue } from '../match/compile-expression.ts';
import { compilePredicate } from '../match/compile-predicate.ts';
import type { FieldMemo, FieldSlots } from '../match/slots.ts';
import { fieldsOf } from '../predicate/fields-of.ts';
import { partsOf } from '../predicate/parts-of.ts';
import type { Expression, Holds, Predicate } from '../predicate/predicate.ts';
import { type Clause, clauseOf } from './explain-predicate.ts';
import { formatExpression } from './format-predicate.ts';
import { formatMoment, quoteForEql } from './format-value.ts';

/** A statement of a condition, whether it holds for one event, and why. */
export interface JudgedClause {
  readonly text: string;
  readonly holds: boolean;
  /** The event's values that the statement tests, such as `it is "eve"`; empty for a statement made of others. */
  readonly found: readonly string[];
  readonly parts: readonly JudgedPart[];
}

/** Decisive: on its own, this part gives the whole its outcome. */
export interface JudgedPart extends JudgedClause {
  readonly isDecisive: boolean;
}

/** Limits on the values of a field that are shown, and on the bytes of each. */
const MOST_VALUES = 5;
const VALUE_BYTES = 128;
/** The most parts of an expression that are shown with their values. */
const MOST_COMPUTED = 8;

/**
 * Evaluates every statement of a condition on the memo's current event. Each is compiled and run on its own, with its
 * own budget, so the explanation shows what the engine does.
 */
export function explainMatch(predicate: Predicate, slots: FieldSlots, memo: FieldMemo): JudgedClause {
  return judge(clauseOf(predicate), slots, memo);
}

function judge(clause: Clause, slots: FieldSlots, memo: FieldMemo): JudgedClause {
  const { text, predicate } = clause;
  const holds = runs(predicate, slots, memo);
  if (clause.parts.length === 0) return { text, holds, found: foundBy(predicate, slots, memo), parts: [] };
  // The outcome that decides a junction: an `and` holds because of all its parts, and fails because of the parts that
  // fail; below a negation it is the other way round.
  const outcome = predicate.kind === 'not' ? !holds : holds;
  const parts = clause.parts.map((part): JudgedPart => {
    const judged = judge(part, slots, memo);
    return { ...judged, isDecisive: judged.holds === outcome };
  });
  return { text, holds, found: [], parts };
}

function runs(predicate: Predicate, slots: FieldSlots, memo: FieldMemo): boolean {
  memo.budget.refill();
  return compilePredicate(predicate, slots)(memo);
}

function foundBy(predicate: Predicate, slots: FieldSlots, memo: FieldMemo): readonly string[] {
  const fields = fieldsOf(predicate);
  const [only] = fields;
  const positive = predicate.kind === 'not' ? predicate.operand : predicate;
  if (positive.kind !== 'holds' && fields.length === 1 && only !== undefined) {
    return [`it ${describeValues(memo.read(slots.slotOf(only)), only)}`];
  }
  const read = fields.map((field) => `${field.name} ${describeValues(memo.read(slots.slotOf(field)), field)}`);
  return positive.kind === 'holds' ? [...computedIn(positive, slots, memo), ...read] : read;
}

/** For example `is "eve"`, or `has no value`. Invisible characters are escaped, long values are cut. */
export function describeValues(values: FieldValues, field: Pick<Field, 'type'>): string {
  if (values === undefined) return 'has no value';
  if (typeof values !== 'object') return `is ${showValue(values, field)}`;
  if (values.length === 0) return 'is an object without a value of its own';
  const shown = values.slice(0, MOST_VALUES).map((value) => showValue(value, field));
  const more = values.length > MOST_VALUES ? ` and ${values.length - MOST_VALUES} more` : '';
  return `is ${shown.join(', ')}${more}`;
}

function showValue(value: FieldValue, { type }: Pick<Field, 'type'>): string {
  if (typeof value === 'string') return quoteForEql(cutBytes(value.slice(0, VALUE_BYTES + 1), VALUE_BYTES));
  return type === 'date' && typeof value === 'number' ? formatMoment(value) : String(value);
}

/**
 * The value of the expression and of each function and sum in it; nothing if a field has several values to choose from.
 */
function computedIn(holds: Holds, slots: FieldSlots, memo: FieldMemo): readonly string[] {
  const hasSeveral = fieldsOf(holds).some((field) => Array.isArray(memo.read(slots.slotOf(field))));
  if (hasSeveral) return [];
  const parts = [holds.expression, ...computed(holds.expression)];
  return [...new Set(parts)].slice(0, MOST_COMPUTED).map((expression) => {
    memo.budget.refill();
    const value = compileValue(expression, slots, compilePredicate)(memo);
    const shown = value === null ? 'null' : showValue(value, { type: 'keyword' });
    return expression === holds.expression ? `it is ${shown}` : `${formatExpression(expression)} is ${shown}`;
  });
}

function computed(expression: Expression): readonly Expression[] {
  const inner = partsOf(expression).flatMap(computed);
  return expression.kind === 'call' || expression.kind === 'arithmetic' ? [expression, ...inner] : inner;
}
