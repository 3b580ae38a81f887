/** Reserved words; a name in backticks may use them. */
export const KEYWORDS = [
  'and',
  'any',
  'by',
  'false',
  'in',
  'in~',
  'join',
  'like',
  'like~',
  'maxspan',
  'not',
  'null',
  'of',
  'or',
  'regex',
  'regex~',
  'sample',
  'sequence',
  'true',
  'until',
  'where',
  'with',
] as const;

/** Longer symbols first. */
export const SYMBOLS = ['==', '!=', '<=', '>=', '![', ...':=<>+-*/%.,()[]|?'] as const;

export type Keyword = (typeof KEYWORDS)[number];
export type Punctuation = (typeof SYMBOLS)[number];

interface Place {
  /** Offsets into the query in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

export type Token = Place &
  (
    | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
    /** A name followed by a tilde that is not a keyword: a case-insensitive function. */
    | { readonly kind: 'tilde'; readonly name: string }
    | { readonly kind: 'keyword'; readonly keyword: Keyword }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: 'number'; readonly value: number; readonly integer: boolean }
    | { readonly kind: 'symbol'; readonly symbol: Punctuation }
    /** Text that is not a token; always followed by the end token. */
    | { readonly kind: 'broken'; readonly message: string; readonly hint: string }
    | { readonly kind: 'end' }
  );
