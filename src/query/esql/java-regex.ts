import { RE2JS, RE2JSException } from 're2js';

export type JavaRegex =
  | { readonly kind: 'ok'; readonly regex: RE2JS }
  | { readonly kind: 'invalid'; readonly message: string };

const LONGEST = 4_096;
/** The characters that a dot does not match in Java. */
const LINE_ENDS = '[^\\n\\r\\x{85}\\x{2028}\\x{2029}]';

/**
 * A regular expression in Java syntax, as far as it can be matched in linear time: lookaround, back-references,
 * possessive and atomic groups are refused. A dot does not match Java's line terminators.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function compileJavaRegex(source: string): JavaRegex {
  if (source.length > LONGEST)
    return { kind: 'invalid', message: `the regular expression has more than ${LONGEST} characters` };
  try {
    return { kind: 'ok', regex: RE2JS.compile(translateDots(source)) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { kind: 'invalid', message: error.message };
  }
}

function translateDots(source: string): string {
  if (/\(\?[a-z]*s/.test(source)) return source;
  let translated = '';
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === '\\') {
      translated += source.slice(at, at + 2);
      at += 1;
      continue;
    }
    if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    translated += character === '.' && !inClass ? LINE_ENDS : character;
  }
  return translated;
}

/** A piece of a replacement: a text, or the number or name of a group. */
type ReplacementPiece = { readonly text: string } | { readonly group: number | string };

/**
 * A replacement in Java's syntax: `$1`, `${name}`, a backslash before literal characters. A text is an error message.
 */
export function parseReplacement(replacement: string, groups: number): readonly ReplacementPiece[] | string {
  const pieces: ReplacementPiece[] = [];
  let text = '';
  const addGroup = (group: number | string) => {
    pieces.push({ text }, { group });
    text = '';
  };
  for (let at = 0; at < replacement.length; at += 1) {
    const character = replacement.charAt(at);
    if (character === '\\') {
      at += 1;
      if (at === replacement.length) return 'character to be escaped is missing';
      text += replacement.charAt(at);
    } else if (character === '$') {
      const [whole = '', name, digits = ''] =
        /^\$(?:\{([A-Za-z][A-Za-z0-9]*)\}|(\d{1,4}))/.exec(replacement.slice(at, at + 80)) ?? [];
      if (whole === '') return 'Illegal group reference';
      if (name !== undefined) {
        addGroup(name);
        at += whole.length - 1;
        continue;
      }
      // As many digits as form an existing group number, at least one.
      let length = 1;
      while (length < digits.length && Number(digits.slice(0, length + 1)) <= groups) length += 1;
      const number = Number(digits.slice(0, length));
      if (number > groups) return `No group ${number}`;
      addGroup(number);
      at += length;
    } else {
      text += character;
    }
  }
  pieces.push({ text });
  return pieces;
}
