import type { ValueListDocument } from '../rules/document.ts';
import type { DocumentProblem } from '../rules/document-problem.ts';
import type { ConfigMapKey, ListDocument } from '../rules/exception-schema.ts';

/** A ConfigMap, as far as it can hold lists. */
export interface ConfigMapContent {
  /** Changes with the content. */
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
}

/**
 * The ConfigMaps in firstseen's namespace, by name; or why there are none: they are not loaded yet, or the namespace is
 * unknown.
 */
export type ConfigMaps = ReadonlyMap<string, ConfigMapContent> | 'unread' | 'unknown namespace';

export type ReadLists =
  | { readonly kind: 'ok'; readonly lists: readonly ValueListDocument[] }
  | { readonly kind: 'unread' }
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

export interface ListReader {
  /**
   * Reads the values of lists, inline or from a ConfigMap. An unchanged version of a ConfigMap gives the same object.
   */
  read(lists: readonly ListDocument[], maps: ConfigMaps): ReadLists;
}

export function createListReader(): ListReader {
  /** By content: the values under each requested key. */
  const known = new WeakMap<ConfigMapContent, Map<string, readonly string[]>>();

  function valuesOf(content: ConfigMapContent, key: string, text: string): readonly string[] {
    const ofContent = known.get(content) ?? new Map<string, readonly string[]>();
    known.set(content, ofContent);
    const values = ofContent.get(key) ?? linesOf(text).map(({ value }) => value);
    ofContent.set(key, values);
    return values;
  }

  return {
    read(lists, maps) {
      const problems: DocumentProblem[] = [];
      const read: ValueListDocument[] = [];
      for (const [index, list] of lists.entries()) {
        if (!('configMap' in list)) {
          read.push(list);
          continue;
        }
        if (maps === 'unread') return { kind: 'unread' };
        const { configMap, ...rest } = list;
        const path = ['spec', 'lists', index, 'configMap'];
        const found = maps === 'unknown namespace' ? NO_NAMESPACE : find(configMap, maps);
        if (found.kind === 'ok') read.push({ ...rest, values: valuesOf(found.content, configMap.key, found.text) });
        else problems.push({ path, message: found.message, ...(found.hint !== undefined && { hint: found.hint }) });
      }
      return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', lists: read };
    },
  };
}

type Found =
  | { readonly kind: 'ok'; readonly content: ConfigMapContent; readonly text: string }
  | { readonly kind: 'absent'; readonly message: string; readonly hint?: string };

const NO_NAMESPACE: Found = {
  kind: 'absent',
  message: 'firstseen does not know its own namespace, because its credential is not a service account',
  hint: 'put the values into the exception, or run firstseen with a service account',
};

function find({ name, key }: ConfigMapKey, maps: ReadonlyMap<string, ConfigMapContent>): Found {
  const content = maps.get(name);
  if (content === undefined) {
    return { kind: 'absent', message: `there is no ConfigMap ${name} in the namespace of firstseen` };
  }
  const text = Object.hasOwn(content.data, key) ? content.data[key] : undefined;
  if (text !== undefined) return { kind: 'ok', content, text };
  const keys = Object.keys(content.data);
  const hint = keys.length === 0 ? 'its data is empty' : `its keys: ${keys.slice(0, 10).join(', ')}`;
  return { kind: 'absent', message: `the ConfigMap ${name} has no key ${key}`, hint };
}

/** The place of a list's value in its ConfigMap, for people. */
export function placeOfValue(list: ListDocument | undefined, index: number, maps: ConfigMaps): string | undefined {
  if (list === undefined || !('configMap' in list) || typeof maps === 'string') return undefined;
  const { name, key } = list.configMap;
  const line = linesOf(maps.get(name)?.data[key] ?? '')[index]?.line;
  return line === undefined ? undefined : `line ${line} of ${key} in ConfigMap ${name}`;
}

/** The values of a text, one a line; skips empty lines and those that begin with `#`. */
function linesOf(text: string): readonly { readonly value: string; readonly line: number }[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const value = raw.trim();
    return value === '' || value.startsWith('#') ? [] : [{ value, line: index + 1 }];
  });
}
