/** The time that a date in a query covers, in integer microseconds since the epoch, both ends inclusive. */
export interface DateSpan {
  readonly first: number;
  readonly last: number;
}

const ISO =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/;
const EPOCH_MILLIS = /^-?\d{5,15}$/;

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Reads ISO 8601 with any precision from a year to nanoseconds (cut to microseconds), in UTC unless it has an offset,
 * or milliseconds since the epoch. A less precise text covers its whole year, month, day, hour, minute or second.
 * Undefined if it is not a date.
 */
export function parseDate(text: string): DateSpan | undefined {
  if (EPOCH_MILLIS.test(text)) {
    const first = Number(text) * 1000;
    return { first, last: first + 999 };
  }
  const [, year, month, day, hour, minute, second, fraction, offset] = ISO.exec(text) ?? [];
  if (year === undefined) return undefined;
  const calendar = startOfDay(Number(year), Number(month ?? 1), Number(day ?? 1));
  if (calendar === undefined) return undefined;
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined;
  const micros = Number((fraction ?? '').slice(0, 6).padEnd(6, '0'));
  const time = Number(hour ?? 0) * HOUR + Number(minute ?? 0) * MINUTE + Number(second ?? 0) * SECOND + micros;
  const first = calendar + time - offsetMicros(offset);
  if (fraction !== undefined) return { first, last: first + 10 ** (6 - Math.min(fraction.length, 6)) - 1 };
  if (second !== undefined) return { first, last: first + SECOND - 1 };
  if (minute !== undefined) return { first, last: first + MINUTE - 1 };
  if (hour !== undefined) return { first, last: first + HOUR - 1 };
  if (day !== undefined) return { first, last: first + DAY - 1 };
  const next = month === undefined ? utc(Number(year) + 1, 1, 1) : utc(Number(year), Number(month) + 1, 1);
  return { first, last: next - 1 };
}

/** Undefined if the calendar has no such day. */
function startOfDay(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const micros = utc(year, month, day);
  return micros < utc(year, month + 1, 1) ? micros : undefined;
}

function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() * 1000;
}

function offsetMicros(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -minutes : minutes) * MINUTE;
}
