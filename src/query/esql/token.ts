/** A place in a query: offsets in UTF-16 units; `end` is exclusive. */
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
  /**
   * A name: identifiers joined by dots. `pieces` are the literal texts between wildcards, so there is one piece if it
   * has none.
   */
  (
    | { readonly kind: 'name'; readonly pieces: readonly string[]; readonly quoted: boolean }
    /** `value` without quotation marks and escapes. */
    | { readonly kind: 'string'; readonly value: string }
    /** Digits without a sign. */
    | { readonly kind: 'integer' }
    | { readonly kind: 'decimal' }
    /** An index name after FROM. */
    | { readonly kind: 'source'; readonly value: string }
    | { readonly kind: 'symbol'; readonly symbol: Punctuation }
    /** Text that is not a token; always followed by the end token. */
    | { readonly kind: 'broken'; readonly message: string; readonly hint: string }
    | { readonly kind: 'end' }
  );

export type NameToken = Extract<Token, { readonly kind: 'name' }>;

/** The name of a token without wildcards. */
export function nameOf(token: NameToken): string {
  return token.pieces.join('*');
}
