import { nearest } from '../../../query/nearest.ts';
import { quoteName } from '../../document-problem.ts';
import type { SigmaReading } from './sigma-reading.ts';

/**
 * For how many missing rules of one load the nearest name is searched, which takes time linear in the number of names.
 */
const MOST_HINTS = 20;

/** The documents of one load, by the names that correlations and filters use. */
export interface Names {
  /** The positions of the documents with the name or the id. */
  readonly find: (name: string) => readonly number[];
  /** A hint for an unknown name. */
  readonly hint: (name: string) => string;
}

/** The references to a rule: its name and its id. */
export function namesOf({ value }: SigmaReading): readonly string[] {
  return [...new Set([value.name, value.id])].filter((name) => typeof name === 'string');
}

export function indexNames(readings: readonly SigmaReading[]): Names {
  const positions = new Map<string, number[]>();
  for (const [index, reading] of readings.entries()) {
    for (const name of namesOf(reading)) {
      const known = positions.get(name);
      if (known === undefined) positions.set(name, [index]);
      else known.push(index);
    }
  }
  let hints = MOST_HINTS;
  return {
    find: (name) => positions.get(name) ?? [],
    hint: (name) => {
      hints -= 1;
      const near = hints < 0 ? undefined : nearest(name, positions.keys());
      return near === undefined
        ? 'load the file with that rule together with this one'
        : `did you mean ${quoteName(near)}?`;
    },
  };
}
