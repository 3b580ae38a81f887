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

/** A statement of a condition, whether it holds of one event, and why. */
export interface JudgedClause {
  readonly text: string;
  readonly holds: boolean;
  /** What the event has where the statement looks, such as `it is "eve"`; empty for one that takes others. */
  readonly found: readonly string[];
  readonly parts: readonly JudgedPart[];
}

/** Decisive: with all others as they are, or without them, the whole would still come out as it does because of it. */
export interface JudgedPart extends JudgedClause {
  readonly isDecisive: boolean;
}

/** So many values of a field are shown, and so many bytes of each. */
const MOST_VALUES = 5;
const VALUE_BYTES = 128;
/** So many parts of an expression are shown with their values. */
const MOST_COMPUTED = 8;

/**
 * Judges every statement of a condition on the event that the memo is turned to. Each is compiled and run by itself, with
 * a budget of its own, so that what is said of it is what the engine makes of it.
 */
export function explainMatch(predicate: Predicate, slots: FieldSlots, memo: FieldMemo): JudgedClause {
  return judge(clauseOf(predicate), slots, memo);
}

function judge(clause: Clause, slots: FieldSlots, memo: FieldMemo): JudgedClause {
  const { text, predicate } = clause;
  const holds = runs(predicate, slots, memo);
  if (clause.parts.length === 0) return { text, holds, found: foundBy(predicate, slots, memo), parts: [] };
  // What a junction comes to, below a negation: an `and` that holds does so for all of its parts, one that does not for those that do not.
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

/** For example `is "eve"`, or `has no value`. What cannot be seen is escaped, what is long is cut. */
export function describeValues(values: FieldValues, field: Pick<Field, 'type'>): string {
  if (values === undefined) return 'has no value';
  if (typeof values !== 'object') return `is ${showValue(values, field)}`;
  if (values.length === 0) return 'is an object, and no value';
  const shown = values.slice(0, MOST_VALUES).map((value) => showValue(value, field));
  const more = values.length > MOST_VALUES ? ` and ${values.length - MOST_VALUES} more` : '';
  return `is ${shown.join(', ')}${more}`;
}

function showValue(value: FieldValue, { type }: Pick<Field, 'type'>): string {
  if (typeof value === 'string') return quoteForEql(cutBytes(value.slice(0, VALUE_BYTES + 1), VALUE_BYTES));
  return type === 'date' && typeof value === 'number' ? formatMoment(value) : String(value);
}

/** What the expression, and each function and sum in it, comes to; nothing where a field has several values to choose from. */
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
