import type { DocumentPath } from '../rules/document-problem.ts';

/** A place in a file. Both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where the values of one rule stand in its file. */
export interface Places {
  /** Of the value at a path, or of its key; of the nearest value around it, if there is none at the path. */
  at(path: DocumentPath, on?: 'key'): Place;
  /** Of a place within the text of the value at a path, if the text stands in the file as it is. */
  within(path: DocumentPath, place: Place): Place | undefined;
}

/** A file's lines, as all readers here count them. */
export function linesOf(source: string): readonly string[] {
  return source.split(/\r?\n/);
}

/**
 * The place in the file of a place in a text, when the file holds that line of the text as it is. The text begins on line
 * `start.line`, not before `start.column`; so escapes, folded lines and quotes doubled inside quotes give undefined.
 */
export function placeInText(lines: readonly string[], start: Place, text: string, place: Place): Place | undefined {
  const wanted = text.split('\n')[place.line - 1];
  const number = start.line + place.line - 1;
  const line = lines[number - 1];
  if (wanted === undefined || line === undefined) return undefined;
  const found = line.indexOf(wanted, place.line === 1 ? start.column - 1 : 0);
  return found === -1 ? undefined : { line: number, column: found + place.column };
}
