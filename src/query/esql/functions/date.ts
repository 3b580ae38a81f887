import { nearest } from '../../nearest.ts';
import { convert, formatDate } from '../convert.ts';
import { dayOfYear, formatByPattern, isoDay, parseByPattern, parseDatePattern } from '../date-pattern.ts';
import { type Call, type FunctionRow, parameter } from '../function-row.ts';
import { truncateDate } from '../truncate-date.ts';
import type { Scalar, TimeSpan, Value } from '../value.ts';

const DAY = 86_400_000;
const DATE = parameter('date', 'date');

type Part = (date: Date, millis: number) => number;

/** Fields of Java's ChronoField for DATE_EXTRACT, in any letter case. */
const PARTS: Readonly<Record<string, Part>> = {
  aligned_day_of_week_in_month: (date) => ((date.getUTCDate() - 1) % 7) + 1,
  aligned_day_of_week_in_year: (date) => ((dayOfYear(date) - 1) % 7) + 1,
  aligned_week_of_month: (date) => Math.floor((date.getUTCDate() - 1) / 7) + 1,
  aligned_week_of_year: (date) => Math.floor((dayOfYear(date) - 1) / 7) + 1,
  ampm_of_day: (date) => (date.getUTCHours() < 12 ? 0 : 1),
  clock_hour_of_ampm: (date) => ((date.getUTCHours() + 11) % 12) + 1,
  clock_hour_of_day: (date) => ((date.getUTCHours() + 23) % 24) + 1,
  day_of_month: (date) => date.getUTCDate(),
  day_of_week: isoDay,
  day_of_year: dayOfYear,
  epoch_day: (_, millis) => Math.floor(millis / DAY),
  era: () => 1,
  hour_of_ampm: (date) => date.getUTCHours() % 12,
  hour_of_day: (date) => date.getUTCHours(),
  instant_seconds: (_, millis) => Math.floor(millis / 1000),
  micro_of_day: (_, millis) => (millis - Math.floor(millis / DAY) * DAY) * 1_000,
  micro_of_second: (date) => date.getUTCMilliseconds() * 1_000,
  milli_of_day: (_, millis) => millis - Math.floor(millis / DAY) * DAY,
  milli_of_second: (date) => date.getUTCMilliseconds(),
  minute_of_day: (date) => date.getUTCHours() * 60 + date.getUTCMinutes(),
  minute_of_hour: (date) => date.getUTCMinutes(),
  month_of_year: (date) => date.getUTCMonth() + 1,
  nano_of_day: (_, millis) => (millis - Math.floor(millis / DAY) * DAY) * 1_000_000,
  nano_of_second: (date) => date.getUTCMilliseconds() * 1_000_000,
  offset_seconds: () => 0,
  proleptic_month: (date) => date.getUTCFullYear() * 12 + date.getUTCMonth(),
  second_of_day: (_, millis) => Math.floor((millis - Math.floor(millis / DAY) * DAY) / 1000),
  second_of_minute: (date) => date.getUTCSeconds(),
  year: (date) => date.getUTCFullYear(),
  year_of_era: (date) => Math.abs(date.getUTCFullYear()),
};

/** Units of DATE_DIFF: the milliseconds or months of one. */
const UNITS: readonly (readonly [names: string, millis: number, months: number])[] = [
  ['year years yy yyyy', 0, 12],
  ['quarter quarters qq q', 0, 3],
  ['month months mm m', 0, 1],
  ['dayofyear dy y', DAY, 0],
  ['day days dd d', DAY, 0],
  ['week weeks wk ww', 7 * DAY, 0],
  ['weekday weekdays dw', DAY, 0],
  ['hour hours hh', 3_600_000, 0],
  ['minute minutes mi n', 60_000, 0],
  ['second seconds ss s', 1_000, 0],
  ['millisecond milliseconds ms', 1, 0],
  ['microsecond microseconds mcs', 1e-3, 0],
  ['nanosecond nanoseconds ns', 1e-6, 0],
];

const UNIT_OF = new Map(UNITS.flatMap((unit) => unit[0].split(' ').map((name) => [name, unit] as const)));

function difference([name, first, second]: readonly Scalar[], call: Call): Value {
  const unit = UNIT_OF.get(String(name).toLowerCase());
  if (unit === undefined)
    return call.warn(
      `A value of [YEAR, QUARTER, MONTH, DAY, WEEK, HOUR, …] or their aliases is required; received [${name}]`,
    );
  const [from, to] = [Number(first), Number(second)];
  const [, millis, months] = unit;
  const count = months > 0 ? Math.trunc(monthsBetween(from, to) / months) : Math.trunc((to - from) / millis);
  return Math.abs(count) <= 2_147_483_647 ? count + 0 : call.warn(`[${count}] out of [integer] range`);
}

/** Whole months, truncated toward zero. */
function monthsBetween(from: number, to: number): number {
  if (to < from) return -monthsBetween(to, from);
  const [a, b] = [new Date(from), new Date(to)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  const within = (date: Date) =>
    (date.getUTCDate() - 1) * DAY + (date.getTime() - Math.floor(date.getTime() / DAY) * DAY);
  return within(b) < within(a) ? months - 1 : months;
}

function wrongPart(name: string): string | undefined {
  if (Object.hasOwn(PARTS, name)) return undefined;
  const whole = ['day', 'hour', 'minute', 'second', 'month', 'week', 'year'].map((unit) => `${name}_of_${unit}`);
  const close = whole.find((part) => Object.hasOwn(PARTS, part)) ?? nearest(name, Object.keys(PARTS));
  const hint = close === undefined ? '' : `; did you mean ${close}?`;
  return `${name.slice(0, 40).toWellFormed()} is not a part of a date${hint}`;
}

function wrongPattern(pattern: Value | undefined): string | undefined {
  if (typeof pattern !== 'string') return undefined;
  const parsed = parseDatePattern(pattern);
  return parsed.kind === 'invalid' ? parsed.message : undefined;
}

function format([pattern, date]: readonly Scalar[], call: Call): Value {
  if (date === undefined) return formatDate(Number(pattern));
  const parsed = parseDatePattern(String(pattern));
  return parsed.kind === 'invalid' ? call.warn(parsed.message) : formatByPattern(Number(date), parsed.pieces);
}

function parse([first, second]: readonly Scalar[], call: Call): Value {
  if (second === undefined) {
    const converted = convert(String(first), 'keyword', 'date');
    return 'fault' in converted ? call.warn(converted.fault) : converted.value;
  }
  const pattern = parseDatePattern(String(first));
  if (pattern.kind === 'invalid') return call.warn(pattern.message);
  const millis = parseByPattern(String(second), pattern.pieces);
  return (
    millis ??
    call.warn(`failed to parse date field [${String(second).slice(0, 60).toWellFormed()}] with format [${first}]`)
  );
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/date-time-functions */
export const DATE_FUNCTIONS: readonly FunctionRow[] = [
  {
    kind: 'scalar',
    name: 'date_diff',
    parameters: [parameter('unit', 'keyword'), parameter('startTimestamp', 'date'), parameter('endTimestamp', 'date')],
    returns: 'integer',
    doc: 'The number of whole units, such as "hours", between two dates; negative if the second is earlier.',
    evaluate: difference,
  },
  {
    kind: 'scalar',
    name: 'date_extract',
    parameters: [parameter('datePart', 'keyword'), DATE],
    returns: 'long',
    doc: 'A part of a date in UTC, such as "hour_of_day" or "day_of_week" (1 is Monday).',
    check: ([part]) => (typeof part === 'string' ? wrongPart(part.toLowerCase()) : undefined),
    evaluate: ([part, date], call) => {
      const name = String(part).toLowerCase();
      const read = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
      return read === undefined
        ? call.warn('not a part of a date')
        : BigInt(read(new Date(Number(date)), Number(date)));
    },
  },
  {
    kind: 'scalar',
    name: 'date_format',
    parameters: [parameter('dateFormat', 'keyword'), { name: 'date', types: ['date'], optional: true }],
    parameterAt: (index, count) => (index === count - 1 ? DATE : parameter('dateFormat', 'keyword')),
    returns: 'keyword',
    doc: 'A date as text, in UTC, by a pattern such as "yyyy-MM-dd", or in ISO 8601.',
    check: ([pattern]) => wrongPattern(pattern),
    evaluate: format,
  },
  {
    kind: 'scalar',
    name: 'date_parse',
    parameters: [parameter('datePattern', 'keyword'), { name: 'dateString', types: ['keyword'], optional: true }],
    returns: 'date',
    doc: 'The date in a text, by a pattern such as "yyyy-MM-dd", or in ISO 8601.',
    evaluate: parse,
  },
  {
    kind: 'scalar',
    name: 'date_trunc',
    parameters: [{ name: 'interval', types: ['date_period', 'time_duration'], constant: true }, DATE],
    returns: 'date',
    doc: 'The start of the interval, such as 5 minutes or 1 month, that a date falls into.',
    check: ([span]) =>
      span === undefined || span === null || truncateDate(0, span as TimeSpan) !== undefined
        ? undefined
        : 'Zero or negative time interval is not supported',
    evaluate: ([span, date], call) =>
      truncateDate(Number(date), span as TimeSpan) ?? call.warn('Zero or negative time interval is not supported'),
  },
  {
    kind: 'scalar',
    name: 'now',
    parameters: [],
    returns: 'date',
    doc: 'The time of the search; in a rule, the time of the event.',
    evaluate: (_, { now }) => now,
  },
];
