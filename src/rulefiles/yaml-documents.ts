import { type Document, isMap, isNode, isScalar, type LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { describeValue } from '../rules/document-problem.ts';
import { parserMessage } from './file-problem.ts';

/** How many nodes the aliases of one document may stand for. */
const MAX_ALIAS_COUNT = 100;
export const TOO_DEEP = 'this YAML is nested too deeply';

/** Undefined if the text is nested so deeply that the parser, which descends with the nesting, runs out of stack. */
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

/** True for what stands between two `---` and holds nothing but comments. */
export function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return contents === null || ('value' in contents && contents.value === null && contents.tag === undefined);
}

export interface Fault {
  readonly message: string;
  readonly offset: number;
}

/** What is wrong with a document as YAML: what the parser says, else what it leaves to us. */
export function faultsOf(document: Document.Parsed): readonly Fault[] {
  const parsed = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    message: code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : parserMessage(message),
    offset: pos[0],
  }));
  return parsed.length > 0 ? parsed : nodeFaults(document);
}

/**
 * Keys that a mapping has twice (the parser's own check takes quadratic time), merge keys, and aliases whose anchor does not stand
 * before them.
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
        complain(alias, `no anchor ${describeName(`&${alias.source}`)} stands before this alias`);
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
        // A merge key of YAML 1.1. Taken for any other key it would leave out in silence what it was to bring.
        if (name === '<<' && key.type === 'PLAIN')
          complain(key, 'merge keys (<<) are no part of YAML 1.2 and are not read: write the keys themselves');
        if (keys.has(name)) complain(key, `the key ${describeName(name)} is there twice`);
        keys.add(name);
      }
    },
  });
  return faults;
}

type Reading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unsound'; readonly message: string };

/** A cycle of aliases, or too many of them, is the text's fault. */
export function toValue(document: Document.Parsed): Reading {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { kind: 'value', value };
  } catch (error) {
    if (error instanceof ReferenceError) return { kind: 'unsound', message: 'its aliases stand for too much' };
    if (error instanceof RangeError) return { kind: 'unsound', message: TOO_DEEP };
    throw error;
  }
}

/** A name from a file as it may stand in a message. */
export function describeName(name: string): string {
  return /^&?[\w.-]+$/.test(name) ? name : describeValue(name);
}
