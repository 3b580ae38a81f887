import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { DocumentPath } from '../rules/document-problem.ts';
import { type Place, type Places, placeInText } from './places.ts';

/** The place of an offset; one past the end of the text is at the end of its last line. */
export function offsetPlace(counter: LineCounter, lines: readonly string[], offset: number): Place {
  const { line, col } = counter.linePos(offset);
  const number = Math.min(Math.max(line, 1), lines.length);
  const length = lines[number - 1]?.length ?? 0;
  return { line: number, column: Math.min(Math.max(col, 1), length + 1) };
}

interface Found {
  /** The last key on the way, if it is one of a mapping. */
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  /** False if the path continues beyond it. */
  readonly whole: boolean;
}

/** The places of values in one YAML document. Aliases lead to their anchors. */
export function yamlPlaces(document: Document.Parsed, counter: LineCounter, lines: readonly string[]): Places {
  const placeOf = (node: Node | undefined): Place =>
    offsetPlace(counter, lines, node?.range?.[0] ?? document.contents?.range?.[0] ?? 0);
  return {
    at(path, on) {
      const { key, value, whole } = find(document, path);
      return placeOf(on === 'key' || !whole ? (key ?? value) : (value ?? key));
    },
    within(path, place) {
      const { value, whole } = find(document, path);
      if (!whole || !isScalar(value) || typeof value.value !== 'string') return undefined;
      const start = placeOf(value);
      // The text of a block begins on the line after its `|`.
      const block = value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED';
      return placeInText(lines, block ? { line: start.line + 1, column: 1 } : start, value.value, place);
    },
  };
}

function find(document: Document.Parsed, path: DocumentPath): Found {
  let value: Node | undefined = document.contents ?? undefined;
  let key: Node | undefined;
  for (const step of path) {
    const at: Node | undefined = isAlias(value) ? value.resolve(document) : value;
    if (isMap(at)) {
      const pair = at.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
      if (pair === undefined) return { key, value, whole: false };
      key = isNode(pair.key) ? pair.key : undefined;
      value = isNode(pair.value) ? pair.value : undefined;
    } else if (isSeq(at) && typeof step === 'number' && at.items[step] !== undefined) {
      const item: unknown = at.items[step];
      key = undefined;
      value = isNode(item) ? item : undefined;
    } else {
      return { key, value, whole: false };
    }
  }
  return { key, value: isAlias(value) ? value.resolve(document) : value, whole: true };
}
