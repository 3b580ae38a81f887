import type { FieldType } from '../../ecs/field.ts';
import type { Value } from '../function-row.ts';
import type { Expression } from '../predicate.ts';

/** What an expression can give, null apart. `fraction`: a number that divides with a remainder behind the point, whatever its value. */
export type EqlType = 'string' | 'integer' | 'fraction' | 'boolean' | 'ip' | 'date' | 'null';

/** An expression and what it gives. A constant is a literal, always. */
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
};

export function typeOfField(type: FieldType): EqlType {
  return FIELD_TYPES[type];
}

/** A type in words, for messages. */
export function nameOfType(type: EqlType): string {
  return NAMES[type];
}

export function isNumeric(type: EqlType): boolean {
  return type === 'integer' || type === 'fraction';
}

/** True if values of both can be equal: of one type, numbers of either kind, or one of them null. */
export function areComparable(left: EqlType, right: EqlType): boolean {
  return left === right || left === 'null' || right === 'null' || (isNumeric(left) && isNumeric(right));
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

/** The value of a constant; undefined if it is none. */
export function constantOf({ expression }: Typed): Value | undefined {
  return expression.kind === 'literal' ? expression.value : undefined;
}
