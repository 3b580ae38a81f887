/** Where something stands in a query: offsets in UTF-16 units; `end` is behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Punctuation =
  | '|'
  | ','
  | '('
  | ')'
  | '['
  | ']'
  | '='
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '::'
  | ':';

export type Token = Span &
  /** A name: identifiers with dots between. `pieces` are the literal texts between asterisks, so one where there is none. */
  (
    | { readonly kind: 'name'; readonly pieces: readonly string[]; readonly quoted: boolean }
    /** `value` without quotation marks and escapes. */
    | { readonly kind: 'string'; readonly value: string }
    /** Digits without a sign. */
    | { readonly kind: 'integer' }
    | { readonly kind: 'decimal' }
    /** What stands for an index behind FROM. */
    | { readonly kind: 'source'; readonly value: string }
    | { readonly kind: 'symbol'; readonly symbol: Punctuation }
    /** What no token can be made of; always followed by the end. */
    | { readonly kind: 'broken'; readonly message: string; readonly hint: string }
    | { readonly kind: 'end' }
  );

export type NameToken = Extract<Token, { readonly kind: 'name' }>;

/** The name that a token without wildcards stands for. */
export function nameOf(token: NameToken): string {
  return token.pieces.join('*');
}
