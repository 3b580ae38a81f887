import type { Punctuation, Token } from './token.ts';

/** The lexical context of a command: expressions, names with wildcards, or indices. */
type Mode = 'expression' | 'pattern' | 'source';

const MODES: Readonly<Record<string, Mode>> = { from: 'source', keep: 'pattern', drop: 'pattern', rename: 'pattern' };

const SPACE = ' \t\r\n';
const TWO = ['==', '!=', '<=', '>=', '::'];
const ONE = '|,()[]=<>+-*/%:';
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy;
const IDENTIFIER = /[a-z_@][a-z0-9_]*/iy;
const PATTERN = /[a-z_@*][a-z0-9_@*]*/iy;
const SOURCE = /[^\s|,="[\]/]+/y;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\' };

/** Operators of other languages, and their replacements here. */
const STRANGE: Readonly<Record<string, string>> = {
  '&': 'write AND',
  '!': 'write NOT, or != to compare',
  "'": 'put the text in double quotes',
  ';': 'remove the semicolon: a query is one statement',
  '?': 'write the value itself: parameters are not supported',
  '{': 'remove the options: function options are not supported',
  '}': 'remove the options: function options are not supported',
  '#': 'write a comment as // … or /* … */',
};

/**
 * The tokens of an ES|QL query; the last one is always the end. Never throws; linear in the length of the query.
 *
 *   name     = part { "." part };  part = letter, "_" or "@" { letter | digit | "_" } | "`" { character | "``" } "`"
 *              behind KEEP, DROP and RENAME an asterisk is a letter too
 *   string   = '"' { character | "\" ( t | n | r | '"' | "\" ) } '"' on one line | '"""' raw text on one line '"""'
 *   source   = behind FROM, up to METADATA or the end of the command: any characters without white space | , = " [ ] /
 *   comments = two slashes to the end of the line, or slash and asterisk to its closing mark, which nest
 *
 * @see https://github.com/elastic/elasticsearch/tree/8.19/x-pack/plugin/esql/src/main/antlr for the grammar of
 * Elasticsearch
 */
export function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let mode: Mode = 'expression';
  let first = true;
  let at = 0;
  for (;;) {
    const skipped = skipSpace(query, at);
    if (typeof skipped !== 'number') return [...tokens, skipped, end(query)];
    at = skipped;
    if (at >= query.length) return [...tokens, end(query)];
    const token = read(query, at, mode);
    tokens.push(token);
    if (token.kind === 'broken') return [...tokens, end(query)];
    at = token.end;
    if (token.kind === 'symbol' && token.symbol === '|') {
      first = true;
      mode = 'expression';
    } else if (first) {
      first = false;
      mode = MODES[query.slice(token.start, token.end).toLowerCase()] ?? 'expression';
    } else if (mode === 'source' && token.kind === 'name') {
      mode = 'expression';
    }
  }
}

function end(query: string): Token {
  return { kind: 'end', start: query.length, end: query.length };
}

/** The offset after white space and comments, or the problem with a comment. */
function skipSpace(query: string, from: number): number | Token {
  let at = from;
  for (;;) {
    if (at < query.length && SPACE.includes(query.charAt(at))) {
      at += 1;
    } else if (query.startsWith('//', at)) {
      const newline = query.indexOf('\n', at);
      at = newline === -1 ? query.length : newline + 1;
    } else if (query.startsWith('/*', at)) {
      const behind = skipComment(query, at);
      if (behind === undefined) {
        return broken(query, at, 'this comment is never closed', 'close it with */, once for each nested /*');
      }
      at = behind;
    } else {
      return at;
    }
  }
}

function skipComment(query: string, start: number): number | undefined {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(query); mark !== null; mark = marks.exec(query)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return undefined;
}

function read(query: string, at: number, mode: Mode): Token {
  const character = query.charAt(at);
  if (query.startsWith('"""', at)) return rawString(query, at);
  if (character === '"') return string(query, at);
  if (mode === 'source') {
    const source = match(SOURCE, query, at);
    if (source !== undefined) {
      const range = { start: at, end: at + source.length };
      return /^metadata$/i.test(source)
        ? { kind: 'name', pieces: [source], quoted: false, ...range }
        : { kind: 'source', value: source, ...range };
    }
  }
  if (character === '`' || IDENTIFIER_START.test(character) || (mode === 'pattern' && character === '*')) {
    return name(query, at, mode === 'pattern' ? PATTERN : IDENTIFIER);
  }
  const number = match(NUMBER, query, at);
  if (number !== undefined) {
    return { kind: /^\d+$/.test(number) ? 'integer' : 'decimal', start: at, end: at + number.length };
  }
  const two = query.slice(at, at + 2);
  if (TWO.includes(two)) return { kind: 'symbol', symbol: two as Punctuation, start: at, end: at + 2 };
  if (ONE.includes(character)) return { kind: 'symbol', symbol: character as Punctuation, start: at, end: at + 1 };
  const found = String.fromCodePoint(query.codePointAt(at) ?? 0);
  const hint = STRANGE[character] ?? 'put a name in backticks if it has characters other than letters, digits, _ and @';
  return broken(query, at, `\`${found}\` is not valid here`, hint);
}

const IDENTIFIER_START = /[a-z_@]/i;

function match(pattern: RegExp, query: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(query)?.[0];
}

function name(query: string, start: number, identifier: RegExp): Token {
  const pieces = [''];
  let quoted = false;
  let at = start;
  for (;;) {
    if (query.charAt(at) === '`') {
      const part = backticks(query, at);
      if (part === undefined) {
        return broken(
          query,
          at,
          'this backtick is never closed',
          'close it with a backtick; write `` for a backtick inside it',
        );
      }
      quoted = true;
      append(pieces, [part.text]);
      at = part.end;
    } else {
      const part = match(identifier, query, at) ?? '';
      append(pieces, part.split('*'));
      at += part.length;
    }
    const next = query.charAt(at + 1);
    const goesOn = next === '`' || IDENTIFIER_START.test(next) || (identifier === PATTERN && next === '*');
    if (query.charAt(at) !== '.' || !goesOn) return { kind: 'name', pieces, quoted, start, end: at };
    append(pieces, ['.']);
    at += 1;
  }
}

/** Joins the first of `more` to the last piece. */
function append(pieces: string[], more: readonly string[]): void {
  const [first = '', ...others] = more;
  pieces[pieces.length - 1] += first;
  pieces.push(...others);
}

function backticks(query: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  let from = start + 1;
  for (;;) {
    const close = query.indexOf('`', from);
    if (close === -1) return undefined;
    text += query.slice(from, close);
    if (query.charAt(close + 1) !== '`') return { text, end: close + 1 };
    text += '`';
    from = close + 2;
  }
}

function rawString(query: string, start: number): Token {
  const close = query.indexOf('"""', start + 3);
  const newline = query.slice(start, close === -1 ? query.length : close).search(/[\r\n]/);
  if (close === -1 || newline !== -1) {
    const hint = 'close it with """ on the same line; for a line break write "…\\n…" in plain quotation marks';
    return broken(query, start, 'this """ is never closed on its line', hint);
  }
  // One or two quotation marks before the closing three belong to the text.
  let end = close + 3;
  while (end < close + 5 && query.charAt(end) === '"') end += 1;
  return { kind: 'string', value: query.slice(start + 3, end - 3), start, end };
}

function string(query: string, start: number): Token {
  let value = '';
  let from = start + 1;
  for (let at = from; at < query.length; at += 1) {
    const character = query.charAt(at);
    if (character === '"') return { kind: 'string', value: value + query.slice(from, at), start, end: at + 1 };
    if (character === '\n' || character === '\r') break;
    if (character !== '\\') continue;
    if (/[\r\n]/.test(query.charAt(at + 1))) break;
    const escaped = ESCAPES[query.charAt(at + 1)];
    if (escaped === undefined) {
      const hint =
        'write \\\\ for a backslash, or the whole text as """raw text"""; valid escapes are \\" \\\\ \\t \\n \\r';
      return broken(query, at, `\`${query.slice(at, at + 2).toWellFormed()}\` is not an escape sequence`, hint);
    }
    value += query.slice(from, at) + escaped;
    at += 1;
    from = at + 1;
  }
  const hint = 'add the closing ", or write \\" if it is part of the text; a line break is written \\n';
  return broken(query, start, 'this quotation mark is not closed on its line', hint);
}

function broken(query: string, start: number, message: string, hint: string): Token {
  return { kind: 'broken', message, hint, start, end: query.length };
}
