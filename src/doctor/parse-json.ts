/** The value, or undefined for what is no JSON: a shape is asked of it next. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
