/**
 * The state as data: what a step may read and write in the partition of one cluster.
 *
 * Keys are logical names (`done:…`, `terms:…`; see `state-keys.ts`); a store adds its own prefix. Both stores implement
 * exactly these reads and writes, and nothing else about the protocol. Scores are integers that a double holds exactly.
 */
export type StateRead =
  /** Which of `members` are in the set. */
  | { readonly kind: 'members'; readonly key: string; readonly members: readonly string[] }
  /** The score of each of `members` in the sorted set. */
  | { readonly kind: 'scores'; readonly key: string; readonly members: readonly string[] }
  /** The entries with a score above `above`, highest score first, at most `limit`. */
  | { readonly kind: 'newest'; readonly key: string; readonly above: number; readonly limit: number }
  /** The entries with the lowest scores, lowest first, at most `limit`. */
  | { readonly kind: 'oldest'; readonly key: string; readonly limit: number }
  /** How many entries the sorted set has. */
  | { readonly kind: 'size'; readonly key: string }
  /** The values of these fields of the hash. */
  | { readonly kind: 'fields'; readonly key: string; readonly fields: readonly string[] }
  /** The whole hash. Only for hashes of bounded size. */
  | { readonly kind: 'hash'; readonly key: string };

export interface ScoredMember {
  readonly member: string;
  readonly score: number;
}

/** The result of a read, by its kind; arrays are parallel to the request. */
export type ReadResult =
  | { readonly kind: 'members'; readonly present: readonly boolean[] }
  | { readonly kind: 'scores'; readonly scores: readonly (number | undefined)[] }
  | { readonly kind: 'newest'; readonly entries: readonly ScoredMember[] }
  | { readonly kind: 'oldest'; readonly entries: readonly ScoredMember[] }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'fields'; readonly values: readonly (string | undefined)[] }
  /** In any order. */
  | { readonly kind: 'hash'; readonly entries: readonly (readonly [field: string, value: string])[] };

/**
 * A write. `keepMs` is the least time that the key must live from now (store's clock): it never shortens a longer time,
 * and a key ever written without it does not expire.
 */
export type StateWrite =
  | { readonly kind: 'addMembers'; readonly key: string; readonly members: readonly string[]; readonly keepMs?: number }
  /** `raise` only raises an existing score; `set` overwrites it; `absent` keeps it. */
  | {
      readonly kind: 'setScores';
      readonly key: string;
      readonly mode: 'set' | 'raise' | 'absent';
      readonly entries: readonly ScoredMember[];
      readonly keepMs?: number;
    }
  | { readonly kind: 'removeScores'; readonly key: string; readonly members: readonly string[] }
  /** Removes the entries with a score below `below`. */
  | { readonly kind: 'pruneScores'; readonly key: string; readonly below: number }
  | {
      readonly kind: 'setFields';
      readonly key: string;
      readonly mode: 'set' | 'absent';
      readonly fields: Readonly<Record<string, string>>;
      readonly keepMs?: number;
    }
  /** Adds an integer to a decimal counter; a missing (or non-integer) field counts as 0. */
  | {
      readonly kind: 'addToField';
      readonly key: string;
      readonly field: string;
      readonly by: number;
      readonly keepMs?: number;
    }
  | { readonly kind: 'removeFields'; readonly key: string; readonly fields: readonly string[] }
  | { readonly kind: 'removeKey'; readonly key: string }
  /** Puts the alert into `due:<sink>` at the store's clock + `delayMs`, unless it is already due there. */
  | { readonly kind: 'markDue'; readonly sink: string; readonly alertId: string; readonly delayMs: number };

/**
 * The result of a step: it needs more named values (and runs again with all results so far, in request order), or it
 * has decided. A step is pure and synchronous, because it may also run again after a conflict with another replica.
 */
export type Step<T> =
  | { readonly kind: 'need'; readonly reads: readonly StateRead[] }
  | { readonly kind: 'commit'; readonly writes: readonly StateWrite[]; readonly result: T };
