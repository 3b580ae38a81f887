import type { FieldType } from '../../../ecs/field.ts';
import type { TextPattern } from './sigma-text.ts';

/** A field of a Sigma rule, and what it is here. */
export interface SearchField {
  /** As the rule names it. */
  readonly sigma: string;
  /** The name that a query uses. */
  readonly name: string;
  readonly type: FieldType;
  /** Set if no audit event has it, see `whyNever`. */
  readonly never?: true;
}

/** What a Sigma rule asks of one event, on its way from YAML to a query. Nodes may be shared. */
export type Search =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Search[] }
  | { readonly kind: 'not'; readonly operand: Search }
  | Leaf;

export type Leaf =
  /** Some value of the field matches one of the patterns, of which none is empty or a `*` alone. */
  | {
      readonly kind: 'text';
      readonly field: SearchField;
      readonly patterns: readonly TextPattern[];
      readonly cased: boolean;
    }
  /** Some value of the field is one of the numbers; a field of type keyword is read as a number. */
  | { readonly kind: 'number'; readonly field: SearchField; readonly values: readonly number[] }
  | {
      readonly kind: 'comparison';
      readonly field: SearchField;
      readonly operator: ComparisonOperator;
      readonly value: number;
    }
  | { readonly kind: 'boolean'; readonly field: SearchField; readonly value: boolean }
  | { readonly kind: 'exists'; readonly field: SearchField }
  /** Some address of the field is in one of the ranges. */
  | { readonly kind: 'cidr'; readonly field: SearchField; readonly ranges: readonly string[] }
  /** A match of one of the regular expressions is in some value of the field. */
  | { readonly kind: 'regex'; readonly field: SearchField; readonly sources: readonly string[] };

export type ComparisonOperator = '<' | '<=' | '>' | '>=';

/** Both or either of several, without needless nesting. At least one operand. */
export function joined(kind: 'and' | 'or', operands: readonly Search[]): Search {
  const flat = operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand]));
  const [only] = flat;
  return only !== undefined && flat.length === 1 ? only : { kind, operands: flat };
}

export function negated(operand: Search): Search {
  return operand.kind === 'not' ? operand.operand : { kind: 'not', operand };
}
