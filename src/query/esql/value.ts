import type { DataType } from './data-type.ts';

/** A time span: a period counts in calendar months and days, a duration in milliseconds. */
export interface TimeSpan {
  readonly months: number;
  readonly days: number;
  readonly millis: number;
}

/**
 * One value in the representation of its type in a running query: `integer`, `double` and `date` (milliseconds since
 * the epoch) are numbers; `long` is a bigint, exact over 64 bits; `ip` is an address key (see `addressKey`); `keyword`
 * and `version` are texts.
 */
export type Scalar = string | number | bigint | boolean | TimeSpan;

/**
 * The content of a column or the result of an expression: null, one value, or several (at least two, in order,
 * duplicates allowed).
 */
export type Value = Scalar | readonly Scalar[] | null;

export function isMany(value: Value): value is readonly Scalar[] {
  return Array.isArray(value);
}

/** The values as a list; empty for null. */
export function toList(value: Value): readonly Scalar[] {
  if (value === null) return [];
  return isMany(value) ? value : [value];
}

export function fromList(values: readonly Scalar[]): Value {
  const [only] = values;
  if (only === undefined) return null;
  return values.length === 1 ? only : values;
}

/** Order within one type: negative if `a` comes first. Text is ordered by code points, like its UTF-8 bytes. */
export function compareScalars(a: Scalar, b: Scalar, type: DataType): number {
  if (type === 'version') return compareVersions(String(a), String(b));
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    return codePointOrder(left) - codePointOrder(right);
  }
  return a.length - b.length;
}

/** Surrogates sort before U+E000 as UTF-16 units, and after U+FFFF as code points. */
function codePointOrder(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/**
 * By the rules of Semantic Versioning, number by number. Texts that are not versions sort as text after all versions.
 */
function compareVersions(a: string, b: string): number {
  const left = VERSION.exec(a);
  const right = VERSION.exec(b);
  if (left === null || right === null) {
    if (left === right) return compareText(a, b);
    return left === null ? 1 : -1;
  }
  const numbers = compareParts((left[1] ?? '').split('.'), (right[1] ?? '').split('.'), '0');
  if (numbers !== 0) return numbers;
  const [before, after] = [left[2], right[2]];
  if (before === after) return 0;
  if (before === undefined) return 1;
  if (after === undefined) return -1;
  return compareParts(before.split('.'), after.split('.'), undefined);
}

const VERSION = /^(\d{1,15}(?:\.\d{1,15})*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

function compareParts(a: readonly string[], b: readonly string[], absent: string | undefined): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const left = a[at] ?? absent;
    const right = b[at] ?? absent;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const numeric = [left, right].map((part) => /^\d+$/.test(part));
    if (numeric[0] === true && numeric[1] === true) {
      if (Number(left) !== Number(right)) return Number(left) - Number(right);
    } else if (numeric[0] !== numeric[1]) {
      return numeric[0] === true ? -1 : 1;
    } else if (left !== right) {
      return compareText(left, right);
    }
  }
  return 0;
}
