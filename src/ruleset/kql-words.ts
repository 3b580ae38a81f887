/** A condition of KQL. @param patterns at least one; `*` stands for any text */
export function anyOf(field: string, patterns: readonly string[]): string {
  return `${field}: (${patterns.map(toWord).join(' or ')})`;
}

/** A text as a word of KQL in which only `*` means something else than itself. */
function toWord(text: string): string {
  const word = text.replace(/[\\():<>"{} ]/g, '\\$&').replace(/[|\p{C}]|[^\S ]/gu, toEscape);
  return /^(?:and|or|not)$/i.test(word) ? `\\${word}` : word;
}

/** Each code unit of a character by its number. */
function toEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
