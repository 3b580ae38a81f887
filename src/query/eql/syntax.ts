import type { ArithmeticOperator, CompareOperator } from '../predicate/predicate.ts';

export type MatchOperator = ':' | 'in' | 'in~' | 'like' | 'like~' | 'regex' | 'regex~';

/** An expression as written. `start` and `end` are offsets into the query in UTF-16 units; `end` is exclusive. */
export type Node = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number; readonly integer: boolean }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** `optional`: written with `?`, so an unknown field is null and not a mistake. */
  | { readonly kind: 'field'; readonly name: string; readonly optional: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly caseless: boolean; readonly arguments: readonly Node[] }
  | { readonly kind: 'not'; readonly operand: Node }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Node[] }
  /** `at` is the offset of the operator. */
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly at: number;
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: 'match';
      readonly operator: MatchOperator;
      readonly negated: boolean;
      readonly at: number;
      readonly operand: Node;
      readonly list: readonly Node[];
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: 'negate'; readonly operand: Node }
);

export type FieldNode = Extract<Node, { readonly kind: 'field' }>;

/** `category where condition`; no category means `any`. */
export interface EventSyntax {
  readonly category: { readonly name: string; readonly start: number } | undefined;
  readonly condition: Node;
}

/** `[ category where condition ] by keys with runs=n`. */
export interface ItemSyntax {
  readonly event: EventSyntax;
  readonly by: readonly FieldNode[];
  readonly runs: number;
  readonly start: number;
}

export type QuerySyntax =
  | { readonly kind: 'event'; readonly event: EventSyntax }
  | {
      readonly kind: 'sequence';
      readonly start: number;
      readonly by: readonly FieldNode[];
      readonly maxspanMicros: number | undefined;
      readonly items: readonly ItemSyntax[];
      readonly until: ItemSyntax | undefined;
    };
