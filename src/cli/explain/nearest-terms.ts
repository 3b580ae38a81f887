/** A known term and its similarity to the new one. */
export interface Nearness {
  /** From 0 (nothing in common) to 1 (equal). */
  readonly likeness: number;
  /** One value per field. */
  readonly values: readonly string[];
}

/** Longer values are compared by their start. */
const MOST_COMPARED = 256;

/**
 * The known terms most similar to the values, most similar first: shows whether a new term is a variant of a known one.
 * Each field weighs the same. The similarity of two values is the share of their common character pairs
 * (Sørensen–Dice), so a version number changes little wherever it stands. Pure, and linear in the text.
 * @param terms as remembered; hashed terms and the values themselves are skipped
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

/** The values of a term; undefined for a hashed one. */
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

/** The frequency of each pair of neighbouring characters; a one-character text is its own pair. */
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
