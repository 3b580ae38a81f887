import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import type { RegexSyntax } from '../predicate/predicate.ts';
import { compileAutomaton } from './automaton.ts';
import { parseLucene } from './parse-lucene.ts';
import { re2Size } from './re2-size.ts';
import { RegexError, type RegexProblem } from './regex-problem.ts';

const LONGEST = 4_096;
/** Size of an RE2 expression with its counts expanded: about 10 µs of preparation each. */
const LARGEST = 10_000;

/**
 * A rule's expression is checked when the rule is read, compiled with its query, and compiled again for the rule index.
 * The cache prepares it once.
 */
const prepared = new Map<string, RegexResult>();
const MOST_PREPARED = 100;

export type RegexResult =
  | { readonly kind: 'ok'; readonly matches: (text: string) => boolean }
  | { readonly kind: 'invalid'; readonly problem: RegexProblem };

/**
 * A regular expression as a test of a text that takes linear time, whatever the text is.
 *
 * `lucene`: the whole text must match; see `parseLucene`. `re2`: some part of the text must match; the syntax is that
 * of RE2 (https://github.com/google/re2/wiki/Syntax), without look-around and back-references; flags stand in front as
 * `(?i)`.
 */
export function compileRegex(source: string, syntax: RegexSyntax, caseless = false): RegexResult {
  if (source.length > LONGEST) {
    return invalid({ offset: LONGEST, message: `the regular expression has more than ${LONGEST} characters` });
  }
  const key = JSON.stringify([source, syntax, caseless]);
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const result = prepare(source, syntax, caseless);
  if (prepared.size >= MOST_PREPARED) prepared.clear();
  prepared.set(key, result);
  return result;
}

function prepare(source: string, syntax: RegexSyntax, caseless: boolean): RegexResult {
  try {
    return { kind: 'ok', matches: syntax === 'lucene' ? lucene(source, caseless) : re2(source, caseless) };
  } catch (error) {
    if (error instanceof RegexError) return invalid(error.problem);
    if (error instanceof RE2JSException) return invalid(re2Problem(source, error));
    throw error;
  }
}

/** The problem with a regular expression; undefined if it is valid. */
export function checkRegex(source: string, syntax: RegexSyntax, caseless = false): RegexProblem | undefined {
  const result = compileRegex(source, syntax, caseless);
  return result.kind === 'ok' ? undefined : result.problem;
}

function lucene(source: string, caseless: boolean): (text: string) => boolean {
  const matches = compileAutomaton(parseLucene(source, caseless));
  if (matches !== undefined) return matches;
  throw new RegexError(
    0,
    'the regular expression is too complex',
    'use fewer or smaller counts {n,m}, especially after .* and in complements: they need too many states',
  );
}

function re2(source: string, caseless: boolean): (text: string) => boolean {
  if (re2Size(source) > LARGEST) {
    throw new RegexError(0, 'the regular expression is too complex', 'use smaller counts {n,m}, or fewer of them');
  }
  const expression = RE2JS.compile(source, caseless ? RE2JS.CASE_INSENSITIVE : 0);
  return (text) => expression.test(text);
}

/** The library names the part of the source that it could not read, not its place. */
function re2Problem(source: string, error: RE2JSException): RegexProblem {
  if (!(error instanceof RE2JSSyntaxException)) return { offset: 0, message: error.message };
  const part = error.getPattern();
  const offset = part === null ? source.length : Math.max(source.indexOf(part), 0);
  const message = error.getDescription();
  return /\(\?<?[=!]|\\[1-9]/.test(source)
    ? {
        offset,
        message,
        hint: 'look-around and back-references are not supported: they cannot be matched in linear time',
      }
    : { offset, message };
}

function invalid(problem: RegexProblem): RegexResult {
  return { kind: 'invalid', problem };
}
