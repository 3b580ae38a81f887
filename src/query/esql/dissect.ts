/** A key of a pattern and the text after it. */
interface Key {
  /** Undefined for skipped parts. */
  readonly name: string | undefined;
  /** The position among joined keys of the same name. */
  readonly order: number;
  readonly padded: boolean;
  readonly delimiter: string;
}

export interface Dissect {
  readonly columns: readonly string[];
  /** The column values if the text matches the pattern; undefined otherwise. */
  readonly match: (text: string) => readonly string[] | undefined;
}

export type DissectResult =
  | { readonly kind: 'ok'; readonly dissect: Dissect }
  | { readonly kind: 'invalid'; readonly message: string; readonly hint?: string };

const LONGEST = 4_096;
const MOST_KEYS = 100;
const KEY = /^(\+?)(\??)([^+?*&/>]*?)(?:\/(\d{1,3}))?(->)?$/;

/**
 * Prepares a DISSECT pattern: `%{key}` with text between. `%{}` and `%{?key}` skip, `%{+key}` joins (`%{+key/2}` gives
 * the order), `%{key->}` accepts repeats of the text after it. Linear in the text.
 * @see https://www.elastic.co/docs/reference/enrich-processor/dissect-processor
 */
export function compileDissect(pattern: string, separator: string): DissectResult {
  if (pattern.length > LONGEST) return { kind: 'invalid', message: `the pattern has more than ${LONGEST} characters` };
  const leading = pattern.indexOf('%{');
  const keys: Key[] = [];
  for (const [, written = '', delimiter = ''] of pattern.matchAll(/%\{([^}]*)\}((?:(?!%\{)[\s\S])*)/g)) {
    const [, plus, question, name = '', order, arrow] = KEY.exec(written) ?? [];
    if (plus === undefined) {
      const hint = 'use %{key}, %{+key}, %{?key} or %{key->}; references with * and & are not supported';
      return { kind: 'invalid', message: `%{${written.slice(0, 40).toWellFormed()}} is not a key`, hint };
    }
    const skipped = question !== '' || name === '';
    keys.push({ name: skipped ? undefined : name, order: Number(order ?? 0), padded: arrow !== undefined, delimiter });
  }
  const wrong = checkKeys(pattern, leading, keys);
  if (wrong !== undefined) return { kind: 'invalid', message: wrong };
  return { kind: 'ok', dissect: createDissect(pattern.slice(0, leading), keys, separator) };
}

function checkKeys(pattern: string, leading: number, keys: readonly Key[]): string | undefined {
  if (leading === -1 || keys.length === 0) return `[${pattern.slice(0, 60).toWellFormed()}] needs a key such as %{key}`;
  if (keys.length > MOST_KEYS) return `the pattern has more than ${MOST_KEYS} keys`;
  const open = keys.slice(0, -1).some(({ delimiter }) => delimiter === '');
  return open ? 'two keys need text between them' : undefined;
}

function createDissect(leading: string, keys: readonly Key[], separator: string): Dissect {
  const columns = [...new Set(keys.flatMap(({ name }) => (name === undefined ? [] : [name])))];
  const sourcesOf = columns.map((column) =>
    keys
      .map(({ name, order }, index) => ({ name, order, index }))
      .filter(({ name }) => name === column)
      .sort((a, b) => a.order - b.order)
      .map(({ index }) => index),
  );
  return {
    columns,
    match: (text) => {
      const values = cut(text, leading, keys);
      return values === undefined
        ? undefined
        : sourcesOf.map((sources) => sources.map((index) => values[index]).join(separator));
    },
  };
}

function cut(text: string, leading: string, keys: readonly Key[]): readonly string[] | undefined {
  if (text === '' || !text.startsWith(leading)) return undefined;
  const values: string[] = [];
  let at = leading.length;
  for (const { delimiter, padded } of keys) {
    const found = delimiter === '' ? text.length : text.indexOf(delimiter, at);
    if (found === -1) return undefined;
    values.push(text.slice(at, found));
    at = found + delimiter.length;
    while (padded && delimiter !== '' && text.startsWith(delimiter, at)) at += delimiter.length;
  }
  return values;
}
