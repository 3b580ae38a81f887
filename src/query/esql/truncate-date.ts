import type { TimeSpan } from './value.ts';

const DAY = 86_400_000;
/** 1970-01-05, a Monday. */
const FIRST_MONDAY = 4 * DAY;

/**
 * The start of the interval that a date falls into, in UTC: months count from January of year 1, a single week begins
 * on Monday, everything else counts from the epoch. Undefined for a span that is not positive.
 */
export function truncateDate(millis: number, { months, days, millis: duration }: TimeSpan): number | undefined {
  if (months > 0) {
    const date = new Date(millis);
    const total = (date.getUTCFullYear() - 1) * 12 + date.getUTCMonth();
    const first = Math.floor(total / months) * months;
    const start = new Date(0);
    start.setUTCFullYear(Math.floor(first / 12) + 1, first - Math.floor(first / 12) * 12, 1);
    return start.getTime();
  }
  if (days === 7) return Math.floor((millis - FIRST_MONDAY) / (7 * DAY)) * 7 * DAY + FIRST_MONDAY;
  const interval = days * DAY + duration;
  return interval > 0 ? Math.floor(millis / interval) * interval : undefined;
}
