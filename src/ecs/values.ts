import type { FieldValue, FieldValues } from './field.ts';

/**
 * The most distinct values that a field can have on one event. The last ones are kept: in a list of hops they are the
 * trusted ones.
 */
export const MAX_VALUES = 10_000;

/** The value of a field that leads to a non-empty object: the field exists but has no value. */
export const PRESENT: readonly FieldValue[] = Object.freeze([]);

/**
 * The values as a set: no duplicates, at most `MAX_VALUES`, a single one unwrapped. The last of equal values is kept,
 * so the order is that of last occurrences. A short list without duplicates is returned as it is.
 */
export function valueSet(values: readonly FieldValue[]): FieldValues {
  if (values.length === 0) return undefined;
  if (values.length === 1) return values[0];
  if (values.length <= 8 && isDistinct(values)) return values;
  const distinct = [...new Set(values.toReversed())].slice(0, MAX_VALUES).reverse();
  return distinct.length === 1 ? distinct[0] : distinct;
}

function isDistinct(values: readonly FieldValue[]): boolean {
  for (let index = 0; index < values.length - 1; index++) {
    if (values.includes(values[index] ?? '', index + 1)) return false;
  }
  return true;
}

/** A list of texts as field values, without the empty ones. */
export function textSet(list: readonly string[] | undefined): FieldValues {
  if (list === undefined) return undefined;
  return valueSet(list.includes('') ? list.filter((text) => text !== '') : list);
}

/** A text as a field value: `""` is absent. */
export function textValue(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
