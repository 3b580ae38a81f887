import type { Field, FieldValue } from '../../ecs/field.ts';
import type { FunctionRow, Value } from './function-row.ts';

/**
 * The two-valued language that every condition compiles to: KQL queries, exceptions, the conditions of EQL and Sigma.
 *
 * It reads an event as sets of values: `any` is true if at least one value of the field passes the test, so it is false
 * if the field is absent, and `not` of it is then true. The rule index and the compiler read only this language.
 */
export type Predicate =
  | { readonly kind: 'any'; readonly field: Field; readonly test: Test }
  | { readonly kind: 'exists'; readonly field: Field }
  | { readonly kind: 'and'; readonly operands: readonly Predicate[] }
  | { readonly kind: 'or'; readonly operands: readonly Predicate[] }
  | { readonly kind: 'not'; readonly operand: Predicate }
  | { readonly kind: 'constant'; readonly value: boolean }
  | Holds;

/**
 * The expression is true of the event: not false and not null, so `not` of it is true if it is null.
 *
 * A field with several values stands for one of them, the same wherever the expression names the field. The expression
 * holds if it is true for some choice; at most 100 choices are tried.
 */
export interface Holds {
  readonly kind: 'holds';
  readonly expression: Expression;
}

/** A test of one value. Case-sensitive unless it is `caseless`. */
export type Test =
  /** The value's text equals `value`'s text: booleans and numbers in a document compare by their JSON text. */
  | { readonly kind: 'equals'; readonly value: FieldValue; readonly caseless?: true }
  /**
   * Matches the whole value; `*` matches any text. `parts` are the literal pieces between the asterisks, so at least
   * two.
   */
  | { readonly kind: 'wildcard'; readonly parts: readonly string[]; readonly caseless?: true }
  /** Matches the whole value, with both wildcards. */
  | { readonly kind: 'like'; readonly pieces: readonly LikePiece[]; readonly caseless?: true }
  /** `lucene` matches the whole value, `re2` any part of it. `source` is valid, see `checkRegex`. */
  | { readonly kind: 'regex'; readonly source: string; readonly syntax: RegexSyntax; readonly caseless?: true }
  | { readonly kind: 'range'; readonly operator: '<' | '<=' | '>' | '>='; readonly value: FieldValue }
  /** `cidr` is a valid IPv4 or IPv6 prefix as text. */
  | { readonly kind: 'cidr'; readonly cidr: string };

/** Literal text, any text including the empty one (`*`), or any one character (`?`). */
export type LikePiece = { readonly literal: string } | 'any' | 'one';

export type RegexSyntax = 'lucene' | 're2';

/**
 * The three-valued language, for what a predicate cannot express, such as a comparison of two fields or of a function's
 * result. It reaches the compiler only inside `holds`, and never the rule index.
 *
 * A missing value is null. Null in a test, a comparison, arithmetic or a function gives null unless stated otherwise;
 * `and`, `or` and `not` are Kleene's, and treat values that are not boolean as null.
 */
export type Expression =
  /** `isDouble`: written with a fraction, as in 4.0, so dividing by it keeps decimals. */
  | { readonly kind: 'literal'; readonly value: Value; readonly isDouble?: true }
  /** The value of the field: null if it has none, the chosen one if it has several (see `Holds`). */
  | { readonly kind: 'field'; readonly field: Field }
  | {
      readonly kind: 'call';
      readonly function: FunctionRow;
      readonly arguments: readonly Expression[];
      /** Only if the function has a caseless form. */
      readonly caseless?: true;
    }
  /**
   * Two numbers, two texts or two booleans; null if they cannot be compared. Booleans can be equal but have no order.
   */
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and'; readonly operands: readonly Expression[] }
  | { readonly kind: 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  /** True if it equals one of the list, else null if it or one of the list is null, else false. */
  | { readonly kind: 'in'; readonly operand: Expression; readonly list: readonly Expression[] }
  /** Never null. For a field: it does not exist. */
  | { readonly kind: 'isNull'; readonly operand: Expression }
  | { readonly kind: 'test'; readonly operand: Expression; readonly test: Test }
  /**
   * Arithmetic on two numbers, else null; a division by zero is null. Integers divide as integers, rounded towards
   * zero.
   */
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'negate'; readonly operand: Expression }
  /** The outcome of the predicate on the whole event, whatever values are chosen: true or false. */
  | { readonly kind: 'matches'; readonly predicate: Predicate };

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
