import type { FunctionRow, Language } from './function-row.ts';

/** All functions of expressions, in the order of the alphabet. */
export const FUNCTIONS: readonly FunctionRow[] = [
  {
    name: 'length',
    languages: ['eql'],
    parameters: [{ name: 'source', type: 'string' }],
    returns: 'number',
    doc: 'The number of characters of a text (UTF-16 units).',
    evaluate: ([source = null]) => (typeof source === 'string' ? source.length : null),
  },
];

/** The function of a language by its name, which is compared with case. */
export function functionOf(name: string, language: Language): FunctionRow | undefined {
  return FUNCTIONS.find((row) => row.name === name && row.languages.includes(language));
}

/** The names of a language's functions, for suggestions. */
export function functionNames(language: Language): readonly string[] {
  return FUNCTIONS.filter(({ languages }) => languages.includes(language)).map(({ name }) => name);
}
