import type { Alphabet } from './alphabet.ts';

/**
 * A nondeterministic automaton: places, and where one comes from each for free or by a character of one of some
 * classes, in ascending order.
 */
export interface Places {
  readonly free: number[][];
  readonly moves: { readonly classes: readonly number[]; readonly to: number }[][];
}

/** Places with the one where a match begins and the one where it ends. */
export interface Nondeterministic {
  readonly places: Places;
  readonly start: number;
  readonly end: number;
}

/** The most that one expression holds: 256 KiB of transitions, and states of as many places as one can be in at once. */
const MOST_TRANSITIONS = 65_536;
const MOST_STATES = 1_000;
const LEAST_STATES = 16;

/** In place of a state: it cannot be left and does not accept; nobody has come there yet; whatever follows matches. */
const DEAD = -1;
const UNKNOWN = -2;
const ANYTHING = -3;

/** Places as bits, 32 a word. */
type PlaceSet = Uint32Array;

/** In place of the set of one from which whatever follows matches. */
const EVERYTHING: PlaceSet = new Uint32Array(0);

/**
 * Whole-text matching. A state is a set of places that one can be in at once; states are made as texts lead to them,
 * since most of an expression's states are never met, and to make them all is what preparing it would cost. Where the
 * states held become too many, they are forgotten and made anew: a character then costs a look at each place, and else
 * one look-up.
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

  /** Where one can be behind a character of the class. */
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

  /** The state behind a character of the class, which is known from then on. */
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

/** A set as text; empty for the empty one. */
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

/** What is reached from a place for free, and the place itself, without those that only lead on. */
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

/** Is a number among some in ascending order? */
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

/** The places from which any text matches: each character leads back to the place, and one gets from it to the end for free. */
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

/** The place and all that can be reached from it for free. */
function reachedFrom({ free }: Places, place: number): ReadonlySet<number> {
  const reached = new Set([place]);
  for (const each of reached) for (const to of free[each] ?? []) reached.add(to);
  return reached;
}
