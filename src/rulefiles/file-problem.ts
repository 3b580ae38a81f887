import { cutBytes, sanitise } from '../audit/text.ts';
import type { UnsupportedReason } from '../rules/import/unsupported-reason.ts';
import type { Place } from './places.ts';

/** A problem in a rule file, and its place. Lines and columns count from 1, columns in UTF-16 units. */
export interface FileProblem {
  readonly file: string;
  /** Absent if the file could not be read. */
  readonly place?: Place;
  /** The name of the rule that it is about. */
  readonly rule?: string;
  /** The type of this rule, if it could be read. */
  readonly ruleType?: string;
  readonly message: string;
  readonly hint?: string;
  /** Set if the rule may be valid but cannot run here; says why. */
  readonly unsupported?: readonly UnsupportedReason[];
  /** The source line, cut around the place, and the offset of the place in it. */
  readonly excerpt?: { readonly text: string; readonly caret: number };
}

/** How much of a long line is shown: this many units before the place, and as many as fit after it. */
const BEFORE = 60;
const WIDTH = 120;

/** The line at a place, cut to the width of a terminal, with invisible characters escaped. */
export function excerptAt(lines: readonly string[], place: Place): { readonly text: string; readonly caret: number } {
  const line = lines[place.line - 1] ?? '';
  const at = Math.min(place.column - 1, line.length);
  const start = at <= WIDTH - BEFORE ? 0 : at - BEFORE;
  const end = Math.min(line.length, start + WIDTH);
  const before = `${start > 0 ? '… ' : ''}${printable(line.slice(start, at))}`;
  return { text: `${before}${printable(line.slice(at, end))}${end < line.length ? ' …' : ''}`, caret: before.length };
}

function printable(text: string): string {
  return sanitise(text.replaceAll('\t', ' '));
}

const MAX_MESSAGE_BYTES = 400;

/** A parser's message, which may repeat its input: the first line, cut and made printable. */
export function parserMessage(message: string): string {
  const [first = ''] = message.split('\n');
  return cutBytes(sanitise(first), MAX_MESSAGE_BYTES);
}

/** Formats like a compiler: `rules/a.yaml:12:5: message`, the line, a caret under the place, the hint. */
export function formatFileProblem({ file, place, rule, message, hint, excerpt }: FileProblem): string {
  const name = sanitise(file);
  const at = place === undefined ? name : `${name}:${place.line}:${place.column}`;
  const about = rule === undefined ? '' : ` ${rule}:`;
  return [
    `${at}:${about} ${message}`,
    ...(excerpt === undefined ? [] : [`  ${excerpt.text}`, `  ${' '.repeat(excerpt.caret)}^`]),
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ].join('\n');
}
