import type { Field, FieldType } from '../../ecs/field.ts';
import type { Value } from '../predicate/function-row.ts';
import type { Expression } from '../predicate/predicate.ts';

/**
 * The type of an expression, ignoring null. `fraction`: a number whose division keeps decimals, whatever its value.
 * `unknown`: a field that no audit event has may be of any type, so that rules for other data still load.
 */
export type EqlType = 'string' | 'integer' | 'fraction' | 'boolean' | 'ip' | 'date' | 'null' | 'unknown';

/** An expression and its type. A constant is always a literal. */
export interface Typed {
  readonly expression: Expression;
  readonly type: EqlType;
}

const FIELD_TYPES: Readonly<Record<FieldType, EqlType>> = {
  keyword: 'string',
  ip: 'ip',
  integer: 'integer',
  boolean: 'boolean',
  date: 'date',
};

const NAMES: Readonly<Record<EqlType, string>> = {
  string: 'text',
  integer: 'a number',
  fraction: 'a number',
  boolean: 'true or false',
  ip: 'an IP address',
  date: 'a date',
  null: 'null',
  unknown: 'a field that no audit event has',
};

export function typeOfField({ type, neverSet }: Field): EqlType {
  return neverSet === true ? 'unknown' : FIELD_TYPES[type];
}

/** True if the type is one of these, or is unknown. */
export function canBe(type: EqlType, ...wanted: readonly EqlType[]): boolean {
  return type === 'null' || type === 'unknown' || wanted.includes(type);
}

/** A type in words, for messages. */
export function nameOfType(type: EqlType): string {
  return NAMES[type];
}

export function canBeNumber(type: EqlType): boolean {
  return canBe(type, 'integer', 'fraction');
}

/** True if values of both types can be equal: same type, or both numbers. */
export function areComparable(left: EqlType, right: EqlType): boolean {
  return canBe(left, right) || canBe(right, left) || (canBeNumber(left) && canBeNumber(right));
}

/** A constant as an expression. */
export function constant(value: Value, isFraction = false): Typed {
  if (value === null) return { expression: { kind: 'literal', value }, type: 'null' };
  if (typeof value === 'string') return { expression: { kind: 'literal', value }, type: 'string' };
  if (typeof value === 'boolean') return { expression: { kind: 'literal', value }, type: 'boolean' };
  if (isFraction || !Number.isInteger(value)) {
    return { expression: { kind: 'literal', value, isDouble: true }, type: 'fraction' };
  }
  return { expression: { kind: 'literal', value }, type: 'integer' };
}

/** The value of a constant; undefined for other expressions. */
export function constantOf({ expression }: Typed): Value | undefined {
  return expression.kind === 'literal' ? expression.value : undefined;
}
