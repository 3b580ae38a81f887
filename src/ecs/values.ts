import type { FieldValue, FieldValues } from './field.ts';

/** Distinct values that one field can have on one event. The last ones stay: in a list of hops they are the trusted ones. */
export const MAX_VALUES = 10_000;

/** What a field is that leads to an object with something in it: there, but without a value. */
export const PRESENT: readonly FieldValue[] = Object.freeze([]);

/**
 * The values as a set: none twice, at most `MAX_VALUES`, a single one by itself. Of equal values the last stays, so that the order
 * of last occurrences is kept. A short list without repeats is returned as it is.
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

/** A list of texts as a field's values, without the empty ones. */
export function textSet(list: readonly string[] | undefined): FieldValues {
  if (list === undefined) return undefined;
  return valueSet(list.includes('') ? list.filter((text) => text !== '') : list);
}

/** A text as a field's value: `""` is absent. */
export function textValue(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
