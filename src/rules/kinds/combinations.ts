import { utf8Length } from '../../audit/text.ts';
import type { FieldValues } from '../../ecs/field.ts';
import type { Hashes } from '../hashes.ts';
import { COMBINATION_CAP, ROW_VALUE_CAP, TERM_MAX_BYTES } from '../limits.ts';

/** One value of each field, in the order of the fields. */
export interface Combinations<T> {
  /** At most `COMBINATION_CAP`. */
  readonly kept: readonly (readonly T[])[];
  /** The number of combinations beyond the cap. */
  readonly cut: number;
}

/** Every choice of one value from each list; none if a list is empty. The first values of each list come first. */
export function combine<T>(lists: readonly (readonly T[])[], cap = COMBINATION_CAP): Combinations<T> {
  let kept: (readonly T[])[] = [[]];
  let total = 1;
  for (const values of lists) {
    total *= values.length;
    const longer: (readonly T[])[] = [];
    for (const chosen of kept) {
      for (const value of values) if (longer.length < cap) longer.push([...chosen, value]);
    }
    kept = longer;
  }
  return { kept, cut: Math.max(0, total - cap) };
}

/**
 * The values of a field as texts without duplicates, the last one first: the client chooses every hop of `sourceIPs`
 * but the last, so a forged list cannot push the true address beyond a cap.
 */
export function distinctLastFirst(values: FieldValues): string[] {
  if (values === undefined) return [];
  if (!Array.isArray(values)) return [String(values)];
  return [...new Set(values.map(String).reverse())];
}

/** What a row keeps of a field: its last values; long ones as a hash. */
export function columnOf(values: FieldValues, hashes: Hashes): string[] {
  return distinctLastFirst(values)
    .slice(0, ROW_VALUE_CAP)
    .map((value) => bounded(value, hashes));
}

/** The text, or its hash if it is long. A hash is never a chosen text, so two texts stay different. */
export function bounded(text: string, hashes: Hashes): string {
  return utf8Length(text) > TERM_MAX_BYTES ? `#${hashes.full(text)}` : text;
}
