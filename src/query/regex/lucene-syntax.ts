/** The syntax tree of a Lucene regular expression. */
export type LuceneNode =
  /** One code point in the ranges, which are sorted and disjoint; an empty list matches nothing. */
  | { readonly kind: 'character'; readonly ranges: readonly Range[] }
  /** Parts in sequence; an empty list matches the empty text. */
  | { readonly kind: 'sequence'; readonly parts: readonly LuceneNode[] }
  | { readonly kind: 'union'; readonly parts: readonly LuceneNode[] }
  | { readonly kind: 'intersection'; readonly parts: readonly LuceneNode[] }
  | { readonly kind: 'complement'; readonly operand: LuceneNode }
  /** `most` is infinite if there is no limit. */
  | { readonly kind: 'repeat'; readonly operand: LuceneNode; readonly least: number; readonly most: number };

/** From the first to the last code point, both inclusive. */
export type Range = readonly [number, number];

export const LAST_CODE_POINT = 0x10ffff;

export const ANY_CHARACTER: LuceneNode = { kind: 'character', ranges: [[0, LAST_CODE_POINT]] };
export const ANY_TEXT: LuceneNode = {
  kind: 'repeat',
  operand: ANY_CHARACTER,
  least: 0,
  most: Number.POSITIVE_INFINITY,
};
export const NOTHING: LuceneNode = { kind: 'character', ranges: [] };

/** The same set as sorted, disjoint ranges. */
export function normalised(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const result: Range[] = [];
  for (const [first, last] of sorted) {
    const previous = result.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      result[result.length - 1] = [previous[0], Math.max(previous[1], last)];
    } else {
      result.push([first, last]);
    }
  }
  return result;
}

/** All code points outside the ranges, which are sorted and disjoint. */
export function inverted(ranges: readonly Range[]): readonly Range[] {
  const result: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) result.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE_POINT) result.push([next, LAST_CODE_POINT]);
  return result;
}

/**
 * The decimal numbers from `least` to `most`. With `digits` they have exactly that many digits, with leading zeros;
 * without, any number of leading zeros is allowed.
 */
export function numbersBetween(least: number, most: number, digits: number | undefined): LuceneNode {
  if (digits !== undefined) {
    return ofLength(String(least).padStart(digits, '0'), String(most).padStart(digits, '0'));
  }
  const longest = String(most).length;
  const parts: LuceneNode[] = [];
  for (let length = String(least).length; length <= longest; length += 1) {
    const first = Math.max(least, length === 1 ? 0 : 10 ** (length - 1));
    parts.push(ofLength(String(first), String(Math.min(most, 10 ** length - 1))));
  }
  const zeros: LuceneNode = {
    kind: 'repeat',
    operand: digitsBetween('0', '0'),
    least: 0,
    most: Number.POSITIVE_INFINITY,
  };
  return { kind: 'sequence', parts: [zeros, { kind: 'union', parts }] };
}

/** The digit texts from one to another of the same length. */
function ofLength(least: string, most: string): LuceneNode {
  const [low = '', high = ''] = [least.charAt(0), most.charAt(0)];
  if (least.length <= 1) return digitsBetween(low, high);
  if (/^0*$/.test(least) && /^9*$/.test(most)) {
    return { kind: 'repeat', operand: digitsBetween('0', '9'), least: least.length, most: least.length };
  }
  const [lower, higher] = [least.slice(1), most.slice(1)];
  if (low === high) return sequence(digitsBetween(low, low), ofLength(lower, higher));
  const [nines, zeros] = ['9'.repeat(lower.length), '0'.repeat(lower.length)];
  const parts = [
    sequence(digitsBetween(low, low), ofLength(lower, nines)),
    sequence(digitsBetween(high, high), ofLength(zeros, higher)),
  ];
  if (Number(high) - Number(low) > 1) {
    const between = digitsBetween(String(Number(low) + 1), String(Number(high) - 1));
    parts.push(sequence(between, ofLength(zeros, nines)));
  }
  return { kind: 'union', parts };
}

function sequence(...parts: readonly LuceneNode[]): LuceneNode {
  return { kind: 'sequence', parts };
}

function digitsBetween(low: string, high: string): LuceneNode {
  return { kind: 'character', ranges: [[low.charCodeAt(0), high.charCodeAt(0)]] };
}
