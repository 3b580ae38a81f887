import { type Call, type FunctionRow, LONGEST_TEXT, MOST_VALUES, optional, parameter } from '../function-row.ts';
import { fromList, type Scalar, type Value } from '../value.ts';
import { REPLACE_FUNCTION } from './replace.ts';

const STRING = parameter('string', 'keyword');

/** A function of texts that returns a text. */
function text(
  name: string,
  doc: string,
  turn: (text: string) => string,
  kind: 'scalar' | 'each' = 'scalar',
): FunctionRow {
  const evaluate = ([value]: readonly Scalar[], { spend }: Call): string => {
    spend(1 + (String(value).length >> 6));
    return turn(String(value));
  };
  return { kind, name, parameters: [STRING], returns: 'keyword', doc, evaluate };
}

function measure(name: string, doc: string, count: (text: string) => number): FunctionRow {
  return {
    kind: 'scalar',
    name,
    parameters: [STRING],
    returns: 'integer',
    doc,
    evaluate: ([value]) => count(String(value)),
  };
}

function relation(
  name: string,
  other: string,
  doc: string,
  holds: (text: string, other: string) => boolean,
): FunctionRow {
  return {
    kind: 'scalar',
    name,
    parameters: [STRING, parameter(other, 'keyword')],
    returns: 'boolean',
    doc,
    evaluate: ([value, sought]) => holds(String(value), String(sought)),
  };
}

/** Characters are Unicode code points, as in Elasticsearch. */
function characters(text: string): readonly string[] {
  return Array.from(text);
}

function isPlain(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

function countCharacters(text: string): number {
  return isPlain(text) ? text.length : characters(text).length;
}

/** Up to `count` characters from position `from`, counted from 0. */
function cut(text: string, from: number, count: number): string {
  if (isPlain(text)) return text.slice(from, from + count);
  return characters(text)
    .slice(from, from + count)
    .join('');
}

function substring([value, start, length]: readonly Scalar[], call: Call): Value {
  const whole = String(value);
  if (length !== undefined && Number(length) < 0)
    return call.warn(`Length parameter cannot be negative, found [${length}]`);
  const count = countCharacters(whole);
  const first = Number(start) > 0 ? Number(start) - 1 : Number(start) < 0 ? count + Number(start) : 0;
  return cut(whole, Math.min(Math.max(first, 0), count), length === undefined ? count : Number(length));
}

function locate([value, sought, start]: readonly Scalar[]): Value {
  const whole = String(value);
  const from = Math.max(Number(start ?? 1), 1) - 1;
  if (from > countCharacters(whole)) return 0;
  const offset = isPlain(whole) ? from : cut(whole, 0, from).length;
  const found = whole.indexOf(String(sought), offset);
  return found === -1 ? 0 : countCharacters(whole.slice(0, found)) + 1;
}

function repeat(value: string, count: number, call: Call): Value {
  if (count < 0) return call.warn(`Number parameter cannot be negative, found [${count}]`);
  if (value.length * count > LONGEST_TEXT) {
    return call.warn(`Creating repeated strings with more than [${LONGEST_TEXT}] bytes is not supported`);
  }
  call.spend(1 + ((value.length * count) >> 6));
  return value.repeat(count);
}

function concat(values: readonly Scalar[], call: Call): Value {
  const joined = values.join('');
  call.spend(1 + (joined.length >> 6));
  return joined.length <= LONGEST_TEXT
    ? joined
    : call.warn(`concatenating more than [${LONGEST_TEXT}] bytes is not supported`);
}

function split([value, delimiter]: readonly Scalar[], call: Call): Value {
  if (delimiter === '') return value ?? null;
  const parts = String(value).split(String(delimiter), MOST_VALUES + 1);
  call.spend(parts.length + (String(value).length >> 6));
  return parts.length > MOST_VALUES ? call.warn(`the result has more than ${MOST_VALUES} values`) : fromList(parts);
}

/** The number of bytes in UTF-8. */
function countBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair is two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions */
export const TEXT_FUNCTIONS: readonly FunctionRow[] = [
  measure('bit_length', 'The length of the text in UTF-8 bits.', (value) => countBytes(value) * 8),
  measure('byte_length', 'The length of the text in UTF-8 bytes.', countBytes),
  {
    kind: 'scalar',
    name: 'concat',
    parameters: [parameter('string1', 'keyword'), parameter('string2', 'keyword')],
    variadic: true,
    returns: 'keyword',
    doc: 'The texts joined.',
    evaluate: concat,
  },
  relation('contains', 'substring', 'Whether the text contains the other one.', (value, sought) =>
    value.includes(sought),
  ),
  relation('ends_with', 'suffix', 'Whether the text ends with the other one.', (value, suffix) =>
    value.endsWith(suffix),
  ),
  {
    kind: 'scalar',
    name: 'left',
    parameters: [STRING, parameter('length', 'integer')],
    returns: 'keyword',
    doc: 'The given number of characters from the beginning.',
    evaluate: ([value, length]) => cut(String(value), 0, Math.max(Number(length), 0)),
  },
  measure('length', 'The number of characters of a text.', countCharacters),
  {
    kind: 'scalar',
    name: 'locate',
    parameters: [STRING, parameter('substring', 'keyword'), optional('start', 'integer')],
    returns: 'integer',
    doc: 'The position of the other text, counted from 1; 0 if it is not found.',
    evaluate: locate,
  },
  text('ltrim', 'The text without leading white space.', (value) => value.trimStart()),
  {
    kind: 'scalar',
    name: 'repeat',
    parameters: [STRING, parameter('number', 'integer')],
    returns: 'keyword',
    doc: 'The text repeated the given number of times.',
    evaluate: ([value, count], call) => repeat(String(value), Number(count), call),
  },
  REPLACE_FUNCTION,
  text('reverse', 'The text reversed.', (value) => [...characters(value)].reverse().join('')),
  {
    kind: 'scalar',
    name: 'right',
    parameters: [STRING, parameter('length', 'integer')],
    returns: 'keyword',
    doc: 'The given number of characters from the end.',
    evaluate: ([value, length]) => {
      const count = countCharacters(String(value));
      return cut(String(value), Math.max(count - Math.max(Number(length), 0), 0), count);
    },
  },
  text('rtrim', 'The text without trailing white space.', (value) => value.trimEnd()),
  {
    kind: 'scalar',
    name: 'space',
    parameters: [parameter('number', 'integer')],
    returns: 'keyword',
    doc: 'The given number of spaces.',
    evaluate: ([count], call) => repeat(' ', Number(count), call),
  },
  {
    kind: 'scalar',
    name: 'split',
    parameters: [STRING, parameter('delim', 'keyword')],
    returns: 'keyword',
    doc: 'The text split at the delimiter, as several values.',
    evaluate: split,
  },
  relation('starts_with', 'prefix', 'Whether the text begins with the other one.', (value, prefix) =>
    value.startsWith(prefix),
  ),
  {
    kind: 'scalar',
    name: 'substring',
    parameters: [STRING, parameter('start', 'integer'), optional('length', 'integer')],
    returns: 'keyword',
    doc: 'The characters from a position on, counted from 1, or from the end if negative.',
    evaluate: substring,
  },
  text('to_lower', 'The text in lower case.', (value) => value.toLowerCase(), 'each'),
  text('to_upper', 'The text in upper case.', (value) => value.toUpperCase(), 'each'),
  text('trim', 'The text without leading and trailing white space.', (value) => value.trim()),
];
