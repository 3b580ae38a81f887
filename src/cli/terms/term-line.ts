import { z } from 'zod';
import { formatTimestamp, parseTimestamp } from '../../audit/timestamp.ts';
import type { KnownTerm } from '../../detect/review-terms.ts';
import type { Lesson } from '../../detect/teach-terms.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import { describeValue, isRecord } from '../../rules/document-problem.ts';
import { type SilentTerm, TEACHERS } from '../../rules/silent-term.ts';
import { isRememberedTerm } from './term-argument.ts';

/** A term in an export: one line of JSON. */
const termLine = z.strictObject({
  rule: z.string().min(1).max(253),
  /** The rule's fields. A rule of the same name with other fields does not accept the term. */
  fields: z.array(z.string().max(256)).min(1).max(3),
  /** The rule's normalisation by field, if any. */
  normalize: z.record(z.string().max(256), z.string().max(32)).optional(),
  /** The term as remembered. */
  term: z.string().min(1).max(512),
  firstSeen: z.string().max(64).optional(),
  lastSeen: z.string().max(64),
  /** Learned without an alert, and not approved. */
  learned: z.boolean(),
  /** User and action of the first sighting. */
  what: z.string().max(512).optional(),
  by: z.enum(TEACHERS).optional(),
  /** The values in that event, if the term itself does not show them. */
  values: z.array(z.string().max(512)).max(3).optional(),
  /** The alert about the term. */
  alert: z.string().max(253).optional(),
});

export type TermLine = z.output<typeof termLine>;

export function toTermLine(rule: CompiledRule, { term, last, silent, alert }: KnownTerm): TermLine {
  const first = silent?.at ?? alert?.firstSeen;
  const normalize = rule.document.newTerms?.normalize;
  return {
    rule: rule.document.name,
    fields: rule.termFields.map(({ name }) => name),
    ...(normalize !== undefined && { normalize }),
    term,
    ...(first !== undefined && { firstSeen: formatTimestamp(first) }),
    lastSeen: formatTimestamp(last),
    learned: silent !== undefined,
    ...(silent !== undefined && { what: silent.what, by: silent.by }),
    ...(silent?.values !== undefined && { values: silent.values.slice() }),
    ...(alert !== undefined && { alert: alert.id }),
  };
}

export type ParsedTermLine =
  | { readonly kind: 'ok'; readonly line: TermLine; readonly lesson: Lesson }
  | { readonly kind: 'invalid'; readonly message: string };

/** A line of an export. Never throws. */
export function parseTermLine(text: string): ParsedTermLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'invalid', message: 'expected a line of JSON, as `firstseen terms export` writes it' };
  }
  if (!isRecord(value))
    return { kind: 'invalid', message: 'expected a JSON object, as `firstseen terms export` writes it' };
  const parsed = termLine.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'invalid', message: `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not a term'}` };
  }
  const line = parsed.data;
  // Any other text would be stored but never match an event.
  if (!isRememberedTerm(line.term, line.fields.length)) {
    const list = JSON.stringify(line.fields.map(() => 'value'));
    return {
      kind: 'invalid',
      message: `term: expected a list of as many values as there are fields, such as ${list} without spaces, found ${describeValue(line.term)}`,
    };
  }
  const last = parseTimestamp(line.lastSeen);
  const first = line.firstSeen === undefined ? last : parseTimestamp(line.firstSeen);
  if (last === undefined) return { kind: 'invalid', message: 'lastSeen: expected a time such as 2027-01-31T12:00:00Z' };
  if (first === undefined)
    return { kind: 'invalid', message: 'firstSeen: expected a time such as 2027-01-31T12:00:00Z' };
  const taught: SilentTerm = {
    at: Math.min(first, last),
    request: '',
    what: line.what ?? '',
    by: 'import',
    ...(line.values !== undefined && { values: line.values }),
  };
  return { kind: 'ok', line, lesson: { last, first: taught, ...(!line.learned && { approved: true as const }) } };
}

/** Why the rule cannot take the term; undefined if it can. */
export function whyForeign(
  { fields, normalize = {} }: TermLine,
  { document, termFields }: CompiledRule,
): string | undefined {
  const own = termFields.map(({ name }) => name);
  const other = own.map((name) => `${name} ${document.newTerms?.normalize?.[name] ?? 'unchanged'}`);
  const told = fields.map((name) => `${name} ${normalize[name] ?? 'unchanged'}`);
  return told.join() === other.join()
    ? undefined
    : `its fields are ${told.join(', ')}; the rule here has ${other.join(', ')}`;
}
