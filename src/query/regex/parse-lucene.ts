import { otherAsciiCase } from '../values/fold-ascii.ts';
import {
  ANY_CHARACTER,
  ANY_TEXT,
  inverted,
  type LuceneNode,
  NOTHING,
  normalised,
  numbersBetween,
  type Range,
} from './lucene-syntax.ts';
import { RegexError } from './regex-problem.ts';

const DEEPEST = 100;
/** Lucene reads numbers as 32-bit integers. */
const LARGEST = 2 ** 31 - 1;

const CLASSES: ReadonlyMap<string, readonly Range[]> = new Map<string, readonly Range[]>([
  ['d', [[0x30, 0x39]]],
  ['s', normalised([...' \t\n\r'].map((space): Range => [space.charCodeAt(0), space.charCodeAt(0)]))],
  [
    'w',
    normalised([
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x5f, 0x5f],
      [0x61, 0x7a],
    ]),
  ],
]);

/**
 * Reads a regular expression as Lucene does with all of its optional operators (`RegExp` of apache/lucene 9, which
 * Elasticsearch's regexp queries, EQL's `regex` and ES|QL's `RLIKE` use):
 *
 *     union        = intersection *("|" intersection)
 *     intersection = sequence *("&" sequence)
 *     sequence     = 1*repeat
 *     repeat       = complement *("?" / "*" / "+" / "{" n ["," [m]] "}")
 *     complement   = *"~" atom
 *     atom         = "." / "#" / "@" / quoted / "(" [union] ")" / "<" n "-" m ">" / "[" ["^"] 1*item "]" / class / character
 *     item         = class / character ["-" character]
 *     class        = "\d" / "\D" / "\s" / "\S" / "\w" / "\W"
 *
 * An operator where an atom is expected stands for itself, as in Lucene, so `(?:a)` is the text `?:a`. `^` and `$`
 * outside of brackets are plain characters. Without case, a single character stands for both of its ASCII cases; a
 * range of characters does not.
 *
 * Throws a `RegexError`.
 */
export function parseLucene(source: string, caseless: boolean): LuceneNode {
  if (source === '') return { kind: 'sequence', parts: [] };
  let at = 0;
  let depth = 0;

  const peek = (characters: string) => at < source.length && characters.includes(source.charAt(at));

  function match(character: string): boolean {
    if (source.charAt(at) !== character) return false;
    at += 1;
    return true;
  }

  function parseUnion(): LuceneNode {
    return separated('|', 'union', () => separated('&', 'intersection', parseSequence));
  }

  function separated(separator: string, kind: 'union' | 'intersection', parse: () => LuceneNode): LuceneNode {
    const first = parse();
    if (!peek(separator)) return first;
    const parts = [first];
    while (match(separator)) parts.push(parse());
    return { kind, parts };
  }

  function parseSequence(): LuceneNode {
    const parts = [parseRepeat()];
    while (at < source.length && !peek(')|&')) parts.push(parseRepeat());
    const [only] = parts;
    return only !== undefined && parts.length === 1 ? only : { kind: 'sequence', parts };
  }

  function parseRepeat(): LuceneNode {
    let operand = parseComplement();
    for (let count = 0; peek('?*+{'); count += 1) {
      if (count === DEEPEST) throw new RegexError(at, `more than ${DEEPEST} repetitions of one part`);
      operand = { kind: 'repeat', operand, ...parseCount() };
    }
    return operand;
  }

  function parseCount(): { readonly least: number; readonly most: number } {
    if (match('?')) return { least: 0, most: 1 };
    if (match('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (match('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    const start = at;
    match('{');
    const least = parseNumber();
    if (least === undefined) {
      throw new RegexError(at, 'expected a number after `{`', 'write {n}, {n,} or {n,m}, or \\{ for the character');
    }
    let most = least;
    if (match(',')) most = parseNumber() ?? Number.POSITIVE_INFINITY;
    if (!match('}')) throw new RegexError(at, 'expected `}`', 'write {n}, {n,} or {n,m}, or \\{ for the character');
    if (most < least) throw new RegexError(start, `{${least},${most}} can never match`, `write {${most},${least}}`);
    return { least, most };
  }

  function parseNumber(): number | undefined {
    const start = at;
    while (peek('0123456789')) at += 1;
    if (at === start) return undefined;
    const number = Number(source.slice(start, at));
    if (number > LARGEST) throw new RegexError(start, 'the number is too large', `the largest is ${LARGEST}`);
    return number;
  }

  function parseComplement(): LuceneNode {
    let complements = 0;
    while (match('~')) complements += 1;
    const operand = parseAtom();
    return complements % 2 === 0 ? operand : { kind: 'complement', operand };
  }

  function parseAtom(): LuceneNode {
    const start = at;
    if (match('[')) return parseBrackets(start);
    if (match('.')) return ANY_CHARACTER;
    if (match('#')) return NOTHING;
    if (match('@')) return ANY_TEXT;
    if (match('"')) return parseQuoted(start);
    if (match('(')) return parseGroup(start);
    if (match('<')) return parseInterval(start);
    return { kind: 'character', ranges: parseClass() ?? single(parseCharacter()) };
  }

  function parseGroup(start: number): LuceneNode {
    if (match(')')) return { kind: 'sequence', parts: [] };
    depth += 1;
    if (depth > DEEPEST) throw new RegexError(start, `parentheses are nested more than ${DEEPEST} deep`);
    const inner = parseUnion();
    depth -= 1;
    if (!match(')')) throw new RegexError(at, 'expected `)`', `it closes the \`(\` at character ${start + 1}`);
    return inner;
  }

  function parseQuoted(start: number): LuceneNode {
    const end = source.indexOf('"', at);
    if (end === -1) throw new RegexError(start, 'expected a closing `"`', 'write \\" for the character');
    const parts: LuceneNode[] = [];
    while (at < end) parts.push({ kind: 'character', ranges: single(nextCodePoint()) });
    at = end + 1;
    return { kind: 'sequence', parts };
  }

  function parseInterval(start: number): LuceneNode {
    const end = source.indexOf('>', at);
    const [, low, high] = /^(\d+)-(\d+)$/.exec(source.slice(at, Math.max(end, at))) ?? [];
    if (low === undefined || high === undefined) {
      throw new RegexError(start, '`<` begins an interval of numbers', 'write <1-99>, or \\< for the character');
    }
    const [one, two] = [Number(low), Number(high)];
    if (one > LARGEST || two > LARGEST) throw new RegexError(start, 'the number is too large');
    at = end + 1;
    return numbersBetween(Math.min(one, two), Math.max(one, two), low.length === high.length ? low.length : undefined);
  }

  function parseBrackets(start: number): LuceneNode {
    const negated = match('^');
    const ranges: Range[] = [];
    do {
      if (at >= source.length) break;
      ranges.push(...(parseClass() ?? parseItem()));
    } while (at < source.length && !peek(']'));
    if (!match(']')) {
      const hint = `it closes the \`[\` at character ${start + 1}; write \\- for a literal hyphen and \\] for a literal bracket`;
      throw new RegexError(at, 'expected `]`', hint);
    }
    const all = normalised(ranges);
    return { kind: 'character', ranges: negated ? inverted(all) : all };
  }

  function parseItem(): readonly Range[] {
    const start = at;
    const first = parseCharacter();
    if (!match('-')) return single(first);
    const last = parseCharacter();
    if (first > last) {
      throw new RegexError(start, 'the range is empty: its end is before its start', 'write \\- for a hyphen');
    }
    return [[first, last]];
  }

  function parseClass(): readonly Range[] | undefined {
    if (!peek('\\')) return undefined;
    const letter = source.charAt(at + 1);
    const ranges = CLASSES.get(letter.toLowerCase());
    if (ranges === undefined) {
      if (!/[A-Za-z]/.test(letter)) return undefined;
      throw new RegexError(
        at,
        `\\${letter} has no meaning in this syntax`,
        'valid classes are \\d, \\s, \\w and their opposites \\D, \\S, \\W',
      );
    }
    at += 2;
    return letter === letter.toLowerCase() ? ranges : inverted(ranges);
  }

  function parseCharacter(): number {
    match('\\');
    if (at >= source.length) throw new RegexError(at, 'the expression ends too early', 'write \\\\ for a backslash');
    return nextCodePoint();
  }

  function nextCodePoint(): number {
    const codePoint = source.codePointAt(at) ?? 0;
    at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  function single(codePoint: number): readonly Range[] {
    const other = caseless ? otherAsciiCase(codePoint) : codePoint;
    return normalised([
      [codePoint, codePoint],
      [other, other],
    ]);
  }

  const parsed = parseUnion();
  if (at < source.length) throw new RegexError(at, 'a `)` without a `(`', 'write \\) for the character');
  return parsed;
}
