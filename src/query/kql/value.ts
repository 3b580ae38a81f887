import type { Field } from '../../ecs/field.ts';
import { type Lowered, lowerEqual, lowerOrder } from '../predicate/field-value.ts';
import { FALSE } from '../predicate/simplify.ts';
import type { Comparison } from './lexer.ts';

/** A value as written: its literal pieces between the wildcards, so one piece if it has none. */
export interface Literal {
  readonly parts: readonly string[];
  readonly quoted: boolean;
  /** Offsets into the query. */
  readonly start: number;
  readonly end: number;
}

/**
 * `field:value`. A value of wildcards only tests that the field exists. Other wildcards match keywords only;
 * Elasticsearch reports an error for other types.
 */
export function lowerMatch(field: Field, { parts }: Literal): Lowered {
  if (parts.length === 1) return lowerEqual(field, parts[0] ?? '');
  if (parts.every((part) => part === '')) return { kind: 'ok', predicate: { kind: 'exists', field } };
  if (field.type !== 'keyword') return { kind: 'ok', predicate: FALSE };
  return { kind: 'ok', predicate: { kind: 'any', field, test: { kind: 'wildcard', parts } } };
}

/** `field > value` and the like. */
export function lowerRange(field: Field, operator: Comparison, literal: Literal): Lowered {
  if (literal.parts.length === 1) return lowerOrder(field, operator, literal.parts[0] ?? '');
  const hint = literal.quoted ? 'write a value' : 'write a value without *, or \\* for a literal asterisk';
  return { kind: 'refused', message: `a wildcard cannot be compared with \`${operator}\``, hint };
}
