/** A term that is known, with how near it is to another. */
export interface Nearness {
  /** From 0, nothing in common, to 1, the same. */
  readonly likeness: number;
  /** The values, one for each field; undefined for those of a term that is remembered by its hash. */
  readonly values: readonly string[];
}

/** Long values are compared by their beginning. */
const MOST_COMPARED = 256;

/**
 * The terms most like the values, the most like first: for a person who asks whether a new one is a variant of what is known.
 * Each field counts the same; of the values of a field, what counts is how many pairs of neighbouring characters they share
 * (Sørensen and Dice), so that a new version of a client is near the old one wherever in the text it stands. Pure, and linear in the text.
 * @param terms as they are remembered; what is not the text of as many values is left out, and so are the values themselves
 */
export function nearestTerms<T extends { readonly term: string }>(
  values: readonly string[],
  terms: readonly T[],
  most: number,
): readonly (T & Nearness)[] {
  const sought = values.map(pairsOf);
  const near: (T & Nearness)[] = [];
  for (const each of terms) {
    const known = termValues(each.term);
    if (known === undefined || known.length !== values.length) continue;
    const shares = known.map((value, i) => (value === values[i] ? 1 : dice(sought[i] ?? new Map(), pairsOf(value))));
    const likeness = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, values.length);
    if (likeness === 1 && known.every((value, i) => value === values[i])) continue;
    near.push({ ...each, likeness, values: known });
    if (near.length > 4 * most) keepBest(near, most);
  }
  keepBest(near, most);
  return near.filter(({ likeness }) => likeness > 0);
}

/** The values of a term; undefined for one that is remembered by its hash. */
export function termValues(term: string): readonly string[] | undefined {
  if (!term.startsWith('[')) return undefined;
  try {
    const values: unknown = JSON.parse(term);
    return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}

function keepBest(near: Nearness[], most: number): void {
  near.sort((a, b) => b.likeness - a.likeness);
  near.length = Math.min(near.length, most);
}

/** How often each pair of neighbouring characters occurs; of a text of one character, that. */
function pairsOf(text: string): ReadonlyMap<string, number> {
  const compared = text.slice(0, MOST_COMPARED).toLowerCase();
  const pairs = new Map<string, number>();
  for (let i = 0; i < Math.max(1, compared.length - 1); i++) {
    const pair = compared.slice(i, i + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

function dice(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const [pair, count] of a) shared += Math.min(count, b.get(pair) ?? 0);
  const total = (pairs: ReadonlyMap<string, number>) => pairs.values().reduce((sum, count) => sum + count, 0);
  return (2 * shared) / (total(a) + total(b));
}
