import type { Alphabet } from './alphabet.ts';

/**
 * A nondeterministic automaton: places, and for each the places reached without a character or by a character of a
 * class, in ascending order.
 */
export interface Places {
  readonly free: number[][];
  readonly moves: { readonly classes: readonly number[]; readonly to: number }[][];
}

/** Places, with the one where a match begins and the one where it ends. */
export interface Nondeterministic {
  readonly places: Places;
  readonly start: number;
  readonly end: number;
}

/** Limits for one expression: 256 KiB of transitions, and states of as many places as can be active at once. */
const MOST_TRANSITIONS = 65_536;
const MOST_STATES = 1_000;
const LEAST_STATES = 16;

/** Special states: rejecting without a way out; not yet built; accepting whatever follows. */
const DEAD = -1;
const UNKNOWN = -2;
const ANYTHING = -3;

/** Places as bits, 32 per word. */
type PlaceSet = Uint32Array;

/** Replaces the set of a state that accepts whatever follows. */
const EVERYTHING: PlaceSet = new Uint32Array(0);

/**
 * Whole-text matching. A state is a set of places that can be active at once. States are built as texts reach them:
 * most are never reached, and building all would be too expensive. When too many are kept, they are dropped and
 * rebuilt: a character then costs a look at each place instead of one lookup.
 */
export function createLazyMatcher(automaton: Nondeterministic, { size, classOf }: Alphabet): (text: string) => boolean {
  const { end } = automaton;
  const { moves } = automaton.places;
  const closureOf = closuresOf(automaton, size);
  const mostStates = Math.max(LEAST_STATES, Math.min(MOST_STATES, Math.floor(MOST_TRANSITIONS / size)));
  const stateOf = new Map<string, number>();
  const sets: PlaceSet[] = [];
  let next = new Int32Array(LEAST_STATES * size);

  function add(set: PlaceSet, key: string): number {
    const state = sets.push(set) - 1;
    stateOf.set(key, state);
    if (sets.length * size > next.length) {
      const grown = new Int32Array(2 * next.length);
      grown.set(next);
      next = grown;
    }
    next.fill(UNKNOWN, state * size, sets.length * size);
    return state;
  }

  /** The places after a character of the class. */
  function setBehind(set: PlaceSet, index: number): PlaceSet {
    const behind = new Uint32Array(set.length);
    for (let at = 0; at < set.length; at += 1) {
      for (let bits = set[at] ?? 0; bits !== 0; bits &= bits - 1) {
        for (const { classes, to } of moves[at * 32 + 31 - Math.clz32(bits & -bits)] ?? []) {
          if (!isAmong(classes, index)) continue;
          const closure = closureOf(to);
          if (closure === EVERYTHING) return EVERYTHING;
          for (let word = 0; word < behind.length; word += 1) behind[word] = (behind[word] ?? 0) | (closure[word] ?? 0);
        }
      }
    }
    return behind;
  }

  /** The state after a character of the class, cached from then on. */
  function step(state: number, index: number): number {
    const behind = setBehind(sets[state] ?? EVERYTHING, index);
    const key = keyOf(behind);
    const known = behind === EVERYTHING ? ANYTHING : key === '' ? DEAD : stateOf.get(key);
    if (known === undefined && sets.length >= mostStates) {
      forget();
      return stateOf.get(key) ?? add(behind, key);
    }
    const to = known ?? add(behind, key);
    next[state * size + index] = to;
    return to;
  }

  const first = closureOf(automaton.start);
  function forget(): void {
    stateOf.clear();
    sets.length = 0;
    add(first, keyOf(first));
  }
  if (first === EVERYTHING) return () => true;
  forget();

  return (text) => {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      let codePoint = text.charCodeAt(at);
      if (codePoint >= 0xd800 && codePoint < 0xdc00) {
        codePoint = text.codePointAt(at) ?? codePoint;
        if (codePoint > 0xffff) at += 1;
      }
      const index = classOf(codePoint);
      const to = next[state * size + index] ?? UNKNOWN;
      state = to === UNKNOWN ? step(state, index) : to;
      if (state < 0) return state === ANYTHING;
    }
    return has(sets[state] ?? EVERYTHING, end);
  };
}

/** A set as text; empty for the empty set. */
function keyOf(set: PlaceSet): string {
  let key = '';
  let any = 0;
  for (let at = 0; at < set.length; at += 1) {
    const word = set[at] ?? 0;
    any |= word;
    key += String.fromCharCode(word >>> 16, word & 0xffff);
  }
  return any === 0 ? '' : key;
}

function has(set: PlaceSet, place: number): boolean {
  return (((set[place >>> 5] ?? 0) >>> (place & 31)) & 1) === 1;
}

/** The place itself and all reached from it without a character, except those that only lead on. */
function closuresOf({ places, end }: Nondeterministic, size: number): (place: number) => PlaceSet {
  const { free, moves } = places;
  const final = finalPlaces(places, end, size);
  const closures: PlaceSet[] = [];
  return (place) => {
    const known = closures[place];
    if (known !== undefined) return known;
    const reached = reachedFrom(places, place);
    const closure = reached.isDisjointFrom(final) ? new Uint32Array(Math.ceil(free.length / 32)) : EVERYTHING;
    if (closure !== EVERYTHING) {
      for (const each of reached) {
        const tells = each === end || (moves[each] ?? []).length > 0;
        if (tells) closure[each >>> 5] = (closure[each >>> 5] ?? 0) | (1 << (each & 31));
      }
    }
    closures[place] = closure;
    return closure;
  };
}

/** Whether a sorted list contains a number. */
function isAmong(numbers: readonly number[], sought: number): boolean {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? sought) < sought) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === sought;
}

/**
 * The places from which any text matches: every character leads back to the place, and it reaches the end without a
 * character.
 */
export function finalPlaces(places: Places, end: number, size: number): ReadonlySet<number> {
  const final = new Set<number>();
  for (const [place, moves] of places.moves.entries()) {
    if (moves.reduce((sum, { classes }) => sum + classes.length, 0) < size) continue;
    const classes = new Set(moves.flatMap((move) => move.classes));
    if (classes.size < size || !reachedFrom(places, place).has(end)) continue;
    if (moves.every(({ to }) => reachedFrom(places, to).has(place))) final.add(place);
  }
  return final;
}

/** The place and all places reachable from it without a character. */
function reachedFrom({ free }: Places, place: number): ReadonlySet<number> {
  const reached = new Set([place]);
  for (const each of reached) for (const to of free[each] ?? []) reached.add(to);
  return reached;
}
