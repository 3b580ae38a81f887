const MAXIMUM_LENGTH = 256;
const MAXIMUM_SLIPS = 5;

/**
 * The candidate that a person most likely meant by `word`, for a "did you mean" hint, or undefined if none is close.
 *
 * In this order: the same name in another letter case; a dotted name that ends in the word (`verb` for
 * `kubernetes.audit.verb`; the shortest wins); the fewest typing slips (a letter added, lost, changed or swapped with
 * its neighbour), at most one for each three letters and five in all, in the whole name or in as many last segments as
 * the word has.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > MAXIMUM_LENGTH) return undefined;
  const sought = word.toLowerCase();
  const segments = sought.split('.').length;
  let ending: string | undefined;
  let closest: string | undefined;
  let slips = Math.min(Math.floor(word.length / 3), MAXIMUM_SLIPS) + 1;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    if (name === sought) return candidate;
    if (name.endsWith(`.${sought}`)) {
      if (ending === undefined || candidate.length < ending.length) ending = candidate;
      continue;
    }
    const end = tail(name, segments);
    const whole = distanceBelow(sought, name, slips);
    const distance = end === name ? whole : distanceBelow(sought, end, whole);
    if (distance < slips) {
      slips = distance;
      closest = candidate;
    }
  }
  return ending ?? closest;
}

function tail(name: string, segments: number): string {
  return name.split('.').slice(-segments).join('.');
}

/**
 * The optimal string alignment distance, or `limit` if it is not smaller; only cells that can be smaller are filled.
 */
function distanceBelow(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = new Array<number>(b.length + 1).fill(Number.POSITIVE_INFINITY);
    current[0] = i;
    let least = i;
    for (let j = Math.max(1, i - limit); j <= Math.min(b.length, i + limit); j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      current[j] = cost;
      least = Math.min(least, cost);
    }
    if (least >= limit) return limit;
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(limit, at(previous, b.length));
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
