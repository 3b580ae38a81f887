import type { DataType } from './data-type.ts';
import type { Evaluate, Row, Run } from './run.ts';
import type { Span } from './token.ts';
import type { Scalar, Value } from './value.ts';

export interface Parameter {
  readonly name: string;
  /** The types that it takes. */
  readonly types: readonly DataType[];
  readonly optional?: true;
  /** It must not read a column. */
  readonly constant?: true;
  /** It has the type of the first argument that has this mark and is not null; `widens`: a number of a smaller type becomes one of it. */
  readonly same?: true | 'widens';
}

/** What a function knows of its call beside the values. */
export interface Call {
  readonly place: Span;
  /** The types of the arguments; `null` for the literal null. */
  readonly types: readonly DataType[];
  readonly returns: DataType;
  readonly now: number;
  readonly spend: (steps: number) => void;
  /** Notes why there is no value, and is null. */
  readonly warn: (message: string) => null;
}

interface RowBase {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter may stand any number of times. */
  readonly variadic?: true;
  readonly returns: DataType | ((types: readonly DataType[]) => DataType);
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** What stands at a place, where `parameters` cannot say it. */
  readonly parameterAt?: (index: number, count: number) => Parameter;
  /** What is wrong with arguments that are written in the query, beyond their types; `undefined` for all others. */
  readonly check?: (literals: readonly (Value | undefined)[]) => string | undefined;
}

/**
 * A function, all of it: adding one is adding one row. None throws, whatever the values are.
 *
 * `scalar`: it sees one value for each argument; null and several values give null before. `each`: the same, and the first argument's
 * values one by one. `whole`: it sees everything. `lazy`: it decides which arguments are computed.
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

/** The longest text that a function makes, as in Elasticsearch. In UTF-16 units. */
export const LONGEST_TEXT = 1_048_576;
/** The most values that a function makes. */
export const MOST_VALUES = 10_000;

export function parameter(name: string, ...types: readonly DataType[]): Parameter {
  return { name, types };
}

export function optional(name: string, ...types: readonly DataType[]): Parameter {
  return { name, types, optional: true };
}
