/**
 * Characters that a reader cannot see, or that move or hide the text around them: controls (ESC, newline, tab, C1),
 * format characters (bidirectional marks and overrides, zero-width, soft hyphen, tags), line and paragraph separators,
 * lone surrogates, and everything else that Unicode lets a renderer omit (fillers, joiners, variation selectors). The
 * blank Braille pattern is included although Unicode calls it a symbol.
 *
 * @see https://www.unicode.org/reports/tr36/ (security considerations) and DerivedCoreProperties.txt for
 * Default_Ignorable_Code_Point
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu');

/**
 * The text made safe for a terminal, a table or a message: characters that cannot be seen are escaped as `\u{1b}`.
 *
 * An escape and not U+FFFD, because the exact character is evidence: two names that differ only in a zero-width space
 * stay two names. The result is for reading only and never decoded, so existing backslashes are left alone. It can be
 * ten times as long: sanitise first, then cut.
 */
export function sanitise(text: string): string {
  return replaceUnseen(text, escapeCharacter);
}

/** True if the text has characters that cannot be seen. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/** The text with `replacement` applied to each character that cannot be seen, for formats with their own escapes. */
export function replaceUnseen(text: string, replacement: (character: string) => string): string {
  return UNSEEN.test(text) ? text.replace(EVERY_UNSEEN, replacement) : text;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = 3;

/**
 * The text if it takes at most `maxBytes` bytes of UTF-8, else its beginning and an ellipsis within that limit. It is
 * cut between code points; below 3 bytes the ellipsis does not fit and is omitted.
 */
export function cutBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const room = maxBytes >= ELLIPSIS_BYTES ? maxBytes - ELLIPSIS_BYTES : maxBytes;
  let bytes = 0;
  let keep = 0;
  for (let index = 0; index < text.length; ) {
    const code = text.codePointAt(index) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) return text.slice(0, keep) + (maxBytes >= ELLIPSIS_BYTES ? ELLIPSIS : '');
    index += code < 0x10000 ? 1 : 2;
    if (bytes <= room) keep = index;
  }
  return text;
}

/** The length of the text in UTF-8 bytes. A lone surrogate counts as U+FFFD, which replaces it in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0;
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    if (code > 0xffff) index++;
  }
  return bytes;
}

/** Sanitised and cut, for the few words of an event that go into a message. The cost does not grow with the text. */
export function excerpt(text: string, maxBytes: number): string {
  return cutBytes(sanitise(text.slice(0, maxBytes + 1)), maxBytes);
}

/**
 * The JSON text with U+FFFD for every lone surrogate, so all parsed strings and keys are well-formed. Text without
 * surrogate escapes, the usual case, costs two searches (a regular expression would cost four times as much).
 */
export function wellFormedJson(text: string): string {
  const decoded = text.isWellFormed() ? text : text.toWellFormed();
  if (!decoded.includes('\\ud') && !decoded.includes('\\uD')) return decoded;
  return withoutLoneEscapes(decoded);
}

/**
 * Reads escapes from left to right, so the second backslash of `\\` starts no escape and a surrogate pair is read
 * whole.
 */
function withoutLoneEscapes(text: string): string {
  let result = '';
  let copied = 0;
  for (let index = text.indexOf('\\'); index !== -1; index = text.indexOf('\\', index)) {
    const surrogate = surrogateEscape(text, index);
    if (surrogate === undefined) {
      index += 2;
    } else if (surrogate === 'high' && surrogateEscape(text, index + 6) === 'low') {
      index += 12;
    } else {
      result += `${text.slice(copied, index)}\\ufffd`;
      index += 6;
      copied = index;
    }
  }
  return result + text.slice(copied);
}

/** Which half of a surrogate pair the escape at `index` encodes (`\ud800` to `\udfff`); undefined for anything else. */
function surrogateEscape(text: string, index: number): 'high' | 'low' | undefined {
  if (text[index] !== '\\' || text[index + 1] !== 'u' || !isHex(text, index + 4) || !isHex(text, index + 5))
    return undefined;
  if (text[index + 2] !== 'd' && text[index + 2] !== 'D') return undefined;
  const third = isHex(text, index + 3) ? Number.parseInt(text.charAt(index + 3), 16) : 0;
  if (third < 8) return undefined;
  return third < 12 ? 'high' : 'low';
}

function isHex(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
