import type { DataType } from './data-type.ts';
import type { TimeSpan } from './value.ts';

type SpanType = Extract<DataType, 'date_period' | 'time_duration'>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The units of ES|QL: singular, plural and short names.
 * @see https://www.elastic.co/docs/reference/query-languages/esql/esql-time-spans
 */
const UNITS: readonly (readonly [names: string, type: SpanType, months: number, days: number, millis: number])[] = [
  ['millisecond milliseconds ms', 'time_duration', 0, 0, 1],
  ['second seconds sec s', 'time_duration', 0, 0, SECOND],
  ['minute minutes min m', 'time_duration', 0, 0, MINUTE],
  ['hour hours h', 'time_duration', 0, 0, HOUR],
  ['day days d', 'date_period', 0, 1, 0],
  ['week weeks w', 'date_period', 0, 7, 0],
  ['month months mo', 'date_period', 1, 0, 0],
  ['quarter quarters q', 'date_period', 3, 0, 0],
  ['year years yr y', 'date_period', 12, 0, 0],
];

const UNIT_OF = new Map(UNITS.flatMap((unit) => unit[0].split(' ').map((name) => [name, unit] as const)));

/** A number of units; undefined if the unit is unknown. */
export function spanOf(count: number, unit: string): { readonly type: SpanType; readonly value: TimeSpan } | undefined {
  const found = UNIT_OF.get(unit.toLowerCase());
  if (found === undefined) return undefined;
  const [, type, months, days, millis] = found;
  return { type, value: { months: count * months, days: count * days, millis: count * millis } };
}

/** The span in a text such as `5 minutes`, of the given type; undefined if the text is not one. */
export function parseSpan(text: string, type: DataType): TimeSpan | undefined {
  const [, count, unit] = /^\s*([+-]?\d{1,15})\s+([a-z]+)\s*$/i.exec(text) ?? [];
  const span = count === undefined || unit === undefined ? undefined : spanOf(Number(count), unit);
  return span?.type === type ? span.value : undefined;
}

export function addSpans(a: TimeSpan, b: TimeSpan, sign: 1 | -1): TimeSpan {
  return { months: a.months + sign * b.months, days: a.days + sign * b.days, millis: a.millis + sign * b.millis };
}

/**
 * A date moved by a span: first months, limited to the days of the month, then days, then time. Undefined if the result
 * is out of range.
 */
export function moveDate(millis: number, span: TimeSpan, sign: 1 | -1): number | undefined {
  let moved = millis;
  if (span.months !== 0) {
    const date = new Date(millis);
    const months = date.getUTCFullYear() * 12 + date.getUTCMonth() + sign * span.months;
    const year = Math.floor(months / 12);
    const month = months - year * 12;
    const days = daysOfMonth(year, month);
    date.setUTCFullYear(year, month, Math.min(date.getUTCDate(), days));
    moved = date.getTime();
  }
  moved += sign * (span.days * 24 * HOUR + span.millis);
  return Math.abs(moved) <= 8.64e15 ? moved : undefined;
}

function daysOfMonth(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month + 1, 0);
  return date.getUTCDate();
}
