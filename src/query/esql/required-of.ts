import type { Field, FieldValue } from '../../ecs/field.ts';
import { FIELDS } from '../../ecs/fields.ts';
import { parseKql } from '../kql/parse.ts';
import type { Predicate, Test } from '../predicate/predicate.ts';
import { FALSE, simplify, TRUE } from '../predicate/simplify.ts';
import { addressKey, addressRange } from '../values/address.ts';
import type { Expression, ExpressionOf } from './ast.ts';
import { piecesOf } from './compile-like.ts';

type ResolveField = (name: string) => Field | undefined;

/**
 * What an event must satisfy for all conditions to hold, as far as a predicate can express it: every event that the
 * conditions select satisfies it, and some others do too. Used by the rule index, to run the engine on few events.
 *
 * The conditions come from a compiled query (`CompiledQuery.conditions`), so they are valid.
 */
export function requiredOf(conditions: readonly Expression[], resolveField: ResolveField): Predicate {
  return simplify({ kind: 'and', operands: conditions.map((condition) => required(condition, true, resolveField)) });
}

/** What must hold wherever the expression is true, or false. Parts that a predicate cannot express require nothing. */
function required(expression: Expression, wanted: boolean, resolveField: ResolveField): Predicate {
  const below = (inner: Expression, how = wanted) => required(inner, how, resolveField);
  const fieldOf = (inner: Expression) => (inner.kind === 'column' ? resolveField(inner.name) : undefined);
  switch (expression.kind) {
    case 'literal':
      return expression.value === wanted ? TRUE : FALSE;
    case 'and':
    case 'or':
      return {
        kind: (expression.kind === 'and') === wanted ? 'and' : 'or',
        operands: expression.operands.map((operand) => below(operand)),
      };
    case 'not':
      return below(expression.operand, !wanted);
    case 'isNull': {
      const field = fieldOf(expression.operand);
      if (field === undefined) return TRUE;
      if (expression.negated === wanted) return exists(field);
      // A field that leads to an object exists but is null as a column; so does a field whose values do not match its
      // type.
      return SCALARS.has(field) ? { kind: 'not', operand: exists(field) } : TRUE;
    }
    case 'column': {
      const field = resolveField(expression.name);
      return field === undefined ? TRUE : any(field, { kind: 'equals', value: wanted });
    }
    case 'compare':
      return requiredOfComparison(expression, wanted, fieldOf);
    case 'in':
      return requiredOfList(expression, wanted, fieldOf(expression.operand));
    case 'like':
    case 'rlike':
      return requiredOfPattern(expression, wanted, fieldOf(expression.operand));
    case 'call':
      return requiredOfCall(expression, wanted, fieldOf, resolveField);
    case 'arithmetic':
    case 'negate':
    case 'cast':
      return TRUE;
  }
}

/** Text fields that never hold an object, so they exist only with a value. */
const SCALARS: ReadonlySet<Field> = new Set(
  FIELDS.filter(
    ({ name, type }) =>
      type === 'keyword' && !/^(?:kubernetes\.audit\.re(?:quest|sponse)Object|container\.|firstseen\.pod\.)/.test(name),
  ),
);

function requiredOfComparison(
  { operator, left, right }: ExpressionOf<'compare'>,
  wanted: boolean,
  fieldOf: (inner: Expression) => Field | undefined,
): Predicate {
  const field = fieldOf(left);
  const value = literalOf(right);
  if (field === undefined || value === undefined) return TRUE;
  switch (operator) {
    case '==':
      return tested(field, [{ kind: 'equals', value }], wanted);
    case '!=':
      return tested(field, [{ kind: 'equals', value }], !wanted);
    default:
      // Dates are less exact in a query than in an event, and texts are ordered differently.
      return wanted && field.type === 'integer' && typeof value === 'number'
        ? any(field, { kind: 'range', operator, value })
        : exists(field);
  }
}

function requiredOfList({ list }: ExpressionOf<'in'>, wanted: boolean, field: Field | undefined): Predicate {
  const values = list.map(literalOf);
  if (field === undefined) return TRUE;
  // A null in the list equals nothing; next to a null, no value is known to differ from all.
  if (list.some((item, index) => values[index] === undefined && !isNull(item))) return TRUE;
  const tests = values.flatMap((value): Test[] => (value === undefined ? [] : [{ kind: 'equals', value }]));
  return tested(field, tests, wanted);
}

function requiredOfPattern(
  { kind, patterns }: ExpressionOf<'like' | 'rlike'>,
  wanted: boolean,
  field: Field | undefined,
): Predicate {
  if (field === undefined) return TRUE;
  const tests = patterns.map((pattern): Test => {
    if (kind === 'rlike') return { kind: 'regex', source: pattern.value, syntax: 'lucene' };
    return { kind: 'like', pieces: piecesOf(pattern) };
  });
  // If the pattern matches everything, the operator only tests that there is a value.
  if (patterns.some(({ value }) => /^(?:[*.@]|\(\.\*\)|\(@\))+$/.test(value))) return wanted ? exists(field) : TRUE;
  return tested(field, tests, wanted);
}

function requiredOfCall(
  { name, arguments: [first, second, ...others] }: ExpressionOf<'call'>,
  wanted: boolean,
  fieldOf: (inner: Expression) => Field | undefined,
  resolveField: ResolveField,
): Predicate {
  if (first === undefined) return TRUE;
  const lower = name.toLowerCase();
  if (lower === 'kql') {
    const result = parseKql(String(literalOf(first) ?? ''), { resolveField });
    if (result.kind === 'invalid') return TRUE;
    return wanted ? result.predicate : { kind: 'not', operand: result.predicate };
  }
  const field = fieldOf(first);
  const value = second === undefined ? undefined : literalOf(second);
  if (field === undefined || typeof value !== 'string') return TRUE;
  switch (lower) {
    case 'starts_with':
      return tested(field, [{ kind: 'wildcard', parts: [value, ''] }], wanted);
    case 'ends_with':
      return tested(field, [{ kind: 'wildcard', parts: ['', value] }], wanted);
    case 'contains':
      return tested(field, [{ kind: 'wildcard', parts: ['', value, ''] }], wanted);
    case 'cidr_match': {
      const cidrs = [value, ...others.map(literalOf)];
      const tests = cidrs.flatMap((cidr): Test[] =>
        typeof cidr === 'string' && addressRange(cidr) !== undefined ? [{ kind: 'cidr', cidr }] : [],
      );
      return tests.length === cidrs.length ? tested(field, tests, wanted) : TRUE;
    }
    default:
      return TRUE;
  }
}

/**
 * The only value of the field passes one of the tests, or none. Being the only value is not required: the column may
 * have fewer values than the event, where some do not match its type. For the same reason, a failed test requires only
 * that there is a value, unless all values count.
 */
function tested(field: Field, tests: readonly Test[], wanted: boolean): Predicate {
  if (tests.some((test) => test.kind === 'equals' && !isComparable(field, test.value))) return exists(field);
  const passes: Predicate = { kind: 'or', operands: tests.map((test) => any(field, test)) };
  if (wanted) return passes;
  if (field.type !== 'keyword' && field.type !== 'ip') return exists(field);
  return { kind: 'and', operands: [exists(field), { kind: 'not', operand: passes }] };
}

function isComparable({ type }: Field, value: FieldValue): boolean {
  switch (type) {
    case 'keyword':
      return typeof value === 'string';
    case 'ip':
      return typeof value === 'string' && addressKey(value) !== undefined;
    case 'integer':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return false;
  }
}

function literalOf(expression: Expression): FieldValue | undefined {
  if (expression.kind !== 'literal') return undefined;
  const { value } = expression;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function isNull(expression: Expression): boolean {
  return expression.kind === 'literal' && expression.value === null;
}

function exists(field: Field): Predicate {
  return { kind: 'exists', field };
}

function any(field: Field, test: Test): Predicate {
  return { kind: 'any', field, test };
}
