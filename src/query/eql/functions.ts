import { calculate } from '../match/arithmetic.ts';
import { finder } from '../match/wildcard.ts';
import type { CallForm, FunctionRow, Parameter, Spending, Value } from '../predicate/function-row.ts';
import type { ArithmeticOperator } from '../predicate/predicate.ts';
import { compileRegex } from '../regex/compile-regex.ts';
import { addressKey, addressRange } from '../values/address.ts';

/** The longest text that an expression may build, in UTF-16 units. */
const LONGEST_TEXT = 1 << 20;

const TEXT: Parameter = { name: 'source', type: 'string' };
const SUBSTRING: Parameter = { name: 'substring', type: 'string' };

/**
 * All functions of EQL, in alphabetical order.
 *
 * They compute what Elasticsearch's engine computes (`x-pack/plugin/eql`, package `expression.function.scalar`, of
 * elastic/elasticsearch). Where that throws on one event and so fails the whole search, the result here is null.
 * Positions count UTF-16 units from 0. Comparisons without case use the lower case of all of Unicode.
 */
export const FUNCTIONS: readonly FunctionRow[] = [
  arithmetic('add', '+', 'The sum of two numbers.'),
  {
    name: 'between',
    parameters: [
      TEXT,
      { name: 'left', type: 'string' },
      { name: 'right', type: 'string' },
      { name: 'greedy', type: 'boolean', optional: true },
    ],
    caseless: true,
    returns: 'string',
    doc: 'The text between the first `left` and the next `right` (with `greedy`, the last `right`). Empty if one of them is missing; the whole text if any of the three is empty.',
    evaluate: between,
  },
  {
    name: 'cidrMatch',
    parameters: [
      { name: 'address', type: 'ip' },
      { name: 'block', type: 'string', constant: true },
    ],
    variadic: true,
    returns: 'boolean',
    doc: 'Whether an IP address is in one of the blocks, such as "10.0.0.0/8".',
    evaluate: cidrMatch,
  },
  {
    name: 'concat',
    parameters: [{ name: 'value', type: 'any' }],
    variadic: true,
    returns: 'string',
    doc: 'All values as text, joined.',
    evaluate: concat,
  },
  arithmetic('divide', '/', 'The quotient of two numbers; for two integers an integer, rounded towards zero.'),
  {
    name: 'endsWith',
    parameters: [TEXT, SUBSTRING],
    caseless: true,
    returns: 'boolean',
    doc: 'Whether a text ends with another.',
    evaluate: onTexts((text, end) => text.endsWith(end)),
  },
  {
    name: 'indexOf',
    parameters: [TEXT, SUBSTRING, { name: 'start', type: 'number', optional: true }],
    caseless: true,
    returns: 'number',
    doc: 'The position of one text in another, searched from `start` (0 if null); null if it is not found.',
    evaluate: indexOf,
  },
  {
    name: 'length',
    parameters: [TEXT],
    returns: 'number',
    doc: 'The length of a text.',
    evaluate: ([text]) => (typeof text === 'string' ? text.length : null),
  },
  {
    name: 'matchesRe2',
    parameters: [TEXT, { name: 'pattern', type: 'string', constant: true }],
    variadic: true,
    returns: 'boolean',
    doc: 'Whether a text contains a match of one of the RE2 regular expressions. Not in Elasticsearch: Sigma rules need it, because `regex` matches whole texts.',
    evaluate: matchesRe2,
  },
  arithmetic('modulo', '%', 'The remainder of a division, with the sign of the dividend.'),
  arithmetic('multiply', '*', 'The product of two numbers.'),
  {
    name: 'number',
    parameters: [TEXT, { name: 'base', type: 'number', optional: true, constant: true }],
    returns: 'number',
    doc: 'The number that a text holds, in base 10, in base 16 if it begins with 0x, or in the given base; null if the text is not a number.',
    evaluate: toNumber,
  },
  {
    name: 'startsWith',
    parameters: [TEXT, SUBSTRING],
    caseless: true,
    returns: 'boolean',
    doc: 'Whether a text begins with another.',
    evaluate: onTexts((text, start) => text.startsWith(start)),
  },
  {
    name: 'string',
    parameters: [{ name: 'value', type: 'any' }],
    returns: 'string',
    doc: 'The value as a text.',
    evaluate: ([value = null]) => (value === null ? null : String(value)),
  },
  {
    name: 'stringContains',
    parameters: [TEXT, SUBSTRING],
    caseless: true,
    returns: 'boolean',
    doc: 'Whether a text contains another; false if one of them is empty.',
    evaluate: onTexts((text, part) => text !== '' && part !== '' && finder(part)(text, 0) !== -1),
  },
  {
    name: 'substring',
    parameters: [TEXT, { name: 'start', type: 'number' }, { name: 'end', type: 'number', optional: true }],
    returns: 'string',
    doc: 'The text from `start` up to `end`. Negative positions count from the end of the text.',
    evaluate: substring,
  },
  arithmetic('subtract', '-', 'The difference of two numbers.'),
];

/** The function of this name; names are case-sensitive. */
export function functionOf(name: string): FunctionRow | undefined {
  return FUNCTIONS.find((row) => row.name === name);
}

/** The names of all functions, for suggestions. */
export function functionNames(): readonly string[] {
  return FUNCTIONS.map(({ name }) => name);
}

function arithmetic(name: string, operator: ArithmeticOperator, doc: string): FunctionRow {
  return {
    name,
    parameters: [
      { name: 'left', type: 'number' },
      { name: 'right', type: 'number' },
    ],
    returns: 'number',
    isArithmetic: true,
    doc,
    evaluate: ([left = null, right = null], _, { isDouble }) => calculate(operator, left, right, isDouble),
  };
}

/** A test of two texts; null if one of the values is not text. */
function onTexts(test: (text: string, other: string) => boolean): FunctionRow['evaluate'] {
  return ([left, right], spending, { caseless }) => {
    if (typeof left !== 'string' || typeof right !== 'string') return null;
    if (!spending.spend(left.length + right.length)) return null;
    return caseless ? test(left.toLowerCase(), right.toLowerCase()) : test(left, right);
  };
}

function between(values: readonly Value[], spending: Spending, { caseless }: CallForm): Value {
  const [text, left, right, greedy = false] = values;
  if (typeof text !== 'string' || typeof left !== 'string' || typeof right !== 'string') return null;
  if (typeof greedy !== 'boolean' || !spending.spend(2 * text.length + left.length + right.length)) return null;
  if (text === '' || left === '' || right === '') return text;
  const fold = (each: string) => (caseless ? each.toLowerCase() : each);
  const searched = fold(text);
  const found = finder(fold(left))(searched, 0);
  if (found === -1) return '';
  const start = found + fold(left).length;
  const end = greedy ? lastIndexOf(searched, fold(right)) : finder(fold(right))(searched, start);
  if (end === -1) return '';
  return end < start ? null : text.slice(start, end);
}

/** Linear time, which the engine's own search does not guarantee. */
function lastIndexOf(text: string, part: string): number {
  const reversed = (each: string) => each.split('').reverse().join('');
  const found = finder(reversed(part))(reversed(text), 0);
  return found === -1 ? -1 : text.length - found - part.length;
}

function cidrMatch([address, ...blocks]: readonly Value[]): Value {
  const key = typeof address === 'string' ? addressKey(address) : undefined;
  const ranges = blocks.map((block) => (typeof block === 'string' ? addressRange(block) : undefined));
  if (key === undefined || ranges.includes(undefined)) return null;
  return ranges.some((range) => range !== undefined && key >= range.first && key <= range.last);
}

function concat(values: readonly Value[], spending: Spending): Value {
  let text = '';
  for (const value of values) {
    if (value === null) return null;
    text += String(value);
    if (text.length > LONGEST_TEXT) spending.spend(Number.POSITIVE_INFINITY);
    if (!spending.spend(String(value).length)) return null;
  }
  return text;
}

function indexOf([text, part, start = null]: readonly Value[], spending: Spending, { caseless }: CallForm): Value {
  if (typeof text !== 'string' || typeof part !== 'string') return null;
  if ((start !== null && typeof start !== 'number') || !spending.spend(text.length + part.length)) return null;
  const searched = caseless ? text.toLowerCase() : text;
  const from = Math.min(Math.max(Math.trunc(start ?? 0), 0), searched.length);
  const found = finder(caseless ? part.toLowerCase() : part)(searched, from);
  return found === -1 ? null : found;
}

function matchesRe2([text, ...patterns]: readonly Value[], spending: Spending): Value {
  if (typeof text !== 'string' || !spending.spend(text.length * patterns.length)) return null;
  return patterns.some((pattern) => {
    const compiled = compileRegex(String(pattern), 're2');
    return compiled.kind === 'ok' && compiled.matches(text);
  });
}

function toNumber([text, base = null]: readonly Value[], spending: Spending): Value {
  if (typeof text !== 'string' || !spending.spend(text.length)) return null;
  const isHexadecimal = text.startsWith('0x');
  const radix = base ?? (isHexadecimal ? 16 : 10);
  if (typeof radix !== 'number') return null;
  if (radix === 10) {
    const digits = text.trim();
    return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(digits) ? finite(Number(digits)) : null;
  }
  if (!Number.isInteger(radix) || radix < 2 || radix > 36) return null;
  return integerOf(isHexadecimal && radix === 16 ? text.slice(2) : text, radix);
}

function integerOf(text: string, radix: number): Value {
  const digits = text.replace(/^[+-]/, '').toLowerCase();
  let value = digits === '' ? Number.NaN : 0;
  for (const digit of digits) {
    const worth = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(digit);
    if (worth === -1 || worth >= radix) return null;
    value = value * radix + worth;
    if (value >= 2 ** 63) return null;
  }
  return finite(text.startsWith('-') ? -value : value);
}

function finite(number: number): Value {
  return Number.isFinite(number) ? number : null;
}

function substring([text, start = null, end = null]: readonly Value[], spending: Spending): Value {
  if (typeof text !== 'string' || !spending.spend(text.length)) return null;
  if (start === null) return text;
  if (typeof start !== 'number' || (end !== null && typeof end !== 'number')) return null;
  return text.slice(Math.trunc(start), end === null ? text.length : Math.trunc(end));
}
