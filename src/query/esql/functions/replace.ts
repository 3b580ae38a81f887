import { type Call, type FunctionRow, LONGEST_TEXT, parameter } from '../function-row.ts';
import { compileJavaRegex, parseReplacement } from '../java-regex.ts';

type Replace = (text: string, call: Call) => string | null;

/** Literal characters, some of them escaped by a backslash. */
const PLAIN = /^(?:[^\\[\](){}.*+?^$|]|\\[^a-zA-Z0-9])+$/;
const TOO_LONG = `the result is longer than ${LONGEST_TEXT} characters`;

/** Prepared replacements. A query has few patterns, and most are constants. */
const MOST_REMEMBERED = 100;
/** The cost of preparing another one, in steps. */
const PREPARATION = 1_000;
const PREPARATION_BY_CHARACTER = 50;
const remembered = new Map<string, Replace | string>();

/** Returns a text if the replacement is impossible; it says why. `spend` is called if something has to be prepared. */
function replaceFor(pattern: string, replacement: string, spend?: Call['spend']): Replace | string {
  const key = `${pattern.length} ${pattern}${replacement}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  spend?.(PREPARATION + pattern.length * PREPARATION_BY_CHARACTER);
  const made = prepare(pattern, replacement);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, made);
  return made;
}

function prepare(pattern: string, replacement: string): Replace | string {
  if (PLAIN.test(pattern) && !/[\\$]/.test(replacement)) {
    const plain = pattern.replace(/\\(.)/gs, '$1');
    return (text, call) => replacePlain(text, plain, replacement, call);
  }
  const compiled = compileJavaRegex(pattern);
  if (compiled.kind === 'invalid') return compiled.message;
  const { regex } = compiled;
  const pieces = parseReplacement(replacement, regex.groupCount());
  if (typeof pieces === 'string') return pieces;
  return (text, call) => {
    const matcher = regex.matcher(text);
    const found: string[] = [];
    let length = 0;
    let from = 0;
    const add = (part: string) => {
      length += part.length;
      found.push(part);
    };
    for (;;) {
      // A search may scan the rest of the text, whatever it finds.
      call.spend(1 + text.length - from);
      if (!matcher.find()) break;
      add(text.slice(from, matcher.start()));
      for (const piece of pieces) add('text' in piece ? piece.text : (matcher.group(piece.group) ?? ''));
      if (length > LONGEST_TEXT) return call.warn(TOO_LONG);
      from = matcher.end();
    }
    add(text.slice(from));
    return found.join('');
  };
}

function replacePlain(text: string, pattern: string, replacement: string, call: Call): string | null {
  call.spend(1 + (text.length >> 6));
  const parts = text.split(pattern);
  const length = text.length + (parts.length - 1) * (replacement.length - pattern.length);
  return length > LONGEST_TEXT ? call.warn(TOO_LONG) : parts.join(replacement);
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions for REPLACE */
export const REPLACE_FUNCTION: FunctionRow = {
  kind: 'scalar',
  name: 'replace',
  parameters: [parameter('string', 'keyword'), parameter('regex', 'keyword'), parameter('newString', 'keyword')],
  returns: 'keyword',
  doc: 'The text with each match of a regular expression replaced (Java syntax, linear time); $1 inserts the match of the first group.',
  check: ([, pattern, replacement]) => {
    if (typeof pattern !== 'string') return undefined;
    const made = replaceFor(pattern, typeof replacement === 'string' ? replacement : '');
    return typeof made === 'string' ? made : undefined;
  },
  evaluate: ([text, pattern, replacement], call) => {
    const made = replaceFor(String(pattern), String(replacement), call.spend);
    return typeof made === 'string' ? call.warn(made) : made(String(text), call);
  },
};
