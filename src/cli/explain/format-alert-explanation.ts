import { cutBytes, excerpt, sanitise } from '../../audit/text.ts';
import { formatTimestamp } from '../../audit/timestamp.ts';
import type { AlertExplanation, NearEvent } from './explain-alert.ts';
import { type ClauseStyle, clauseLines } from './format-event-explanation.ts';
import type { KnownTerms } from './known-terms.ts';

const MOST_BYTES = 512;
const CELL_BYTES = 96;

/** As text, with a final line break, escaped for a terminal. */
export function formatAlertExplanation(explained: AlertExplanation, style: ClauseStyle): string {
  const { alert, rule, event, terms, around, notes, next } = explained;
  const { metadata, spec, status } = alert;
  const values = [...(spec.newTerms ?? []), ...(spec.groupBy ?? [])];
  const parts: readonly (readonly [head: string, lines: readonly string[]])[] = [
    ['About the rule', paragraphs(rule?.description)],
    ['What matched', [...values.map(({ field, value }) => line(`${field}: ${value}`)), ...matched(explained, style)]],
    ['What was known before', terms === undefined ? [] : knownLines(terms)],
    ['Exceptions that do not cover it', event?.exceptions.map(({ reason }) => line(reason)) ?? []],
    ['Around the alert', around === undefined ? [] : aroundLines(around)],
    ['False positives', rule?.falsePositives.map((text) => `- ${line(text)}`) ?? []],
    ['What to do', paragraphs(rule?.triage)],
    ['See also', rule?.references.map(line) ?? []],
    ['Not checked', notes.map(line)],
    ['Next', next.flatMap(({ what, command }) => [`# ${line(what)}`, command])],
  ];
  return [
    `${line(metadata.name)}: ${line(spec.rule.title || spec.rule.name)}`,
    line(`${spec.severity}, ${status.phase}, ${times(status.count)}, last seen ${status.lastSeen ?? 'never'}`),
    '',
    line(spec.reason),
    ...parts.flatMap(([head, lines]) => (lines.length === 0 ? [] : ['', head, ...lines.map((text) => `  ${text}`)])),
    '',
  ].join('\n');
}

/** The condition, evaluated on the event if it is known, else as written. */
function matched({ rule, event }: AlertExplanation, style: ClauseStyle): readonly string[] {
  if (event !== undefined)
    return [...event.notes.map(line), ...clauseLines(event.query, style), ...event.alert.map(line)];
  if (rule === undefined || rule.from === 'the program') return [];
  return [`the condition of the rule (${line(rule.language)}):`, ...paragraphs(rule.query).map((text) => `  ${text}`)];
}

function knownLines(terms: KnownTerms): readonly string[] {
  if (terms.kind === 'unknown') return [line(`The state could not be read: ${terms.why}`)];
  const { count, before, nearest, learningUntil } = terms;
  return [
    `At least ${before} ${before === 1 ? 'term was' : 'terms were'} known before; the rule knows ${count} now.`,
    ...(learningUntil === undefined
      ? []
      : [`Its learning time ended at ${formatTimestamp(learningUntil).slice(0, 19)}Z.`]),
    ...(nearest.length === 0 ? [] : ['The nearest known terms:']),
    ...nearest.map(({ values, last, silent, alert }) => {
      const how =
        silent === undefined
          ? alert === undefined
            ? ''
            : `, alert ${alert.id}`
          : `, learned without an alert: ${silent.what}`;
      return line(`- ${values.join(' · ')} (last seen ${formatTimestamp(last).slice(0, 19)}Z${how})`);
    }),
  ];
}

function aroundLines({ events, more }: NonNullable<AlertExplanation['around']>): readonly string[] {
  if (events.length === 0) return ['No other request of the same user or address.'];
  const isMarked = events.some(({ isEvidence }) => isEvidence);
  return [
    ...events.map(nearLine),
    ...(isMarked ? ['* marks evidence of the alert'] : []),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function nearLine({ time, isEvidence, user, verb, uri, code, sourceIP, userAgent }: NearEvent): string {
  const cells = [
    `${time.slice(0, 19)}${isEvidence ? ' *' : ''}`,
    user,
    `${verb} ${uri}`,
    String(code ?? '-'),
    sourceIP,
    userAgent,
  ];
  return cells.map((cell) => excerpt(cell, CELL_BYTES)).join('  ');
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Splits text into lines, without blank lines at both ends. */
function paragraphs(text: string | undefined): readonly string[] {
  return text === undefined || text.trim() === '' ? [] : text.trim().split('\n').map(line);
}

function line(text: string): string {
  return cutBytes(sanitise(text), MOST_BYTES);
}
