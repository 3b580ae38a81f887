import type { Field, FieldValue } from '../ecs/field.ts';

/**
 * The two-valued language that every condition lowers to: KQL queries, exceptions, the conditions of EQL and Sigma.
 *
 * It reads an event as value sets: `any` is true if at least one value of the field passes the test, so it is false
 * where the field is absent, and `not` of it is true there. The rule index and the compiler read only this.
 */
export type Predicate =
  | { readonly kind: 'any'; readonly field: Field; readonly test: Test }
  | { readonly kind: 'exists'; readonly field: Field }
  | { readonly kind: 'and'; readonly operands: readonly Predicate[] }
  | { readonly kind: 'or'; readonly operands: readonly Predicate[] }
  | { readonly kind: 'not'; readonly operand: Predicate }
  | { readonly kind: 'constant'; readonly value: boolean };

/** A test of one value. Case-sensitive. */
export type Test =
  /** The value's text is exactly `value`'s text: booleans and numbers in a document compare by their JSON text. */
  | { readonly kind: 'equals'; readonly value: FieldValue }
  /** Whole-value match, `*` stands for any text: `parts` are the literal pieces between the asterisks (so at least two). */
  | { readonly kind: 'wildcard'; readonly parts: readonly string[] }
  | { readonly kind: 'range'; readonly operator: '<' | '<=' | '>' | '>='; readonly value: FieldValue }
  /** `cidr` is an IPv4 or IPv6 prefix in text form, valid. */
  | { readonly kind: 'cidr'; readonly cidr: string };
