export type Keyword = 'and' | 'or' | 'not';
export type Comparison = '<' | '<=' | '>' | '>=';
export type Punctuation = '(' | ')' | '{' | '}' | ':' | Comparison;

interface Place {
  /** Offsets into the query in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

export type Token = Place &
  (
    | { readonly kind: 'word'; readonly parts: readonly string[]; readonly keyword: Keyword | undefined }
    | { readonly kind: 'quoted'; readonly text: string }
    | { readonly kind: 'symbol'; readonly symbol: Punctuation }
    /** Text that is not a token; always followed by the end token. */
    | { readonly kind: 'broken'; readonly message: string; readonly hint: string }
    | { readonly kind: 'end' }
  );

export type WordToken = Extract<Token, { readonly kind: 'word' }>;

const SPACE = ' \t\r\n\u00a0';
const SPECIAL = '():<>"{}';
const ESCAPABLE = '\\():<>"*{} ';
const ESCAPED_SPACE: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };
const KEYWORD = /^(?:and|or|not)$/i;
const ESCAPED_KEYWORD = /and|or|not(?![0-9a-z_])/iy;
const FOUR_DIGITS = /[0-9a-f]{4}/iy;

/**
 * The tokens of a KQL query; the last one is always the end.
 *
 *   word    = { character except white space and ( ) : < > " { } \ | escape | "*" }
 *   escape  = "\" ( one of \ ( ) : < > " * { } or a space | "t" | "r" | "n" | "u" 4 hexadecimal digits | "and" | "or" | "not" )
 *   quoted  = '"' { character except '"' | "\" ( '"' | "\" | "t" | "r" | "n" | "u" 4 hexadecimal digits ) } '"'
 *   symbol  = "(" | ")" | "{" | "}" | ":" | "<" | "<=" | ">" | ">="
 *
 * A word carries its literal pieces, cut at the asterisks. A word that is and, or, not in any letter case is marked as
 * a keyword, unless it is written with an escape. In quotes a backslash before anything else stands for itself, as in
 * Kibana.
 */
export function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const character = query.charAt(at);
    if (SPACE.includes(character)) {
      at += 1;
      continue;
    }
    const token =
      character === '"' ? quoted(query, at) : SPECIAL.includes(character) ? symbol(query, at) : word(query, at);
    tokens.push(token);
    at = token.kind === 'broken' ? query.length : token.end;
  }
  tokens.push({ kind: 'end', start: query.length, end: query.length });
  return tokens;
}

function symbol(query: string, start: number): Token {
  const character = query.charAt(start);
  const two = (character === '<' || character === '>') && query.charAt(start + 1) === '=';
  const end = start + (two ? 2 : 1);
  return { kind: 'symbol', start, end, symbol: query.slice(start, end) as Punctuation };
}

function quoted(query: string, start: number): Token {
  let text = '';
  let from = start + 1;
  let at = from;
  while (at < query.length) {
    const character = query.charAt(at);
    if (character === '"') return { kind: 'quoted', start, end: at + 1, text: text + query.slice(from, at) };
    const found = character === '\\' ? escapeInQuotes(query, at) : undefined;
    if (found === undefined) {
      at += 1;
      continue;
    }
    text += query.slice(from, at) + found.text;
    at = found.end;
    from = at;
  }
  const message = 'this quotation mark is never closed';
  const hint = query.endsWith('\\"')
    ? 'write \\\\" at the end: \\" is a quotation mark inside the text, \\\\ a backslash'
    : 'add the closing ", or write \\" if it is part of the text';
  return { kind: 'broken', start, end: query.length, message, hint };
}

function word(query: string, start: number): Token {
  const parts: string[] = [];
  let piece = '';
  let from = start;
  let at = start;
  let escaped = false;
  while (at < query.length) {
    const character = query.charAt(at);
    if (SPACE.includes(character) || SPECIAL.includes(character)) break;
    if (character === '*') {
      parts.push(piece + query.slice(from, at));
      piece = '';
      at += 1;
      from = at;
    } else if (character === '\\') {
      const found = escapeInWord(query, at);
      if (found === undefined) return brokenEscape(query, at);
      piece += query.slice(from, at) + found.text;
      at = found.end;
      from = at;
      escaped = true;
    } else {
      at += 1;
    }
  }
  parts.push(piece + query.slice(from, at));
  return { kind: 'word', start, end: at, parts, keyword: escaped ? undefined : asKeyword(parts) };
}

interface Escape {
  readonly text: string;
  readonly end: number;
}

function escapeInQuotes(query: string, at: number): Escape | undefined {
  const next = query.charAt(at + 1);
  if (next === '"' || next === '\\') return { text: next, end: at + 2 };
  return whiteSpaceEscape(query, at) ?? unicodeEscape(query, at);
}

function escapeInWord(query: string, at: number): Escape | undefined {
  const next = query.charAt(at + 1);
  if (next !== '' && ESCAPABLE.includes(next)) return { text: next, end: at + 2 };
  return keywordEscape(query, at) ?? whiteSpaceEscape(query, at) ?? unicodeEscape(query, at);
}

function keywordEscape(query: string, at: number): Escape | undefined {
  ESCAPED_KEYWORD.lastIndex = at + 1;
  const text = ESCAPED_KEYWORD.exec(query)?.[0];
  return text === undefined ? undefined : { text, end: at + 1 + text.length };
}

function whiteSpaceEscape(query: string, at: number): Escape | undefined {
  const text = ESCAPED_SPACE[query.charAt(at + 1)];
  return text === undefined ? undefined : { text, end: at + 2 };
}

function unicodeEscape(query: string, at: number): Escape | undefined {
  if (query.charAt(at + 1) !== 'u') return undefined;
  FOUR_DIGITS.lastIndex = at + 2;
  const digits = FOUR_DIGITS.exec(query)?.[0];
  return digits === undefined ? undefined : { text: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 6 };
}

function brokenEscape(query: string, start: number): Token {
  const next = query.codePointAt(start + 1);
  const end = query.length;
  if (next === undefined || next === 0x0a || next === 0x0d) {
    return {
      kind: 'broken',
      start,
      end,
      message: 'a backslash at the end of a line escapes nothing',
      hint: 'write \\\\ for a backslash',
    };
  }
  const found = `\\${String.fromCodePoint(next)}`;
  if (found === '\\u') {
    const hint = 'write for example \\u00e9, or \\\\u for a backslash and a u';
    return { kind: 'broken', start, end, message: '`\\u` needs four hexadecimal digits', hint };
  }
  return {
    kind: 'broken',
    start,
    end,
    message: `\`${found}\` is not an escape sequence`,
    hint: 'write \\\\ for a backslash',
  };
}

function asKeyword(parts: readonly string[]): Keyword | undefined {
  const [text = ''] = parts;
  return parts.length === 1 && KEYWORD.test(text) ? (text.toLowerCase() as Keyword) : undefined;
}
