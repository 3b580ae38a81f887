export interface Backoff {
  /** The delay after the first failure, in milliseconds. */
  readonly minMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * How long to wait after so many failures in a row: doubled each time up to the longest, less up to half at random, so
 * that what failed together does not come back together.
 *
 * @param failures 1 or more
 * @param random gives 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, { minMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random() / 2));
}
