import { excerpt, sanitise } from '../../audit/text.ts';
import type { JudgedClause, JudgedPart } from '../../query/explain/explain-match.ts';
import type { EventExplanation, JudgedException } from './explain-event.ts';

export interface ClauseStyle {
  /** Coloured signs instead of words. */
  readonly signs: boolean;
  /** All clauses with their values, not only the deciding ones. */
  readonly all: boolean;
}

/** The most non-deciding clauses to list in a row; the rest is counted. */
const MOST_ASIDE = 8;
const MOST_BYTES = 512;

/** As text, with a final line break, escaped for a terminal. */
export function formatEventExplanation(explained: EventExplanation, from: string, style: ClauseStyle): string {
  const { rule, title, event, query, exceptions, alert, notes } = explained;
  const { auditID = 'none', stage = 'none', level = 'none', time } = event;
  const parts: readonly (readonly [head: string, lines: readonly string[]])[] = [
    ['Notes', notes],
    ['Query', clauseLines(query, style)],
    ['Exceptions', query.holds || style.all ? exceptions.flatMap((each) => exceptionLines(each, style)) : []],
    ['What the rule does', alert],
  ];
  return [
    `${rule}: ${sanitise(title)}`,
    ...[`${from}: audit ID ${auditID}, stage ${stage}, level ${level}, ${time}`].map((text) =>
      excerpt(text, MOST_BYTES),
    ),
    '',
    verdict(explained),
    ...parts.flatMap(([head, lines]) => (lines.length === 0 ? [] : ['', head, ...lines.map((text) => `  ${text}`)])),
    '',
  ].join('\n');
}

function verdict({ matched, query, exceptions }: EventExplanation): string {
  if (matched) return 'It matches.';
  const excluding = exceptions.find(({ excludes }) => excludes);
  if (!query.holds) return 'It does not match: the query does not select it.';
  return excluding === undefined
    ? 'It does not match.'
    : `It does not match: an exception excludes it: ${excerpt(excluding.reason, MOST_BYTES)}`;
}

function exceptionLines(
  { reason, starts, expires, inForce, excludes, condition }: JudgedException,
  style: ClauseStyle,
): readonly string[] {
  const from = starts === undefined ? '' : `, from ${starts}`;
  const until = expires === undefined ? '' : `, until ${expires}`;
  const when = `${from}${until}${inForce ? '' : ', not in force at the time of the event'}`;
  const head = `${excludes ? 'excludes it' : 'does not exclude it'}: ${excerpt(reason, MOST_BYTES)}${when}`;
  return [head, ...clauseLines(condition, style).map((line) => `  ${line}`)];
}

/** The most lines of explanation below a failed test. */
const MOST_LINES = 24;

/** Short form without colours: the deciding clauses of the query, or the exception. */
export function decisiveLines({ query, exceptions, notes }: EventExplanation): readonly string[] {
  const style = { signs: false, all: false };
  const excluding = exceptions.find(({ excludes }) => query.holds && excludes);
  const lines = [...notes, ...clauseLines(query, style), ...(excluding ? exceptionLines(excluding, style) : [])];
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `… and ${more} more lines`] : lines;
}

/** A clause and the deciding clauses below it. */
export function clauseLines(clause: JudgedClause, style: ClauseStyle): readonly string[] {
  const { text, holds, found, parts } = clause;
  const values = found.length === 0 ? '' : ` (${found.join(', ')})`;
  return [printable(`${mark(holds, style)} ${text}${values}`, style), ...partLines(parts, style)];
}

function partLines(parts: readonly JudgedPart[], style: ClauseStyle): readonly string[] {
  let aside = 0;
  const lines = parts.flatMap((part) => {
    if (!part.isDecisive && !style.all) {
      aside += 1;
      if (aside > MOST_ASIDE) return [];
      const collapsed = part.parts.length === 0 ? part.text : part.text.replace(/:$/, ': …');
      return [`- ${printable(`${mark(part.holds, style)} ${collapsed}`, style)}`];
    }
    const [first = '', ...more] = clauseLines(part, style);
    return [`- ${first}`, ...more.map((line) => `  ${line}`)];
  });
  return aside > MOST_ASIDE ? [...lines, `- and ${aside - MOST_ASIDE} more that do not decide`] : lines;
}

function mark(holds: boolean, { signs }: ClauseStyle): string {
  if (signs) return holds ? '✓' : '✗';
  return holds ? '[holds]' : '[does not hold]';
}

/** Cuts and escapes before colouring, so that no other control reaches the terminal. */
function printable(text: string, { signs }: ClauseStyle): string {
  const safe = sanitise(text);
  return signs ? safe.replace(/^[✓✗]/, (sign) => `\u001b[${sign === '✓' ? 32 : 31}m${sign}\u001b[0m`) : safe;
}
