import type { Random } from './random.ts';

/** Something that takes hostile input. Another target is one file and one line in `targets.ts`. */
export interface FuzzTarget {
  readonly name: string;
  /** The next input; bytes travel as the characters 0 to 255. */
  readonly generate: (random: Random) => string;
  /** Throws if the code under test does, or breaks a promise on this input. `random` is for what goes with the input. */
  readonly check: (input: string, random: Random) => void;
  /** The longest that one check may take, in milliseconds of a processor, several times what the longest input needs in linear time. */
  readonly timeLimitMs: number;
}
