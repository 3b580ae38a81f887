import { DAY, HOUR, MINUTE, SECOND } from '../limits.ts';

/** Elasticsearch's units. Months and years have no fixed length and count as 30 and 365 days. */
const UNIT_MICROS: ReadonlyMap<string, number> = new Map([
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
  ['H', HOUR],
  ['d', DAY],
  ['w', 7 * DAY],
  ['M', 30 * DAY],
  ['y', 365 * DAY],
]);

/**
 * How long before now an Elasticsearch date math expression points, in integer microseconds: `now-7d` is seven days.
 * Undefined for anything but `now` with one subtraction: rounding (`now-7d/d`), sums, and fixed dates.
 */
export function parseLookBack(text: string): number | undefined {
  if (text === 'now') return 0;
  const match = /^now-(\d{1,9})([smhHdwMy])$/.exec(text);
  const unit = UNIT_MICROS.get(match?.[2] ?? '');
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}
