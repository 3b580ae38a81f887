import type { DocumentPath } from '../rules/document-problem.ts';

/** A place in a file. Both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds the values of one rule in its file. */
export interface Places {
  /** The place of the value at a path, or of its key; of the nearest value around it if the path has none. */
  at(path: DocumentPath, on?: 'key'): Place;
  /** The place within the text at a path, if the file holds the text unchanged. */
  within(path: DocumentPath, place: Place): Place | undefined;
}

/** The lines of a file, counted the same by all readers here. */
export function linesOf(source: string): readonly string[] {
  return source.split(/\r?\n/);
}

/**
 * The place in the file of a place in a text, if the file holds that line of the text unchanged. The text begins on
 * line `start.line`, not before `start.column`; escapes, folded lines and doubled quotes give undefined.
 */
export function placeInText(lines: readonly string[], start: Place, text: string, place: Place): Place | undefined {
  const wanted = text.split('\n')[place.line - 1];
  const number = start.line + place.line - 1;
  const line = lines[number - 1];
  if (wanted === undefined || line === undefined) return undefined;
  const found = line.indexOf(wanted, place.line === 1 ? start.column - 1 : 0);
  return found === -1 ? undefined : { line: number, column: found + place.column };
}
