import type { Field, FieldValue } from '../../ecs/field.ts';
import type { LikePiece } from '../predicate/predicate.ts';

/** Characters that are invisible or may break a line. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u00a0]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\r': '\\r', '\n': '\\n' };

/** A text in quotes, as EQL writes it. It is valid KQL too only if all its characters are visible. */
export function quoteForEql(text: string): string {
  return `"${escapeUnseen(text.replace(/["\\]/g, '\\$&'), (code) => `\\u{${code.toString(16).padStart(2, '0')}}`)}"`;
}

/** A text in quotes, as KQL writes it. */
export function quoteForKql(text: string): string {
  return `"${escapeUnseen(text.replace(/["\\]/g, '\\$&'), unicodeOfKql)}"`;
}

/** A name, or a literal piece of a wildcard pattern, as KQL writes it without quotes. */
export function formatWord(text: string): string {
  if (/^(?:and|or|not)$/i.test(text)) return `\\${text}`;
  return escapeUnseen(text.replace(/[\\():<>"*{} ]/g, '\\$&'), unicodeOfKql);
}

/** A value as KQL writes it; a date in full, so that it is a single moment. */
export function formatValue(value: FieldValue, { type }: Pick<Field, 'type'>): string {
  if (type === 'date' && typeof value === 'number') return quoteForKql(formatMoment(value));
  return typeof value === 'string' ? quoteForKql(value) : String(value);
}

/** A pattern with both wildcards, for EQL's `like`. */
export function formatLike(pieces: readonly LikePiece[]): string {
  const shown = pieces.map((piece) =>
    piece === 'any' ? '*' : piece === 'one' ? '?' : piece.literal.replace(/[*?\\]/g, '\\$&'),
  );
  return quoteForEql(shown.join(''));
}

/** Microseconds since the epoch as ISO 8601 with microseconds. */
export function formatMoment(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  const rest = String(micros - millis * 1_000).padStart(3, '0');
  return new Date(millis).toISOString().replace('Z', `${rest}Z`);
}

function escapeUnseen(text: string, escaped: (codePoint: number) => string): string {
  return text.replace(UNSEEN, (character) => SHORT_ESCAPES[character] ?? escaped(character.codePointAt(0) ?? 0));
}

/** KQL writes UTF-16 units. */
function unicodeOfKql(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
