import { LAST_CODE_POINT, type LuceneNode, type Range } from './lucene-syntax.ts';

/** Code points grouped into classes that an expression does not distinguish. */
export interface Alphabet {
  /** The number of classes; they are numbered from 0. */
  readonly size: number;
  readonly classOf: (codePoint: number) => number;
  /** The classes that make up the ranges of one node, in ascending order. */
  readonly classesOf: (ranges: readonly Range[]) => readonly number[];
}

const ASCII = 128;

export function alphabetOf(node: LuceneNode): Alphabet {
  const sets = new Map<string, readonly Range[]>();
  collect(node, sets);
  const starts = [...new Set([0, ...[...sets.values()].flat().flatMap(([first, last]) => [first, last + 1])])]
    .filter((start) => start <= LAST_CODE_POINT)
    .sort((a, b) => a - b);

  // Intervals share a class as long as no set contains one without the other.
  let classes: number[] = starts.map(() => 0);
  for (const ranges of sets.values()) {
    const renumbered = new Map<number, number>();
    const next: number[] = [];
    let range = 0;
    for (const [index, start] of starts.entries()) {
      while ((ranges[range]?.[1] ?? Number.POSITIVE_INFINITY) < start) range += 1;
      const isIn = (ranges[range]?.[0] ?? Number.POSITIVE_INFINITY) <= start;
      const key = (classes[index] ?? 0) * 2 + (isIn ? 1 : 0);
      const number = renumbered.get(key) ?? renumbered.size;
      renumbered.set(key, number);
      next.push(number);
    }
    classes = next;
  }

  const intervalOf = (codePoint: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] ?? 0) <= codePoint) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const classAt = (codePoint: number) => classes[intervalOf(codePoint)] ?? 0;
  const ascii = Uint16Array.from({ length: ASCII }, (_, code) => classAt(code));
  return {
    size: classes.reduce((most, number) => Math.max(most, number), 0) + 1,
    classOf: (codePoint) => ascii[codePoint] ?? classAt(codePoint),
    classesOf: (ranges) => {
      const found = new Set<number>();
      for (const [first, last] of ranges) {
        for (let index = intervalOf(first); (starts[index] ?? Number.POSITIVE_INFINITY) <= last; index += 1) {
          found.add(classes[index] ?? 0);
        }
      }
      return [...found].sort((a, b) => a - b);
    },
  };
}

function collect(node: LuceneNode, sets: Map<string, readonly Range[]>): void {
  switch (node.kind) {
    case 'character':
      sets.set(node.ranges.join(';'), node.ranges);
      return;
    case 'complement':
    case 'repeat':
      collect(node.operand, sets);
      return;
    case 'sequence':
    case 'union':
    case 'intersection':
      for (const part of node.parts) collect(part, sets);
  }
}
