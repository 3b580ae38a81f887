/**
 * The value of an expression: a text, a number (integers are doubles too, dates are microseconds since the epoch), a
 * boolean, or null.
 */
export type Value = string | number | boolean | null;

/** The remaining budget of an evaluation. A function that reads or builds text spends its length. */
export interface Spending {
  /** True if enough was left; otherwise the function returns null, and the whole expression is null. */
  spend(steps: number): boolean;
}

/** How a function is called, apart from its arguments. */
export interface CallForm {
  readonly caseless: boolean;
  /** One of the arguments is a fraction by type, whatever its value. */
  readonly isDouble: boolean;
}

export type ParameterType = 'string' | 'number' | 'boolean' | 'ip' | 'any';

/** An argument of a function, for checks of a parser and for reference pages. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly optional?: true;
  /** It must be a constant. */
  readonly constant?: true;
}

/** A complete function. To add a function, add a row. */
export interface FunctionRow {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter may be repeated. */
  readonly variadic?: true;
  /** It has a case-insensitive form, written with `~` after the name in EQL. */
  readonly caseless?: true;
  readonly returns: ParameterType;
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** Its result is a fraction if one of its arguments is (see `CallForm`). */
  readonly isArithmetic?: true;
  /** Never throws. `values` has one entry for each written argument. */
  readonly evaluate: (values: readonly Value[], spending: Spending, form: CallForm) => Value;
}
