/**
 * The text with A to Z as a to z. Elasticsearch's `case_insensitive` term, wildcard and regexp queries do the same
 * (`AutomatonQueries.toCaseInsensitiveChar` of elastic/elasticsearch: "for now we only work with ASCII"), so É and é
 * differ, and so do K and the Kelvin sign.
 */
export function foldAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/** The other case of an ASCII letter, as code points; other code points are returned unchanged. */
export function otherAsciiCase(codePoint: number): number {
  const isLetter = (codePoint >= 0x41 && codePoint <= 0x5a) || (codePoint >= 0x61 && codePoint <= 0x7a);
  return isLetter ? codePoint ^ 0x20 : codePoint;
}
