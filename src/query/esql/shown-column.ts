import { toText } from './convert.ts';
import type { DataType } from './data-type.ts';
import { toList, type Value } from './value.ts';

/** A column as shown in an alert. */
export interface ShownColumn {
  readonly name: string;
  readonly value: string;
}

/** Limits on the values shown for a column, and on the UTF-16 units of each. */
const MOST_VALUES = 10;
const LONGEST_VALUE = 512;

/**
 * The distinct values of each column over the rows in order, with the number left out; columns without values are
 * omitted.
 * @param rows the values of each row, parallel to the columns
 */
export function showColumns(
  columns: readonly { readonly name: string; readonly type: DataType }[],
  rows: readonly (readonly Value[])[],
): readonly ShownColumn[] {
  return columns.flatMap(({ name, type }, index): readonly ShownColumn[] => {
    const values = new Set<string>();
    for (const row of rows) {
      for (const value of toList(row[index] ?? null)) values.add(toText(value, type).slice(0, LONGEST_VALUE));
    }
    if (values.size === 0) return [];
    const shown = [...values].slice(0, MOST_VALUES).map((value) => value.toWellFormed());
    const more = values.size - shown.length;
    return [{ name, value: `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}` }];
  });
}
