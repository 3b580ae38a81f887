export interface Backoff {
  /** The delay after the first failure, in milliseconds. */
  readonly minMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The delay after a number of consecutive failures: it doubles up to the longest, and is up to half shorter at random,
 * so that deliveries that failed together do not retry together.
 *
 * @param failures 1 or more
 * @param random returns 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, { minMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random() / 2));
}
