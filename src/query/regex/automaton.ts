import { type Alphabet, alphabetOf } from './alphabet.ts';
import { createLazyMatcher, finalPlaces, type Nondeterministic, type Places } from './lazy-matcher.ts';
import type { LuceneNode } from './lucene-syntax.ts';

/**
 * Limits on the cost of preparing one expression, and so on its memory. Lucene has such limits too
 * (`determinizeWorkLimit`), and Elasticsearch refuses expressions above them.
 */
const MOST_STATES = 10_000;
const MOST_PLACES = 50_000;
const MOST_STEPS = 4_000_000;
/** The most places that can be active at once; a character may need a lookup in each. */
const MOST_AT_ONCE = 400;

/** A rejecting state without a way out. */
const DEAD = -1;

/** A deterministic automaton: state 0 is the start; `next[state * size + class]` is a state or `DEAD`. */
interface Automaton {
  readonly accepts: readonly boolean[];
  readonly next: readonly number[];
}

/** Raised and caught in this file when an expression costs too much. */
class TooComplexError extends Error {}

/**
 * Whole-text matching of an expression: one lookup per code point, and for texts unlike earlier ones at most one per
 * place. States are built on demand. An expression with more places than the limit has all its states built here, so
 * only one is active at a time. Undefined if there would be too many: counts after a wildcard, complements and
 * intersections can need exponentially many.
 */
export function compileAutomaton(node: LuceneNode): ((text: string) => boolean) | undefined {
  const alphabet = alphabetOf(node);
  try {
    return createLazyMatcher(createBuilder(alphabet).build(node), alphabet);
  } catch (error) {
    if (error instanceof TooComplexError) return undefined;
    throw error;
  }
}

function createBuilder(alphabet: Alphabet) {
  const { size } = alphabet;
  const known = new Map<LuceneNode, Automaton>();
  let steps = 0;

  function spend(cost: number): void {
    steps += cost;
    if (steps > MOST_STEPS) throw new TooComplexError();
  }

  function build(node: LuceneNode): Nondeterministic {
    const automaton = placesOf(node);
    return automaton.places.free.length <= MOST_AT_ONCE ? automaton : placesOf(determinise(automaton));
  }

  function placesOf(what: LuceneNode | Automaton): Nondeterministic {
    const places: Places = { free: [], moves: [] };
    const start = addPlace(places);
    const end = 'kind' in what ? append(what, start, places) : appendAutomaton(what, start, places);
    return { places, start, end };
  }

  function automatonOf(node: LuceneNode): Automaton {
    const automaton = known.get(node) ?? makeAutomaton(node);
    known.set(node, automaton);
    return automaton;
  }

  function makeAutomaton(node: LuceneNode): Automaton {
    if (node.kind === 'complement') return complement(automatonOf(node.operand));
    if (node.kind === 'intersection') return node.parts.map(automatonOf).reduce(intersection);
    return determinise(placesOf(node));
  }

  function addPlace({ free, moves }: Places): number {
    if (free.length === MOST_PLACES) throw new TooComplexError();
    free.push([]);
    moves.push([]);
    return free.length - 1;
  }

  /** Adds the places of a node that begins at a place; returns the place where it ends. */
  function append(node: LuceneNode, from: number, places: Places): number {
    spend(1);
    switch (node.kind) {
      case 'character': {
        const to = addPlace(places);
        places.moves[from]?.push({ classes: alphabet.classesOf(node.ranges), to });
        return to;
      }
      case 'sequence':
        return node.parts.reduce((at, part) => append(part, at, places), from);
      case 'union': {
        const to = addPlace(places);
        for (const part of node.parts) {
          const start = addPlace(places);
          places.free[from]?.push(start);
          places.free[append(part, start, places)]?.push(to);
        }
        return to;
      }
      case 'repeat':
        return appendRepeat(node, from, places);
      case 'complement':
      case 'intersection':
        return appendAutomaton(automatonOf(node), from, places);
    }
  }

  function appendRepeat(
    { operand, least, most }: Extract<LuceneNode, { readonly kind: 'repeat' }>,
    from: number,
    places: Places,
  ): number {
    let at = from;
    for (let count = 0; count < least; count += 1) at = append(operand, at, places);
    const to = addPlace(places);
    if (most === Number.POSITIVE_INFINITY) {
      const again = addPlace(places);
      places.free[at]?.push(again);
      places.free[append(operand, again, places)]?.push(again);
      places.free[again]?.push(to);
      return to;
    }
    for (let count = least; count < most; count += 1) {
      places.free[at]?.push(to);
      at = append(operand, at, places);
    }
    places.free[at]?.push(to);
    return to;
  }

  function appendAutomaton({ accepts, next }: Automaton, from: number, places: Places): number {
    const to = addPlace(places);
    const placeOf = accepts.map(() => addPlace(places));
    const [first] = placeOf;
    if (first !== undefined) places.free[from]?.push(first);
    for (const [state, place] of placeOf.entries()) {
      if (accepts[state]) places.free[place]?.push(to);
      const classesTo = new Map<number, number[]>();
      for (let index = 0; index < size; index += 1) {
        const target = placeOf[next[state * size + index] ?? DEAD];
        if (target !== undefined) classesTo.set(target, [...(classesTo.get(target) ?? []), index]);
      }
      spend(size);
      for (const [target, classes] of classesTo) places.moves[place]?.push({ classes, to: target });
    }
    return to;
  }

  /** The automaton whose states are the sets of places that can be active at once. */
  function determinise({ places, start, end }: Nondeterministic): Automaton {
    const { moves } = places;
    const final = finalPlaces(places, end, size);
    const stateOf = new Map<string, number>();
    const sets: (readonly number[])[] = [];
    const accepts: boolean[] = [];
    const next: number[] = [];

    const stateFor = (targets: readonly number[]): number => {
      const reached = closure(places, targets);
      // Other places cannot change the result then. Without this, a `.*` at the end would multiply the states before
      // it.
      const anything = reached.find((place) => final.has(place));
      const all = (anything === undefined ? reached : closure(places, [anything]))
        .filter((place) => place === end || (moves[place]?.length ?? 0) > 0)
        .sort((a, b) => a - b);
      const key = all.join();
      const known = stateOf.get(key);
      if (known !== undefined) return known;
      if (sets.length === MOST_STATES) throw new TooComplexError();
      stateOf.set(key, sets.length);
      accepts.push(all.includes(end));
      return sets.push(all) - 1;
    };

    // Characters that do not continue a word mostly lead to the same states from everywhere.
    const known = new Map<string, number>();
    const stateBehind = (targets: readonly number[]): number => {
      if (targets.length === 0) return DEAD;
      spend(targets.length);
      const key = targets.join();
      const state = known.get(key) ?? stateFor(targets);
      known.set(key, state);
      return state;
    };
    stateFor([start]);
    for (let state = 0; state < sets.length; state += 1) {
      // Where any character leads: most classes lead nowhere else.
      const common: number[] = [];
      const own = new Map<number, number[]>();
      for (const place of sets[state] ?? []) {
        for (const { classes, to } of moves[place] ?? []) {
          spend(classes.length);
          if (classes.length === size) {
            common.push(to);
            continue;
          }
          for (const index of classes) {
            const targets = own.get(index);
            if (targets === undefined) own.set(index, [to]);
            else targets.push(to);
          }
        }
      }
      spend(size);
      const others = stateBehind(common);
      for (let index = 0; index < size; index += 1) {
        const targets = own.get(index);
        next.push(targets === undefined ? others : stateBehind([...common, ...targets]));
      }
    }
    return { accepts, next };
  }

  /** The places, and all places reachable from them without a character. */
  function closure({ free }: Places, places: readonly number[]): readonly number[] {
    const reached = new Set(places);
    for (const place of reached) {
      const more = free[place] ?? [];
      spend(1 + more.length);
      for (const to of more) reached.add(to);
    }
    return [...reached];
  }

  function complement({ accepts, next }: Automaton): Automaton {
    const dead = accepts.length;
    return {
      accepts: [...accepts.map((accepted) => !accepted), true],
      next: [...next.map((to) => (to === DEAD ? dead : to)), ...Array.from({ length: size }, () => dead)],
    };
  }

  function intersection(one: Automaton, two: Automaton): Automaton {
    const stateOf = new Map<string, number>();
    const pairs: (readonly [number, number])[] = [];
    const accepts: boolean[] = [];
    const next: number[] = [];
    const stateFor = (a: number, b: number): number => {
      if (a === DEAD || b === DEAD) return DEAD;
      const key = `${a},${b}`;
      const known = stateOf.get(key);
      if (known !== undefined) return known;
      if (pairs.length === MOST_STATES) throw new TooComplexError();
      stateOf.set(key, pairs.length);
      accepts.push(one.accepts[a] === true && two.accepts[b] === true);
      return pairs.push([a, b]) - 1;
    };
    stateFor(0, 0);
    for (let state = 0; state < pairs.length; state += 1) {
      const [a = 0, b = 0] = pairs[state] ?? [];
      spend(size);
      for (let index = 0; index < size; index += 1) {
        next.push(stateFor(one.next[a * size + index] ?? DEAD, two.next[b * size + index] ?? DEAD));
      }
    }
    return { accepts, next };
  }

  return { build };
}
