/** The position of the first occurrence of a piece at or after an offset, or -1. */
type Finder = (text: string, from: number) => number;

/** Up to this length the engine's own search is fastest, and its worst case is a small multiple of the text. */
const LONGEST_PLAIN_SEARCH = 64;

/**
 * A whole-text matcher for a wildcard pattern: `parts` are the literal pieces between the asterisks; an asterisk
 * matches any text, also the empty one. Case-sensitive.
 *
 * No regular expression and no backtracking: the ends are compared in place, and each middle piece is found at its
 * first occurrence after the one before, so the time is linear in the text.
 */
export function compileWildcard(parts: readonly string[]): (text: string) => boolean {
  const first = parts[0] ?? '';
  if (parts.length < 2) return (text) => text === first;
  const last = parts[parts.length - 1] ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  if (middle.length === 0) return matchEnds(first, last);
  const [only] = middle;
  if (only !== undefined && middle.length === 1 && first === '' && last === '') {
    if (only.length <= LONGEST_PLAIN_SEARCH) return (text) => text.includes(only);
  }
  const pieces = middle.map((part) => ({ length: part.length, find: finder(part) }));
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const piece of pieces) {
      const found = piece.find(text, from);
      if (found === -1) return false;
      from = found + piece.length;
      if (from > end) return false;
    }
    return true;
  };
}

function matchEnds(first: string, last: string): (text: string) => boolean {
  if (first === '' && last === '') return () => true;
  if (last === '') return (text) => text.startsWith(first);
  if (first === '') return (text) => text.endsWith(last);
  const shortest = first.length + last.length;
  return (text) => text.length >= shortest && text.startsWith(first) && text.endsWith(last);
}

/**
 * A search for a piece in linear time: Knuth, Morris and Pratt for long pieces, where the engine's own search can take
 * time in text × piece.
 */
export function finder(piece: string): Finder {
  if (piece.length <= LONGEST_PLAIN_SEARCH) return (text, from) => text.indexOf(piece, from);
  const fallback = new Int32Array(piece.length);
  for (let at = 1, matched = 0; at < piece.length; at += 1) {
    while (matched > 0 && piece[at] !== piece[matched]) matched = fallback[matched - 1] ?? 0;
    if (piece[at] === piece[matched]) matched += 1;
    fallback[at] = matched;
  }
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at += 1) {
      while (matched > 0 && text[at] !== piece[matched]) matched = fallback[matched - 1] ?? 0;
      if (text[at] === piece[matched]) matched += 1;
      if (matched === piece.length) return at - matched + 1;
    }
    return -1;
  };
}
