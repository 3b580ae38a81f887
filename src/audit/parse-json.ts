/** The value of a text; undefined for what is no JSON, or that the parser gives up on. JSON itself has no undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
