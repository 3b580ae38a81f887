/**
 * Integer microseconds are exact in a double between the years 1684 and 2255. Times outside cannot be ordered exactly.
 */
const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const ZERO = 48;
const DASH = 45;
const PLUS = 43;
const COLON = 58;
const DOT = 46;

/**
 * Reads an RFC 3339 time as integer microseconds since the epoch, exactly: `Date` would lose everything below a
 * millisecond.
 *
 * Reads one to nine fraction digits and drops those below a microsecond. `undefined` if the text is not such a time,
 * names a day that does not exist, or is too far from the epoch to be exact. There is no 60th second, as in Go, whose
 * encoder writes these texts.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function parseTimestamp(text: string): number | undefined {
  const length = text.length;
  if (length < 20 || length > 35 || text.charCodeAt(MINUTE_LENGTH) !== COLON) return undefined;
  const minute = text.startsWith(lastMinute) ? lastMinuteSeconds : readMinute(text);
  const second = digits(text, 17, 19);
  if (minute === undefined || !(second <= 59)) return undefined;

  let place = 19;
  let fraction = 0;
  if (text.charCodeAt(place) === DOT) {
    const start = ++place;
    while (place < length && isDigit(text.charCodeAt(place))) place++;
    const count = place - start;
    if (count === 0 || count > 9) return undefined;
    fraction = digits(text, start, Math.min(place, start + 6)) * 10 ** Math.max(0, 6 - count);
  }
  const offset = zoneOffset(text, place);
  if (offset === undefined) return undefined;
  const micros = (minute + second - offset) * MICROS_PER_SECOND + fraction;
  return Number.isSafeInteger(micros) ? micros : undefined;
}

const MINUTE_LENGTH = 'YYYY-MM-DDTHH:MM'.length;
/** The last minute that was read and its seconds since the epoch: consecutive times mostly share the minute. */
let lastMinute = '1970-01-01T00:00';
let lastMinuteSeconds = 0;

/** Seconds from the epoch to the minute at the start of the text, ignoring the zone. */
function readMinute(text: string): number | undefined {
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH || !isLetter(text, 10, 'T')) return undefined;
  if (text.charCodeAt(13) !== COLON) return undefined;
  const days = daysSinceEpoch(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
  const seconds = secondsOfDay(digits(text, 11, 13), digits(text, 14, 16), 0);
  if (days === undefined || seconds === undefined) return undefined;
  lastMinute = text.slice(0, MINUTE_LENGTH);
  lastMinuteSeconds = days * SECONDS_PER_DAY + seconds;
  return lastMinuteSeconds;
}

/** The time as RFC 3339 in UTC with six decimals, as the API server writes it. `micros` is a safe integer. */
export function formatTimestamp(micros: number): string {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  const fraction = String(micros - seconds * MICROS_PER_SECOND).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The digits from `start` to `end` as a number; NaN if one of them is not a digit. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + (code - ZERO);
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

/** RFC 3339 allows `t` and `z` as well as `T` and `Z`. */
function isLetter(text: string, index: number, letter: 'T' | 'Z'): boolean {
  const found = text[index];
  return found === letter || found === letter.toLowerCase();
}

function daysSinceEpoch(year: number, month: number, day: number): number | undefined {
  const before = DAYS_BEFORE_MONTH[month - 1];
  const inMonth = DAYS_IN_MONTH[month - 1];
  if (before === undefined || inMonth === undefined) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (!(year >= 0 && day >= 1 && day <= (leap && month === 2 ? 29 : inMonth))) return undefined;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) + (leap && month > 2 ? 1 : 0);
  const DAYS_FROM_YEAR_ZERO = 719_162;
  return past * 365 + leapDays + before + (day - 1) - DAYS_FROM_YEAR_ZERO;
}

function secondsOfDay(hour: number, minute: number, second: number): number | undefined {
  return hour <= 23 && minute <= 59 && second <= 59 ? hour * 3600 + minute * 60 + second : undefined;
}

/** The zone's offset from UTC at `place`, in seconds; the zone must end the text. */
function zoneOffset(text: string, place: number): number | undefined {
  if (isLetter(text, place, 'Z')) return place + 1 === text.length ? 0 : undefined;
  const sign = text.charCodeAt(place);
  if ((sign !== PLUS && sign !== DASH) || place + 6 !== text.length || text.charCodeAt(place + 3) !== COLON)
    return undefined;
  const offset = secondsOfDay(digits(text, place + 1, place + 3), digits(text, place + 4, place + 6), 0);
  return offset === undefined || sign === PLUS ? offset : -offset;
}
