import { DAY, HOUR, MINUTE, SECOND } from './limits.ts';

/** Largest first. Weeks are read but never written, because windows are given in days. */
const UNITS: readonly (readonly [unit: string, micros: number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', 1_000],
  ['us', 1],
];
const MICROS_BY_UNIT: ReadonlyMap<string, number> = new Map([...UNITS, ['w', 7 * DAY]]);

/**
 * A whole number and one unit (`us ms s m h d w`), such as `7d`, in integer microseconds; undefined for anything else.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15})(us|ms|s|m|h|d|w)$/.exec(text);
  const unit = MICROS_BY_UNIT.get(match?.[2] ?? '');
  if (match === null || unit === undefined) return undefined;
  const micros = Number(match[1]) * unit;
  return Number.isSafeInteger(micros) ? micros : undefined;
}

/** The shortest text that `parseDuration` reads back: 604,800,000,000 is `7d`, 129,600,000,000 is `36h`. */
export function formatDuration(micros: number): string {
  if (micros === 0) return '0s';
  for (const [unit, size] of UNITS) {
    if (micros % size === 0) return `${micros / size}${unit}`;
  }
  return `${Math.round(micros)}us`;
}
