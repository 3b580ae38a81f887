/** Words that are no names unless they stand in backticks. */
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

/** The longer ones first. */
export const SYMBOLS = ['==', '!=', '<=', '>=', '![', ...':=<>+-*/%.,()[]|?'] as const;

export type Keyword = (typeof KEYWORDS)[number];
export type Punctuation = (typeof SYMBOLS)[number];

interface Place {
  /** Offsets into the query, in UTF-16 units; `end` is behind the token. */
  readonly start: number;
  readonly end: number;
}

export type Token = Place &
  (
    | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
    /** A name with a tilde behind it that is no keyword: a function that takes no notice of case. */
    | { readonly kind: 'tilde'; readonly name: string }
    | { readonly kind: 'keyword'; readonly keyword: Keyword }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: 'number'; readonly value: number; readonly integer: boolean }
    | { readonly kind: 'symbol'; readonly symbol: Punctuation }
    /** What no token can be made of; always followed by the end. */
    | { readonly kind: 'broken'; readonly message: string; readonly hint: string }
    | { readonly kind: 'end' }
  );
