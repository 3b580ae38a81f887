/**
 * What an expression can be: a text, a number (integers are doubles too, a date is microseconds since the epoch), a
 * boolean, or nothing.
 */
export type Value = string | number | boolean | null;

/** What the evaluation may still cost. A function that reads or builds text spends its length. */
export interface Spending {
  /** True if there was enough left; else the function gives null, and the whole expression is null. */
  spend(steps: number): boolean;
}

/** How a function is called, apart from its arguments. */
export interface CallForm {
  readonly caseless: boolean;
  /** One of the arguments is a fraction by what it is, not only by its value. */
  readonly isDouble: boolean;
}

export type ParameterType = 'string' | 'number' | 'boolean' | 'ip' | 'any';

/** An argument of a function, for the checks of a parser and the reference pages. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly optional?: true;
  /** It has to be a constant. */
  readonly constant?: true;
}

/** A function, all of it: adding one is adding one row. */
export interface FunctionRow {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter may stand any number of times. */
  readonly variadic?: true;
  /** It has a form that ignores case, written with `~` after the name in EQL. */
  readonly caseless?: true;
  readonly returns: ParameterType;
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** Its result is a fraction where one of its arguments is (see `CallForm`). */
  readonly isArithmetic?: true;
  /** Never throws. `values` has as many entries as arguments were written. */
  readonly evaluate: (values: readonly Value[], spending: Spending, form: CallForm) => Value;
}
