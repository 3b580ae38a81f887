import { fromList, type Scalar, toList, type Value } from './value.ts';

/**
 * How much of its input an aggregate needs: the number of values (`count`), which of them are equal (`distinct`), or
 * the values themselves (`whole`).
 */
export type Need = 'count' | 'distinct' | 'whole';

const NEEDS: ReadonlyMap<string, Need> = new Map([
  ['count', 'count'],
  ['count_distinct', 'distinct'],
]);

export function needOf(aggregate: string): Need {
  return NEEDS.get(aggregate) ?? 'whole';
}

/** Values of one argument on one row. */
const MOST_VALUES = 32;
/** UTF-16 units of a text whose value is needed, not only its identity. */
const LONGEST_TEXT = 256;

/** Marks the start of the values of each argument. */
const ARGUMENT = ',';
/** Marks a row that the aggregate's own condition excludes. */
const LEFT_OUT = '!';

/**
 * The aggregate inputs of a row, as texts. A long text is cut if it will be shown, and replaced by its hash if only its
 * identity counts.
 * @param shorten a text, or its hash if it is long
 */
export function encodeTaken(
  taken: readonly Value[] | undefined,
  need: Need,
  shorten: (text: string) => string,
): readonly string[] {
  if (taken === undefined) return [LEFT_OUT];
  return taken.flatMap((value) => [ARGUMENT, ...encodeValue(value, need, shorten)]);
}

function encodeValue(value: Value, need: Need, shorten: (text: string) => string): readonly string[] {
  const values = toList(value);
  if (need === 'count') return values.length === 0 ? [] : [`${TAGS.times}${values.length}`];
  return values.slice(0, MOST_VALUES).map((item) => {
    if (typeof item !== 'string') return encodeScalar(item);
    return encodeScalar(need === 'distinct' ? shorten(item) : item.slice(0, LONGEST_TEXT).toWellFormed());
  });
}

/** The aggregate inputs read back, as far as they were kept. */
export function decodeTaken(texts: readonly string[]): readonly Value[] | undefined {
  if (texts[0] === LEFT_OUT) return undefined;
  const values: Scalar[][] = [];
  for (const text of texts) {
    if (text === ARGUMENT) values.push([]);
    else if (text.startsWith(TAGS.times)) values.at(-1)?.push(...new Array<true>(Number(text.slice(1))).fill(true));
    else values.at(-1)?.push(decodeScalar(text));
  }
  return values.map(fromList);
}

const TAGS = { text: 's', number: 'n', whole: 'i', boolean: 'b', times: '*' } as const;

/** A value prefixed with a letter for its type. */
export function encodeScalar(value: Scalar): string {
  switch (typeof value) {
    case 'number':
      return `${TAGS.number}${value}`;
    case 'bigint':
      return `${TAGS.whole}${value}`;
    case 'boolean':
      return `${TAGS.boolean}${value}`;
    default:
      return `${TAGS.text}${value}`;
  }
}

export function decodeScalar(text: string): Scalar {
  const value = text.slice(1);
  switch (text.charAt(0)) {
    case TAGS.number:
      return Number(value);
    case TAGS.whole:
      return BigInt(value);
    case TAGS.boolean:
      return value === 'true';
    default:
      return value;
  }
}

/** The same entry with each text in it replaced; other values stay. */
export function mapHeldText(held: string, replace: (text: string) => string): string {
  return held.startsWith(TAGS.text) ? `${TAGS.text}${replace(held.slice(1))}` : held;
}
