import { sanitise } from '../audit/text.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The text as one word of a shell command, for a command that a person copies: quoted where it is not plain. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${sanitise(text).replaceAll("'", `'\\''`)}'`;
}
