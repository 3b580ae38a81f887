import { type Document, isMap, isNode, isScalar, type LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { describeValue } from '../rules/document-problem.ts';
import { parserMessage } from './file-problem.ts';

/** The most nodes that the aliases of one document may expand to. */
const MAX_ALIAS_COUNT = 100;
export const TOO_DEEP = 'this YAML is nested too deeply';

/** Undefined if the text is nested so deeply that the recursive parser overflows the stack. */
export function parseDocuments(source: string, lineCounter: LineCounter): readonly Document.Parsed[] | undefined {
  try {
    const options = { schema: 'core', uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter } as const;
    const documents = parseAllDocuments(source, options);
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** True for a document between two `---` with nothing but comments. */
export function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return contents === null || ('value' in contents && contents.value === null && contents.tag === undefined);
}

export interface Fault {
  readonly message: string;
  readonly offset: number;
}

/** The YAML problems of a document: those of the parser, and those that it does not check. */
export function faultsOf(document: Document.Parsed): readonly Fault[] {
  const parsed = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    message: code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : parserMessage(message),
    offset: pos[0],
  }));
  return parsed.length > 0 ? parsed : nodeFaults(document);
}

/**
 * Duplicate keys (the parser's own check takes quadratic time), merge keys, and aliases without an anchor before them.
 */
function nodeFaults(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = [];
  const anchors = new Set<string>();
  const complain = (node: Node, message: string): void => {
    faults.push({ message, offset: node.range?.[0] ?? 0 });
  };
  visit(document, {
    Alias: (_key, alias) => {
      if (!anchors.has(alias.source))
        complain(alias, `there is no anchor ${describeName(`&${alias.source}`)} before this alias`);
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      if (!isMap(node)) return;
      const keys = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key)) {
          if (isNode(key)) complain(key, 'expected a key, found a collection');
          continue;
        }
        const name = String(key.value);
        // A merge key of YAML 1.1. Read as an ordinary key, its content would be silently lost.
        if (name === '<<' && key.type === 'PLAIN')
          complain(key, 'merge keys (<<) are not part of YAML 1.2 and are not supported: write the keys themselves');
        if (keys.has(name)) complain(key, `the key ${describeName(name)} is used twice`);
        keys.add(name);
      }
    },
  });
  return faults;
}

type Reading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unsound'; readonly message: string };

/** A cycle of aliases, or too many of them, is an error in the text. */
export function toValue(document: Document.Parsed): Reading {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { kind: 'value', value };
  } catch (error) {
    if (error instanceof ReferenceError) return { kind: 'unsound', message: 'its aliases expand to too many nodes' };
    if (error instanceof RangeError) return { kind: 'unsound', message: TOO_DEEP };
    throw error;
  }
}

/** A name from a file, safe for a message. */
export function describeName(name: string): string {
  return /^&?[\w.-]+$/.test(name) ? name : describeValue(name);
}
