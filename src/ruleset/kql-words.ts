/** The condition in KQL that the field has one of these values. @param patterns at least one; `*` stands for any text */
export function anyOf(field: string, patterns: readonly string[]): string {
  return `${field}: (${patterns.map(toWord).join(' or ')})`;
}

/** Escapes a text for KQL; only `*` keeps its special meaning. */
function toWord(text: string): string {
  const word = text.replace(/[\\():<>"{} ]/g, '\\$&').replace(/[|\p{C}]|[^\S ]/gu, toEscape);
  return /^(?:and|or|not)$/i.test(word) ? `\\${word}` : word;
}

/** Escapes each code unit of a character by its number. */
function toEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
