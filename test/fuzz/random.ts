/** Numbers that a seed determines. */
export interface Random {
  /** An integer from 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(choices: readonly [T, ...T[]]) => T;
}

/** The mulberry32 generator: small, and good enough to find bugs with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    below,
    chance: (probability) => fraction() < probability,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}

/** Up to `length` characters of the range of a byte. */
export function randomBytes(random: Random, length: number): string {
  return Array.from({ length: random.below(length + 1) }, () => String.fromCharCode(random.below(256))).join('');
}

/** A text with a few changes: pieces cut out, doubled, moved, or replaced by one of `tokens`. */
export function mutate(random: Random, text: string, tokens: readonly [string, ...string[]]): string {
  let mutated = text;
  for (let left = 1 + random.below(4); left > 0; left -= 1) {
    const from = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, from + random.below(8));
    const piece = mutated.slice(from, to);
    const replacement = random.pick(['', piece + piece, random.pick(tokens), randomBytes(random, 3)]);
    mutated = mutated.slice(0, from) + replacement + mutated.slice(to);
  }
  return mutated;
}
