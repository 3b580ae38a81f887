/** A letter of a date pattern with its repeat count, or literal text. */
type Piece = { readonly letter: string; readonly count: number } | { readonly text: string };

export type DatePattern =
  | { readonly kind: 'ok'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'invalid'; readonly message: string };

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const KNOWN = 'yuMLdDEeaHhKkmsSnAXxZzVQG';
const LONGEST = 200;

const NAMED: Readonly<Record<string, string>> = {
  iso8601: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  strict_date_optional_time: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  date_optional_time: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  basic_date: 'yyyyMMdd',
  date: 'yyyy-MM-dd',
  strict_date: 'yyyy-MM-dd',
  date_hour_minute_second: "yyyy-MM-dd'T'HH:mm:ss",
  year_month: 'yyyy-MM',
};

/** Reads a pattern of Java's DateTimeFormatter, or the name of an Elasticsearch format. */
export function parseDatePattern(source: string): DatePattern {
  const pattern = Object.hasOwn(NAMED, source) ? (NAMED[source] ?? source) : source;
  if (pattern.length > LONGEST)
    return { kind: 'invalid', message: `the date pattern has more than ${LONGEST} characters` };
  const pieces: Piece[] = [];
  for (const [token] of pattern.matchAll(/'(?:[^']|'')*'?|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    if (token.startsWith("'")) {
      pieces.push({
        text: token === "''" ? "'" : token.slice(1, token.endsWith("'") ? -1 : undefined).replaceAll("''", "'"),
      });
    } else if (/^[A-Za-z]/.test(token)) {
      const letter = token.charAt(0);
      if (!KNOWN.includes(letter)) return { kind: 'invalid', message: `unknown letter ${letter} in the date pattern` };
      pieces.push({ letter, count: token.length });
    } else {
      pieces.push({ text: token });
    }
  }
  return { kind: 'ok', pieces };
}

/** Formats a date in UTC. */
export function formatByPattern(millis: number, pieces: readonly Piece[]): string {
  const date = new Date(millis);
  return pieces.map((piece) => ('text' in piece ? piece.text : formatLetter(date, piece.letter, piece.count))).join('');
}

function formatLetter(date: Date, letter: string, count: number): string {
  const pad = (value: number) => String(value).padStart(count, '0');
  const hour = date.getUTCHours();
  switch (letter) {
    case 'y':
    case 'u':
      return count === 2 ? String(date.getUTCFullYear() % 100).padStart(2, '0') : pad(date.getUTCFullYear());
    case 'M':
    case 'L':
      return name(MONTHS, date.getUTCMonth(), count, pad(date.getUTCMonth() + 1));
    case 'd':
      return pad(date.getUTCDate());
    case 'D':
      return pad(dayOfYear(date));
    case 'E':
      return name(DAYS, isoDay(date) - 1, Math.max(count, 3), '');
    case 'e':
      return name(DAYS, isoDay(date) - 1, count, pad(isoDay(date)));
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'H':
      return pad(hour);
    case 'k':
      return pad(hour === 0 ? 24 : hour);
    case 'K':
      return pad(hour % 12);
    case 'h':
      return pad(hour % 12 === 0 ? 12 : hour % 12);
    case 'm':
      return pad(date.getUTCMinutes());
    case 's':
      return pad(date.getUTCSeconds());
    case 'S':
      return String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(count, '0').slice(0, count);
    case 'n':
      return pad(date.getUTCMilliseconds() * 1_000_000);
    case 'A':
      return pad(date.getTime() - Math.floor(date.getTime() / 86_400_000) * 86_400_000);
    case 'Q':
      return pad(Math.floor(date.getUTCMonth() / 3) + 1);
    case 'G':
      return 'AD';
    case 'X':
    case 'z':
    case 'V':
      return 'Z';
    default:
      return count === 3 || count === 5 ? '+00:00' : '+0000';
  }
}

function name(names: readonly string[], index: number, count: number, number: string): string {
  const full = names[index] ?? '';
  if (count < 3) return number;
  return count === 3 ? full.slice(0, 3) : count === 5 ? full.slice(0, 1) : full;
}

/** 1 is Monday. */
export function isoDay(date: Date): number {
  return ((date.getUTCDay() + 6) % 7) + 1;
}

export function dayOfYear(date: Date): number {
  const first = new Date(0);
  first.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - first.getTime()) / 86_400_000) + 1;
}

/** Parses a text by a pattern to milliseconds, in UTC unless it has an offset; undefined if it does not match. */
export function parseByPattern(text: string, pieces: readonly Piece[]): number | undefined {
  const parts = new Map<string, number>();
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if ('text' in piece) {
      if (!text.startsWith(piece.text, at)) return undefined;
      at += piece.text.length;
      continue;
    }
    const next = pieces[index + 1];
    const read = readLetter(
      text.slice(at, at + 40),
      piece.letter,
      piece.count,
      next !== undefined && !('text' in next),
    );
    if (read === undefined) return undefined;
    parts.set(read.part, read.value);
    at += read.length;
  }
  return at === text.length ? assemble(parts) : undefined;
}

interface Read {
  readonly part: string;
  readonly value: number;
  readonly length: number;
}

function readLetter(text: string, letter: string, count: number, fixed: boolean): Read | undefined {
  if ((letter === 'M' || letter === 'L') && count >= 3) return readName(text, MONTHS, count, 'M');
  if (letter === 'E') return readName(text, DAYS, Math.max(count, 3), 'E');
  if (letter === 'a') {
    const half = /^[ap]m/i.exec(text)?.[0];
    return half === undefined ? undefined : { part: 'a', value: /^p/i.test(half) ? 1 : 0, length: 2 };
  }
  if ('XxZzV'.includes(letter)) {
    const [offset, sign, hours, minutes] = /^(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?)/.exec(text) ?? [];
    if (offset === undefined) return undefined;
    const value = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
    return { part: 'offset', value, length: offset.length };
  }
  const wide = letter === 'y' || letter === 'u' ? 9 : 2;
  const most = fixed || count > 1 ? Math.max(count, letter === 'S' ? count : 1) : wide;
  const digits = new RegExp(`^\\d{${Math.min(count, most)},${most}}`).exec(text)?.[0];
  if (digits === undefined) return undefined;
  if (letter === 'S')
    return { part: 'S', value: Math.floor(Number(`0.${digits}`) * 1000 + 1e-9), length: digits.length };
  const century = (letter === 'y' || letter === 'u') && count === 2 ? 2000 : 0;
  const part = letter === 'u' ? 'y' : letter === 'L' ? 'M' : letter;
  return { part, value: Number(digits) + century, length: digits.length };
}

function readName(text: string, names: readonly string[], count: number, part: string): Read | undefined {
  const index = names.findIndex((full) => {
    const sought = count === 3 ? full.slice(0, 3) : full;
    return text.toLowerCase().startsWith(sought.toLowerCase());
  });
  const full = names[index];
  return full === undefined ? undefined : { part, value: index + 1, length: count === 3 ? 3 : full.length };
}

function assemble(parts: ReadonlyMap<string, number>): number | undefined {
  const half = parts.get('h') ?? parts.get('K');
  const afternoon = parts.get('a') === 1 ? 12 : 0;
  const hour = half === undefined ? (parts.get('H') ?? (parts.get('k') ?? 0) % 24) : (half % 12) + afternoon;
  const [year, month, day] = [parts.get('y') ?? 1970, parts.get('M') ?? 1, parts.get('d') ?? 1];
  const [minute, second] = [parts.get('m') ?? 0, parts.get('s') ?? 0];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute - (parts.get('offset') ?? 0), second, parts.get('S') ?? 0);
  return date.getTime();
}
