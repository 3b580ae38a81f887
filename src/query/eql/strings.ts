import type { Token } from './token.ts';

type StringToken = Extract<Token, { readonly kind: 'string' | 'broken' }>;

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};
const UNICODE = /\\u\{([0-9a-fA-F]{2,8})\}/y;
const LINE_BREAK = /[\r\n]/;

/** Reads the string whose quotation mark is at `start`. Linear time. */
export function readString(query: string, start: number): StringToken {
  let text = '';
  let from = start + 1;
  let at = from;
  while (at < query.length) {
    const character = query.charAt(at);
    if (character === '"') return { kind: 'string', start, end: at + 1, text: text + query.slice(from, at) };
    if (LINE_BREAK.test(character)) return unclosed(query, start, 'or write \\n for a line break inside the text');
    if (character !== '\\') {
      at += 1;
      continue;
    }
    const found = readEscape(query, at);
    if ('message' in found) return { kind: 'broken', start: at, end: query.length, ...found };
    text += query.slice(from, at) + found.text;
    at = found.end;
    from = at;
  }
  return unclosed(query, start, 'or write \\" if it is part of the text');
}

/**
 * Reads the raw string whose three quotation marks are at `start`: no escapes, and its last one or two characters may
 * be quotation marks.
 */
export function readRawString(query: string, start: number): StringToken {
  const from = start + 3;
  let end = query.indexOf('"""', from);
  const lineEnd = query.slice(from, end === -1 ? undefined : end).search(LINE_BREAK);
  if (end === -1 || lineEnd !== -1) {
    return {
      kind: 'broken',
      start,
      end: query.length,
      message: 'this raw string is not closed on its line',
      hint: 'add the closing """, or write a "string" with \\n for a line break',
    };
  }
  for (let extra = 0; extra < 2 && query.charAt(end + 3) === '"'; extra += 1) end += 1;
  return { kind: 'string', start, end: end + 3, text: query.slice(from, end) };
}

type Escape = { readonly text: string; readonly end: number } | { readonly message: string; readonly hint: string };

function readEscape(query: string, at: number): Escape {
  const next = query.charAt(at + 1);
  const plain = ESCAPES[next];
  if (plain !== undefined) return { text: plain, end: at + 2 };
  if (next === 'u') return readUnicode(query, at);
  if (next === '')
    return { message: 'a backslash at the end of the text escapes nothing', hint: 'write \\\\ for a backslash' };
  const found = String.fromCodePoint(query.codePointAt(at + 1) ?? 0).toWellFormed();
  const hint = 'write \\\\ for a backslash, or the whole text as a """raw string"""';
  return { message: `\`\\${LINE_BREAK.test(found) ? '' : found}\` is not an escape sequence`, hint };
}

function readUnicode(query: string, at: number): Escape {
  UNICODE.lastIndex = at;
  const [whole, digits] = UNICODE.exec(query) ?? [];
  const hint = 'write for example \\u{200f}, or \\\\u for a backslash and a u';
  if (whole === undefined || digits === undefined) {
    return { message: '`\\u` needs two to eight hexadecimal digits in braces', hint };
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return { message: `\`${whole}\` is not a Unicode character`, hint };
  }
  return { text: String.fromCodePoint(code), end: at + whole.length };
}

function unclosed(query: string, start: number, alternative: string): StringToken {
  const message = 'this quotation mark is not closed on its line';
  return { kind: 'broken', start, end: query.length, message, hint: `add the closing ", ${alternative}` };
}
