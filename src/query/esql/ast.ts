import type { DataType } from './data-type.ts';
import type { Span } from './token.ts';
import type { Value } from './value.ts';

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/** An expression as written. `depth` is the length of the longest chain below it, which the parser bounds. */
export type Expression = Span & { readonly depth: number } & (
    | { readonly kind: 'literal'; readonly type: DataType; readonly value: Value }
    | { readonly kind: 'column'; readonly name: string }
    | {
        readonly kind: 'compare';
        readonly operator: CompareOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'arithmetic';
        readonly operator: ArithmeticOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: 'negate'; readonly operand: Expression }
    | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
    | { readonly kind: 'not'; readonly operand: Expression }
    | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean }
    | { readonly kind: 'in'; readonly operand: Expression; readonly list: readonly Expression[] }
    | { readonly kind: 'like' | 'rlike'; readonly operand: Expression; readonly patterns: readonly Text[] }
    | { readonly kind: 'cast'; readonly operand: Expression; readonly type: DataType }
    | {
        readonly kind: 'call';
        readonly name: string;
        readonly nameEnd: number;
        readonly arguments: readonly Expression[];
        readonly star: boolean;
      }
  );

export type ExpressionOf<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>;

/** A text in quotation marks. */
export interface Text extends Span {
  readonly value: string;
}

/** A name; `pieces` are split at its wildcards, so there is one piece if it has none. */
export interface NamePattern extends Span {
  readonly pieces: readonly string[];
}

/** `name = expression`, or an expression named by its own text. */
export interface Assignment extends Span {
  readonly name: string;
  readonly expression: Expression;
  /** For aggregates only. */
  readonly where?: Expression;
}

export interface SortKey extends Span {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Renaming extends Span {
  readonly from: string;
  readonly to: string;
}

export type Command = Span &
  (
    | { readonly kind: 'from'; readonly metadata: readonly NamePattern[] }
    | { readonly kind: 'row'; readonly columns: readonly Assignment[] }
    | { readonly kind: 'where'; readonly condition: Expression }
    | { readonly kind: 'eval'; readonly columns: readonly Assignment[] }
    | { readonly kind: 'stats'; readonly aggregates: readonly Assignment[]; readonly groups: readonly Assignment[] }
    | { readonly kind: 'keep' | 'drop'; readonly names: readonly NamePattern[] }
    | { readonly kind: 'rename'; readonly renamings: readonly Renaming[] }
    | { readonly kind: 'grok'; readonly input: Expression; readonly patterns: readonly Text[] }
    | { readonly kind: 'dissect'; readonly input: Expression; readonly pattern: Text; readonly separator: string }
    | { readonly kind: 'mvExpand'; readonly name: string }
    | { readonly kind: 'sort'; readonly keys: readonly SortKey[] }
    | { readonly kind: 'limit'; readonly rows: number }
  );

export type CommandOf<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>;
