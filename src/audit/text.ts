/**
 * What a reader cannot see, or what moves or hides the text around it: controls (among them ESC, newline, tab, C1), format characters
 * (bidirectional marks and overrides, zero-width, soft hyphen, tags), line and paragraph separators, lone surrogates, and the rest of what
 * Unicode lets a renderer leave out (fillers, joiners, variation selectors); the blank Braille pattern is empty although it is a symbol.
 *
 * @see https://www.unicode.org/reports/tr36/ (security considerations) and DerivedCoreProperties.txt for Default_Ignorable_Code_Point
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu');

/**
 * The text as it may be shown on a terminal, in a table or in a message: each character that cannot be seen is written out as `\u{1b}`.
 *
 * An escape and not U+FFFD, because which character it was is evidence: two names that differ only in a zero-width space stay
 * two names. It is for reading only and is never turned back, so a backslash that was there before is left alone. The result can be
 * ten times as long: sanitise first, then cut.
 */
export function sanitise(text: string): string {
  return replaceUnseen(text, escapeCharacter);
}

/** True if some of its characters cannot be seen. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/** The text with `replacement` for each character that cannot be seen, for a format with escapes of its own. */
export function replaceUnseen(text: string, replacement: (character: string) => string): string {
  return UNSEEN.test(text) ? text.replace(EVERY_UNSEEN, replacement) : text;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = 3;

/**
 * The text if it takes at most `maxBytes` bytes of UTF-8, else as much of its beginning as fits together with an ellipsis.
 * It is cut between code points; below 3 bytes there is no room for the ellipsis and none is added.
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

/** How many bytes the text takes in UTF-8; a lone surrogate counts as the U+FFFD that stands for it there. */
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

/** Sanitised and cut, at a cost that does not grow with the text: for the few words of an event that go into a message. */
export function excerpt(text: string, maxBytes: number): string {
  return cutBytes(sanitise(text.slice(0, maxBytes + 1)), maxBytes);
}

/**
 * The JSON text with U+FFFD for every lone surrogate, so that all strings and keys that it parses to are well-formed.
 * A text without surrogate escapes, which is nearly every one, costs two searches (a regular expression would cost four times as much).
 */
export function wellFormedJson(text: string): string {
  const decoded = text.isWellFormed() ? text : text.toWellFormed();
  if (!decoded.includes('\\ud') && !decoded.includes('\\uD')) return decoded;
  return withoutLoneEscapes(decoded);
}

/** Takes the escapes from left to right, so that the second backslash of `\\` begins none and a pair is taken whole. */
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

/** Which half of a pair the escape at `index` stands for, if it is an escape and stands for one: `\ud800` to `\udfff`. */
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
