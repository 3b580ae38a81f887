/** What a condition allows for a single-valued request attribute: one of these, or none of these. `""` means absent. */
export interface Values {
  readonly kind: 'in' | 'notIn';
  readonly values: ReadonlySet<string>;
}

/** Nothing is required. */
export const ANY: Values = { kind: 'notIn', values: new Set() };

export function oneOf(...values: readonly string[]): Values {
  return { kind: 'in', values: new Set(values) };
}

export function noneOf(...values: readonly string[]): Values {
  return { kind: 'notIn', values: new Set(values) };
}

export function allows({ kind, values }: Values, value: string): boolean {
  return values.has(value) === (kind === 'in');
}

export function both(a: Values, b: Values): Values {
  if (a.kind === 'in') return { kind: 'in', values: new Set([...a.values].filter((value) => allows(b, value))) };
  if (b.kind === 'in') return both(b, a);
  return { kind: 'notIn', values: a.values.union(b.values) };
}

export function either(a: Values, b: Values): Values {
  if (a.kind === 'in' && b.kind === 'in') return { kind: 'in', values: a.values.union(b.values) };
  if (a.kind === 'in') return { kind: 'notIn', values: b.values.difference(a.values) };
  if (b.kind === 'in') return either(b, a);
  return { kind: 'notIn', values: a.values.intersection(b.values) };
}

export function isImpossible({ kind, values }: Values): boolean {
  return kind === 'in' && values.size === 0;
}

export function isSame(a: Values, b: Values): boolean {
  return a.kind === b.kind && isSameSet(a.values, b.values);
}

export function isSameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

/**
 * What a condition allows where several values or patterns may apply at once, such as the groups of a user: at least
 * one of `some`, if given, and none of `none`.
 */
export interface Loose {
  readonly some?: ReadonlySet<string>;
  readonly none: ReadonlySet<string>;
}

export const LOOSE: Loose = { none: new Set() };

/** Possibly more than both allow: of two required lists, the shorter is kept. */
export function bothLoose(a: Loose, b: Loose): Loose {
  const [shorter] = [a.some, b.some].filter((some) => some !== undefined).sort((x, y) => x.size - y.size);
  const none = a.none.union(b.none);
  return shorter === undefined ? { none } : { some: shorter, none };
}

export function eitherLoose(a: Loose, b: Loose): Loose {
  const none = a.none.intersection(b.none);
  return a.some === undefined || b.some === undefined ? { none } : { some: a.some.union(b.some), none };
}

export function isSameLoose(a: Loose, b: Loose): boolean {
  if (!isSameSet(a.none, b.none)) return false;
  if (a.some === undefined || b.some === undefined) return a.some === b.some;
  return isSameSet(a.some, b.some);
}
