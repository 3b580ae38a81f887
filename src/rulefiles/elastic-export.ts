import { dirname } from 'node:path';
import { parseJson } from '../audit/parse-json.ts';
import { sanitise } from '../audit/text.ts';
import { isRecord, quoteName } from '../rules/document-problem.ts';
import type { ElasticLists } from '../rules/import/elastic-exceptions.ts';
import { excerptAt, type FileProblem } from './file-problem.ts';
import { linesOf } from './places.ts';

/** A parsed export of Kibana: its rules, each with its line, and the exported exception lists. */
export interface ElasticExport {
  readonly file: string;
  readonly lines: readonly string[];
  readonly rules: readonly { readonly value: unknown; readonly line: number }[];
  /** Exception lists by namespace and id, with their items. */
  readonly lists: ReadonlyMap<string, readonly unknown[]>;
  readonly problems: readonly FileProblem[];
}

/** The values of value lists, by folder and list id. */
export type ValueLists = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** A folder for value lists beside an export. */
export const VALUE_LIST_FOLDER = 'lists';

/**
 * Reads NDJSON, one object per line: rules, exception lists and their items in any order, action connectors, and at the
 * end the export counts. Never throws.
 */
export function readElasticExport(file: string, source: string): ElasticExport {
  const lines = linesOf(source);
  const rules: { value: unknown; line: number }[] = [];
  const lists = new Map<string, unknown[]>();
  const problems: FileProblem[] = [];
  const listOf = (value: Readonly<Record<string, unknown>>): unknown[] => {
    const key = listKey(value.list_id, value.namespace_type);
    const items = lists.get(key) ?? [];
    lists.set(key, items);
    return items;
  };
  for (const [at, text] of lines.entries()) {
    if (text.trim() === '') continue;
    const complain = (message: string, hint?: string): void => {
      const place = { line: at + 1, column: 1 };
      problems.push({
        file,
        place,
        message,
        ...(hint !== undefined && { hint }),
        excerpt: excerptAt(lines, place),
      });
    };
    const value = parseJson(text);
    if (value === undefined) complain('this line is not JSON');
    else if (!isRecord(value) || 'rule_id' in value) rules.push({ value, line: at + 1 });
    else if ('item_id' in value || 'list_id' in value) {
      const items = listOf(value);
      if ('item_id' in value) items.push(value);
    } else if ('attributes' in value && typeof value.type === 'string') {
      // An action connector: notifications of Kibana are not part of a rule here.
      if (value.type === 'action') continue;
      complain(
        'this is a saved object of Kibana, not an exported rule',
        'export the rules under Rules: Bulk actions, Export',
      );
    } else if (RULE_KEYS.some((key) => key in value)) rules.push({ value, line: at + 1 });
    else if (!isCounts(value)) {
      complain(
        'expected a rule, an exception list or the counts of an export',
        'a rule has rule_id, name, type and query',
      );
    }
  }
  return { file, lines, rules, lists, problems };
}

/** Distinguishes a rule without id from an object of another kind. */
const RULE_KEYS = ['name', 'type', 'query'];

function isCounts(value: Readonly<Record<string, unknown>>): boolean {
  return ['exported_count', 'exported_rules_count', 'exported_exception_list_count'].some((key) => key in value);
}

/** The ids of the value lists in the items of an export. */
export function namedValueLists({ lists }: ElasticExport): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const items of lists.values()) {
    for (const item of items) {
      const entries = isRecord(item) && Array.isArray(item.entries) ? item.entries : [];
      for (const entry of entries) {
        if (isRecord(entry) && isRecord(entry.list) && typeof entry.list.id === 'string') ids.add(entry.list.id);
      }
    }
  }
  return ids;
}

/**
 * The lists that rules of a file may use: first those in the file, then those of other exports, with exports of its own
 * folder first. A shared list, which Kibana exports on its own, may lie beside; and exports of two spaces do not mix
 * lists of the same name.
 */
export function elasticLists(file: string, exports: readonly ElasticExport[], values: ValueLists): ElasticLists {
  const folder = dirname(file);
  const distance = (one: ElasticExport) => (one.file === file ? 0 : dirname(one.file) === folder ? 1 : 2);
  const ordered = [...exports].sort((a, b) => distance(a) - distance(b));
  const folders = new Set([folder, ...ordered.map((one) => dirname(one.file))]);
  return {
    items: ({ id, namespace }) => firstOf(ordered, ({ lists }) => lists.get(listKey(id, namespace))),
    values: (id) => firstOf(folders, (one) => values.get(one)?.get(id)),
    valuesPlace: (id) => `${valueListFiles(id).map(quoteName).join(' or ')} in ${sanitise(folder)}`,
  };
}

/**
 * The file names, below the folder of an export, that may hold the values of a list: its id, and if the id has
 * characters that a ConfigMap key cannot have, the id with `_` for each. None leads out of the folder.
 */
export function valueListFiles(id: string): readonly string[] {
  const safe = id.replace(/[^-.\w]|^\.+/g, '_');
  const ids = /^\.{1,2}$|[/\\\0]/.test(id) ? [safe] : [id, safe];
  const names = ids.flatMap((name) => (name.endsWith('.txt') ? [name] : [name, `${name}.txt`]));
  return [...new Set([...names, ...names.map((name) => `${VALUE_LIST_FOLDER}/${name}`)])];
}

function firstOf<T, V>(all: Iterable<T>, find: (one: T) => V | undefined): V | undefined {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listKey(id: unknown, namespace: unknown): string {
  return JSON.stringify([String(id), typeof namespace === 'string' ? namespace : 'single']);
}
