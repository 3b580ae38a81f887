import type { LikePiece } from '../predicate/predicate.ts';
import { compileWildcard } from './wildcard.ts';

const WORD = 32;
const ASCII = 128;

/**
 * A whole-text matcher for a pattern of both wildcards: `any` matches any text, also the empty one, `one` matches one
 * Unicode code point as in Elasticsearch (`WildcardQuery` of Lucene). Newlines are characters. Case-sensitive.
 *
 * Each place in the pattern that the text can have reached is one bit, and all bits advance together, so the time is
 * linear in the text whatever the input.
 */
export function compileLike(pieces: readonly LikePiece[]): (text: string) => boolean {
  const parts = wildcardParts(pieces);
  return parts === undefined ? places(pieces) : compileWildcard(parts);
}

/** The literals between the asterisks; undefined if there is a `?`. */
function wildcardParts(pieces: readonly LikePiece[]): string[] | undefined {
  const parts = [''];
  for (const piece of pieces) {
    if (piece === 'one') return undefined;
    if (piece === 'any') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${piece.literal}`);
  }
  return parts;
}

/**
 * Place n is reached when n characters of the pattern have matched. A character of the text moves place n to n + 1 if
 * the pattern has that character or a `?` there, and keeps a place before an asterisk.
 */
function places(pieces: readonly LikePiece[]): (text: string) => boolean {
  const characters: (number | 'one')[] = [];
  const stays = new Set<number>();
  for (const piece of pieces) {
    if (piece === 'any') stays.add(characters.length);
    else if (piece === 'one') characters.push('one');
    else for (const character of piece.literal) characters.push(character.codePointAt(0) ?? 0);
  }
  const last = characters.length;
  const words = Math.floor(last / WORD) + 1;
  const kept = new Int32Array(words);
  for (const place of stays) set(kept, place);
  const other = new Int32Array(words);
  for (const [place, character] of characters.entries()) if (character === 'one') set(other, place + 1);
  const entering = new Map<number, Int32Array>();
  for (const [place, character] of characters.entries()) {
    if (character === 'one') continue;
    entering.set(character, set(entering.get(character) ?? other.slice(), place + 1));
  }
  const ascii = Array.from({ length: ASCII }, (_, code) => entering.get(code) ?? other);
  const maskOf = (codePoint: number) => ascii[codePoint] ?? entering.get(codePoint) ?? other;
  const isReached = (reached: Int32Array, place: number) =>
    ((reached[Math.floor(place / WORD)] ?? 0) & (1 << (place % WORD))) !== 0;

  return (text) => {
    const reached = new Int32Array(words);
    reached[0] = 1;
    for (let at = 0; at < text.length; at += 1) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (codePoint > 0xffff) at += 1;
      const mask = maskOf(codePoint);
      let carry = 0;
      let alive = 0;
      for (let word = 0; word < words; word += 1) {
        const before = reached[word] ?? 0;
        const after = (((before << 1) | carry) & (mask[word] ?? 0)) | (before & (kept[word] ?? 0));
        carry = before >>> (WORD - 1);
        reached[word] = after;
        alive |= after;
      }
      if (alive === 0) return false;
    }
    return isReached(reached, last);
  };
}

function set(mask: Int32Array, place: number): Int32Array {
  const word = Math.floor(place / WORD);
  mask[word] = (mask[word] ?? 0) | (1 << (place % WORD));
  return mask;
}
