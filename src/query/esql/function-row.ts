import type { DataType } from './data-type.ts';
import type { Evaluate, Row, Run } from './run.ts';
import type { Span } from './token.ts';
import type { Scalar, Value } from './value.ts';

export interface Parameter {
  readonly name: string;
  /** The accepted types. */
  readonly types: readonly DataType[];
  readonly optional?: true;
  /** It must not read a column. */
  readonly constant?: true;
  /**
   * The result has the type of the first non-null argument with this mark; `widens`: a number of a smaller type is
   * converted to it.
   */
  readonly same?: true | 'widens';
}

/** The call of a function, besides its values. */
export interface Call {
  readonly place: Span;
  /** The types of the arguments; `null` for the literal null. */
  readonly types: readonly DataType[];
  readonly returns: DataType;
  readonly now: number;
  readonly spend: (steps: number) => void;
  /** Records a warning and returns null. */
  readonly warn: (message: string) => null;
}

interface RowBase {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter may be repeated. */
  readonly variadic?: true;
  readonly returns: DataType | ((types: readonly DataType[]) => DataType);
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** Checks the argument at a position, if `parameters` cannot express the rule. */
  readonly parameterAt?: (index: number, count: number) => Parameter;
  /** What is wrong with constant arguments, beyond their types; called with `undefined` for all others. */
  readonly check?: (literals: readonly (Value | undefined)[]) => string | undefined;
}

/**
 * A complete function. To add a function, add a row. None throws, whatever the values.
 *
 * `scalar`: gets one value for each argument; null or several values give null without a call. `each`: the same, called
 * for each value of the first argument. `whole`: gets all values. `lazy`: decides which arguments to compute.
 */
export type FunctionRow = RowBase &
  (
    | { readonly kind: 'scalar'; readonly evaluate: (values: readonly Scalar[], call: Call) => Value }
    | { readonly kind: 'each'; readonly evaluate: (values: readonly Scalar[], call: Call) => Scalar | null }
    | { readonly kind: 'whole'; readonly evaluate: (values: readonly Value[], call: Call) => Value }
    | {
        readonly kind: 'lazy';
        readonly evaluate: (operands: readonly Evaluate[], row: Row, run: Run, place: Span) => Value;
      }
  );

/** The longest text that a function may build, as in Elasticsearch. In UTF-16 units. */
export const LONGEST_TEXT = 1_048_576;
/** The most values that a function may return. */
export const MOST_VALUES = 10_000;

export function parameter(name: string, ...types: readonly DataType[]): Parameter {
  return { name, types };
}

export function optional(name: string, ...types: readonly DataType[]): Parameter {
  return { name, types, optional: true };
}
