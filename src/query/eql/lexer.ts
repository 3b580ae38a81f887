import { readRawString, readString } from './strings.ts';
import { KEYWORDS, type Keyword, type Punctuation, SYMBOLS, type Token } from './token.ts';

const SPACE = /[ \t\r\n]+/y;
const NAME = /[A-Za-z_@][A-Za-z0-9_]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const BACKTICKS = /`((?:[^`]|``)*)`/y;
const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS);
const SYMBOL_SET: ReadonlySet<string> = new Set(SYMBOLS);

/**
 * The tokens of an EQL query; the last one is always the end.
 *
 *   name     = ( letter | "_" | "@" ) { letter | digit | "_" }          letters are those of ASCII
 *            | "`" { character except "`" | "``" } "`"
 *   tilde    = name "~"
 *   number   = digits [ "." digits ] [ exponent ] | "." digits [ exponent ]
 *   string   = '"' { character except '"', "\" and line breaks | escape } '"'
 *            | '"""' { character except line breaks } '"""'
 *   escape   = "\" ( "b" | "t" | "n" | "f" | "r" | '"' | "\" | "u{" 2 to 8 hexadecimal digits "}" )
 *   symbol   = "==" | "!=" | "<=" | ">=" | "![" | one of : = < > + - * / % . , ( ) [ ] | ?
 *   comment  = "//" … end of line | "/*" … "*\/"                        stands for white space, as spaces, tabs and line breaks
 *
 * A name that is a keyword, in lower case and without backticks, is one. A raw string ends at the last three of up to
 * five quotation marks.
 * @see https://github.com/elastic/elasticsearch x-pack/plugin/eql/src/main/antlr/EqlBase.g4, from which the rules are
 */
export function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const behind = skipBlank(query, at);
    if (behind === undefined) {
      tokens.push(broken(at, query, 'this comment is never closed', 'add the closing */'));
      break;
    }
    if (behind > at) {
      at = behind;
      continue;
    }
    const token = read(query, at);
    tokens.push(token);
    if (token.kind === 'broken') break;
    at = token.end;
  }
  tokens.push({ kind: 'end', start: query.length, end: query.length });
  return tokens;
}

/** The offset after white space or one comment; `at` if there is none, undefined if a comment does not end. */
function skipBlank(query: string, at: number): number | undefined {
  if (query.startsWith('//', at)) {
    const end = query.indexOf('\n', at);
    return end === -1 ? query.length : end + 1;
  }
  if (query.startsWith('/*', at)) {
    const end = query.indexOf('*/', at + 2);
    return end === -1 ? undefined : end + 2;
  }
  return at + (match(SPACE, query, at)?.length ?? 0);
}

function read(query: string, start: number): Token {
  const character = query.charAt(start);
  if (query.startsWith('"""', start)) return readRawString(query, start);
  if (character === '"') return readString(query, start);
  if (character === '`') return readBackticks(query, start);
  const number = match(NUMBER, query, start);
  if (number !== undefined) return readNumber(query, start, number);
  const name = match(NAME, query, start);
  if (name !== undefined) return readName(query, start, name);
  const two = query.slice(start, start + 2);
  for (const symbol of [two, character]) {
    if (isPunctuation(symbol)) return { kind: 'symbol', start, end: start + symbol.length, symbol };
  }
  return readUnknown(query, start, two);
}

function readName(query: string, start: number, name: string): Token {
  const end = start + name.length;
  const tilde = query.charAt(end) === '~';
  const word = tilde ? `${name}~` : name;
  if (isKeyword(word)) return { kind: 'keyword', start, end: start + word.length, keyword: word };
  return tilde ? { kind: 'tilde', start, end: end + 1, name } : { kind: 'name', start, end, name, quoted: false };
}

function readNumber(query: string, start: number, text: string): Token {
  const value = Number(text);
  if (!Number.isFinite(value)) return broken(start, query, 'this number is too large', 'write a smaller number');
  return { kind: 'number', start, end: start + text.length, value, integer: /^\d+$/.test(text) };
}

function readBackticks(query: string, start: number): Token {
  BACKTICKS.lastIndex = start;
  const [whole, inner] = BACKTICKS.exec(query) ?? [];
  if (whole === undefined || inner === undefined) {
    return broken(
      start,
      query,
      'this backtick is never closed',
      'add the closing `, or write `` if it is part of the name',
    );
  }
  return { kind: 'name', start, end: start + whole.length, name: inner.replaceAll('``', '`'), quoted: true };
}

/** A character that begins no token. Often it is an operator of another query language. */
function readUnknown(query: string, start: number, two: string): Token {
  if (two.startsWith("'")) {
    const text = /^'([^'\r\n]{0,60})'/.exec(query.slice(start, start + 62))?.[1];
    const hint = text === undefined ? 'write the text in double quotes' : `write "${text.replace(/["\\]/g, '\\$&')}"`;
    return broken(start, query, 'EQL has no single quotes', hint);
  }
  if (two.startsWith('&')) return broken(start, query, '`&` is not an EQL operator', 'write `and`');
  if (two.startsWith('!')) return broken(start, query, '`!` is not an EQL operator', 'write `not`');
  if (two.startsWith('~')) {
    return broken(
      start,
      query,
      '`~` must follow a name directly',
      'write in~, like~, regex~ or the like without a space',
    );
  }
  if (/^[“”„«»‘’]/.test(two)) {
    return broken(start, query, 'EQL has no typographic quotation marks', 'put the text in straight double quotes');
  }
  const character = String.fromCodePoint(query.codePointAt(start) ?? 0).toWellFormed();
  const hint = 'put text in double quotes, and a field name with unusual characters in backticks';
  return broken(start, query, `\`${character}\` is not valid here in EQL`, hint);
}

function broken(start: number, query: string, message: string, hint: string): Token {
  return { kind: 'broken', start, end: query.length, message, hint };
}

function match(pattern: RegExp, query: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(query)?.[0];
}

function isKeyword(word: string): word is Keyword {
  return KEYWORD_SET.has(word);
}

function isPunctuation(text: string): text is Punctuation {
  return SYMBOL_SET.has(text);
}
