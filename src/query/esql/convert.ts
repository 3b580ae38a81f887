import { addressKey } from '../values/address.ts';
import { parseDate } from '../values/date.ts';
import { formatAddress } from '../values/format-address.ts';
import { type DataType, STORABLE } from './data-type.ts';
import { INTEGER_RANGE, LONG_RANGE } from './parse-literal.ts';
import { parseSpan } from './time-span.ts';
import type { Scalar } from './value.ts';

/** A value converted to another type, or the reason why it cannot be. */
export type Converted = { readonly value: Scalar } | { readonly fault: string };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?$/i;
const VERSION_TEXT = 1_024;

/**
 * Converts a value from one type to another, like the TO_… functions and `::`. Decimals are rounded half up to whole
 * numbers; dates are milliseconds since the epoch.
 * @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/type-conversion-functions
 */
export function convert(value: Scalar, from: DataType, to: DataType): Converted {
  if (from === to) return { value };
  switch (to) {
    case 'keyword':
      return { value: toText(value, from) };
    case 'boolean':
      return { value: typeof value === 'string' ? value.trim().toLowerCase() === 'true' : Number(value) !== 0 };
    case 'integer':
    case 'long':
      return toWhole(value, to);
    case 'double':
      return typeof value === 'string' ? parseDouble(value) : { value: Number(value) };
    case 'date':
      return typeof value === 'string' ? parseDateText(value) : toDate(value);
    case 'ip': {
      const key = typeof value === 'string' ? addressKey(value) : undefined;
      return key === undefined ? fault(`'${show(value)}' is not an IP string literal.`) : { value: key };
    }
    case 'version':
      return { value: String(value).slice(0, VERSION_TEXT) };
    case 'date_period':
    case 'time_duration': {
      const span = parseSpan(String(value), to);
      return span === undefined ? fault(`[${show(value)}] is not a valid ${to}`) : { value: span };
    }
    case 'null':
      return fault('null is not a type to convert to');
  }
}

const NUMERIC_SOURCES: readonly DataType[] = ['boolean', 'date', 'keyword', 'double', 'long', 'integer'];

const SOURCES: Readonly<Record<DataType, readonly DataType[]>> = {
  null: [],
  keyword: STORABLE,
  boolean: ['boolean', 'keyword', 'double', 'long', 'integer'],
  integer: NUMERIC_SOURCES,
  long: NUMERIC_SOURCES,
  double: NUMERIC_SOURCES,
  date: ['date', 'keyword', 'double', 'long', 'integer'],
  ip: ['ip', 'keyword'],
  version: ['version', 'keyword'],
  date_period: ['date_period', 'keyword'],
  time_duration: ['time_duration', 'keyword'],
};

/** Whether values of one type can be converted to another. */
export function mayConvert(from: DataType, to: DataType): boolean {
  return SOURCES[to].includes(from);
}

/** A value as text, in Elasticsearch's format. */
export function toText(value: Scalar, type: DataType): string {
  switch (type) {
    case 'date':
      return formatDate(Number(value));
    case 'ip':
      return formatAddress(String(value));
    case 'double':
      return formatDouble(Number(value));
    default:
      return String(value);
  }
}

/** ISO 8601 in UTC with milliseconds. */
export function formatDate(millis: number): string {
  const text = new Date(millis).toISOString();
  return text.startsWith('+0') ? `+${text.slice(2)}` : text;
}

/** Formats a double like Java: with a point, and with an exponent from 10⁷ or below 10⁻³. */
export function formatDouble(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** A date in ISO 8601, with any precision from a year. */
export function parseDateText(text: string): Converted {
  const span = /^-?\d{5,}$/.test(text) ? undefined : parseDate(text);
  if (span === undefined)
    return fault(`failed to parse date field [${show(text)}] with format [strict_date_optional_time]`);
  return { value: Math.floor(span.first / 1000) };
}

function parseDouble(text: string): Converted {
  const trimmed = text.trim();
  const value = NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
  return Number.isFinite(value) ? { value } : fault(`Cannot parse number [${show(text)}]`);
}

function toWhole(value: Scalar, to: 'integer' | 'long'): Converted {
  let whole: bigint;
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^[+-]?\d{1,25}$/.test(text)) {
      whole = BigInt(text.replace(/^\+/, ''));
    } else {
      const parsed = parseDouble(value);
      if ('fault' in parsed) return parsed;
      return toWhole(parsed.value, to);
    }
  } else if (typeof value === 'bigint') {
    whole = value;
  } else {
    const number = Number(value);
    if (!Number.isFinite(number)) return fault(`[${show(value)}] out of [${to}] range`);
    whole = BigInt(Math.floor(number + 0.5));
  }
  if (to === 'long') {
    const fits = whole >= LONG_RANGE.least && whole <= LONG_RANGE.most;
    return fits ? { value: whole } : fault(`[${show(value)}] out of [long] range`);
  }
  const fits = whole >= INTEGER_RANGE.least && whole <= INTEGER_RANGE.most;
  return fits ? { value: Number(whole) } : fault(`[${show(value)}] out of [integer] range`);
}

function toDate(value: Scalar): Converted {
  const converted = toWhole(value, 'long');
  if ('fault' in converted) return converted;
  const millis = Number(converted.value);
  return Math.abs(millis) <= 8.64e15 ? { value: millis } : fault(`[${show(value)}] is not a date`);
}

function fault(text: string): Converted {
  return { fault: text };
}

function show(value: Scalar): string {
  const text = String(value).replace(/\s+/g, ' ');
  return text.length <= 60 ? text : `${text.slice(0, 59).toWellFormed()}…`;
}
