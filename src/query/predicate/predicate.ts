import type { Field, FieldValue } from '../../ecs/field.ts';
import type { FunctionRow, Value } from './function-row.ts';

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
  | { readonly kind: 'constant'; readonly value: boolean }
  | Holds;

/**
 * The expression is true of the event: neither false nor null, so that `not` of it is true where it is null.
 *
 * A field with several values is one of them in it, the same wherever the expression names the field. The expression holds
 * if it is true for some choice, and at most 100 choices are tried.
 */
export interface Holds {
  readonly kind: 'holds';
  readonly expression: Expression;
}

/** A test of one value. Case-sensitive unless it is `caseless`. */
export type Test =
  /** The value's text is exactly `value`'s text: booleans and numbers in a document compare by their JSON text. */
  | { readonly kind: 'equals'; readonly value: FieldValue; readonly caseless?: true }
  /** Whole-value match, `*` stands for any text: `parts` are the literal pieces between the asterisks (so at least two). */
  | { readonly kind: 'wildcard'; readonly parts: readonly string[]; readonly caseless?: true }
  /** Whole-value match with both wildcards. */
  | { readonly kind: 'like'; readonly pieces: readonly LikePiece[]; readonly caseless?: true }
  /** `lucene`: the whole value matches. `re2`: some part of the value matches. `source` is valid, see `checkRegex`. */
  | { readonly kind: 'regex'; readonly source: string; readonly syntax: RegexSyntax; readonly caseless?: true }
  | { readonly kind: 'range'; readonly operator: '<' | '<=' | '>' | '>='; readonly value: FieldValue }
  /** `cidr` is an IPv4 or IPv6 prefix in text form, valid. */
  | { readonly kind: 'cidr'; readonly cidr: string };

/** Text as it stands, any text also none (`*`), or any one character (`?`). */
export type LikePiece = { readonly literal: string } | 'any' | 'one';

export type RegexSyntax = 'lucene' | 're2';

/**
 * The three-valued language: what a predicate cannot say, such as a comparison of two fields or of what a function makes
 * of one. It reaches the compiler inside of `holds` alone, and the rule index not at all.
 *
 * A value that is missing is null. Null in a test, a comparison, arithmetic or a function gives null, unless it says
 * otherwise; `and`, `or` and `not` are those of Kleene, and take what is no boolean for null.
 */
export type Expression =
  /** `isDouble`: written with a fraction, as in 4.0, so that a division by it is not one of integers. */
  | { readonly kind: 'literal'; readonly value: Value; readonly isDouble?: true }
  /** The value of the field: null if it has none, the chosen one if it has several (see `Holds`). */
  | { readonly kind: 'field'; readonly field: Field }
  | {
      readonly kind: 'call';
      readonly function: FunctionRow;
      readonly arguments: readonly Expression[];
      /** Only where the function has a caseless form. */
      readonly caseless?: true;
    }
  /** Two numbers, two texts or two booleans; null if they cannot be compared. Booleans are equal or not, without an order. */
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
  /** Never null. Of a field: it does not exist. */
  | { readonly kind: 'isNull'; readonly operand: Expression }
  | { readonly kind: 'test'; readonly operand: Expression; readonly test: Test }
  /** Of two numbers, else null; so is a division by zero. Integers divide as integers, the result rounded towards zero. */
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'negate'; readonly operand: Expression }
  /** What the predicate says of the whole event, whatever is chosen of a field: true or false. */
  | { readonly kind: 'matches'; readonly predicate: Predicate };

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
