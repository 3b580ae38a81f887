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
 * What an event must fulfil for all conditions to be true of it, as far as a predicate can say: every event that the
 * conditions select fulfils it, some fulfil it for nothing. For the rule index, and to spare the engine most events.
 *
 * The conditions are those of a compiled query (`CompiledQuery.conditions`), so they are valid.
 */
export function requiredOf(conditions: readonly Expression[], resolveField: ResolveField): Predicate {
  return simplify({ kind: 'and', operands: conditions.map((condition) => required(condition, true, resolveField)) });
}

/** What holds wherever the expression is true, or where it is false. What a predicate cannot say requires nothing. */
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
      // A field that leads to an object exists, and is null as a column; so is one whose values are not of its type.
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

/** Texts of the event that are never an object, so that they exist only with a value. */
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
      // Dates are less exact in a query than in an event, and texts ordered otherwise.
      return wanted && field.type === 'integer' && typeof value === 'number'
        ? any(field, { kind: 'range', operator, value })
        : exists(field);
  }
}

function requiredOfList({ list }: ExpressionOf<'in'>, wanted: boolean, field: Field | undefined): Predicate {
  const values = list.map(literalOf);
  if (field === undefined) return TRUE;
  // A null in the list is equal to nothing; beside one, nothing is known to be unequal to all.
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
  // Where everything matches, the operator asks only whether there is a value.
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
 * The field's only value passes one of the tests, or none. That it is the only one is not required: as a column it may
 * have fewer values than the event, where some are not of its type. For the same reason nothing more than a value is
 * required for a test to fail, unless all values count.
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
