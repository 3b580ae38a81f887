import { sanitise } from '../audit/text.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Quotes text as one word of a shell command that a person will copy; plain text stays as it is. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${sanitise(text).replaceAll("'", `'\\''`)}'`;
}
