import { type DocumentPath, valueAt } from '../rules/document-problem.ts';
import { linesOf, type Place, type Places, placeInText } from './places.ts';

/** Places of values by path; path segments are joined with newlines, which no bare key contains. */
type Index = ReadonlyMap<string, { readonly key: Place; readonly value: Place }>;

const HEADER = /^\s*(\[\[?)\s*([\w.\s"'-]+?)\s*\]\]?\s*(?:#.*)?$/;
const ASSIGNMENT = /^(\s*)([\w-]+|"[^"\\]*"|'[^']*')(\s*=\s*)/;

/**
 * The places of values in a parsed TOML text: smol-toml gives values without places. Recognises tables and keys at the
 * start of a line, the usual layout of rules; other values get the place of their container.
 */
export function tomlPlaces(source: string, value: unknown): Places {
  const lines = linesOf(source);
  const index = indexLines(lines);
  return {
    at(path, on) {
      const found = index.get(idOf(path));
      if (found !== undefined) return on === 'key' ? found.key : found.value;
      return nearestKey(index, path);
    },
    within(path, place) {
      const start = index.get(idOf(path))?.value;
      const text = textAt(value, path);
      if (start === undefined || text === undefined) return undefined;
      // A newline directly after the opening quotes of a multi-line string is not part of it.
      const opening = lines[start.line - 1]?.slice(start.column - 1).trimEnd();
      const below = opening === "'''" || opening === '"""';
      return placeInText(lines, below ? { line: start.line + 1, column: 1 } : start, text, place);
    },
  };
}

function indexLines(lines: readonly string[]): Index {
  const index = new Map<string, { key: Place; value: Place }>();
  const tables = new Map<string, number>();
  let table: DocumentPath = [];
  let closing: string | undefined;
  for (const [number, line] of lines.entries()) {
    if (closing !== undefined) {
      if (line.includes(closing)) closing = undefined;
      continue;
    }
    const header = HEADER.exec(line);
    if (header !== null) {
      table = tablePath(tables, keysOf(header[2] ?? ''), header[1] === '[[');
      const place = { line: number + 1, column: line.indexOf('[') + 1 };
      index.set(idOf(table), { key: place, value: place });
      continue;
    }
    const assignment = ASSIGNMENT.exec(line);
    if (assignment !== null) {
      const [whole, indent = '', key = ''] = assignment;
      const place = (column: number): Place => ({ line: number + 1, column: column + 1 });
      index.set(idOf([...table, ...keysOf(key)]), { key: place(indent.length), value: place(whole.length) });
    }
    closing = opensText(line);
  }
  return index;
}

/** The closing quotes of a multi-line string that begins on the line and does not end there. */
function opensText(line: string): string | undefined {
  const [quotes] = /'''|"""/.exec(line) ?? [];
  if (quotes === undefined) return undefined;
  return line.indexOf(quotes, line.indexOf(quotes) + 3) === -1 ? quotes : undefined;
}

/** `[[a.b]]` begins the next element of the list a.b; `[a.b]` is in the newest element of a, if a is a list. */
function tablePath(tables: Map<string, number>, keys: readonly string[], isList: boolean): DocumentPath {
  let path: DocumentPath = [];
  for (const [depth, key] of keys.entries()) {
    path = [...path, key];
    const id = idOf(path);
    const last = depth === keys.length - 1;
    if (last && isList) tables.set(id, (tables.get(id) ?? -1) + 1);
    const element = tables.get(id);
    if (element !== undefined) path = [...path, element];
  }
  return path;
}

function keysOf(dotted: string): readonly string[] {
  return dotted.split('.').map((key) => key.trim().replace(/^(["'])(.*)\1$/, '$2'));
}

function idOf(path: DocumentPath): string {
  return path.join('\n');
}

function nearestKey(index: Index, path: DocumentPath): Place {
  for (let length = path.length - 1; length > 0; length -= 1) {
    const found = index.get(idOf(path.slice(0, length)));
    if (found !== undefined) return found.key;
  }
  return { line: 1, column: 1 };
}

function textAt(value: unknown, path: DocumentPath): string | undefined {
  const text = valueAt(value, path);
  return typeof text === 'string' ? text : undefined;
}
