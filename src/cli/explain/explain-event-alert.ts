import type { Decision } from '../../detect/decision.ts';
import { draftAlert } from '../../detect/draft.ts';
import { resolveField } from '../../ecs/fields.ts';
import { describeValues } from '../../query/explain/explain-match.ts';
import type { FieldMemo } from '../../query/match/slots.ts';
import type { CompiledRule, SlottedField, Term } from '../../rules/compiled-rule.ts';
import { formatDuration } from '../../rules/duration.ts';
import { list, suppressionOf } from './explain-decision.ts';

/** The most terms or groups to name for one event. */
const MOST_NAMED = 5;

/** What a rule remembers of a matching event, and its alert, in sentences. */
export function describeAlert(rule: CompiledRule, decisions: readonly Decision[], memo: FieldMemo): readonly string[] {
  const [first] = decisions;
  if (first === undefined) return [withoutMeaning(rule, memo)];
  return [...meaningOf(rule, decisions, memo), ...alertOf(first), ...suppressedBy(rule, first, memo)];
}

function withoutMeaning({ document, termFields }: CompiledRule, memo: FieldMemo): string {
  const missing = termFields.filter(({ slot }) => describe(slot, memo) === NOTHING).map(({ name }) => name);
  return document.newTerms === undefined
    ? `The event has no ${list(missing)}, so it counts for no group.`
    : `The event has no ${list(missing)}, so the rule ignores it.`;
}

const NOTHING = describeValues(undefined, { type: 'keyword' });

function describe(slot: number, memo: FieldMemo): string {
  return describeValues(memo.read(slot), { type: 'keyword' });
}

function meaningOf(
  { document, rowFields, sequence, pipeline }: CompiledRule,
  decisions: readonly Decision[],
  memo: FieldMemo,
) {
  const { newTerms, threshold } = document;
  const named = decisions.filter(({ occurrence }) => occurrence.cut === 0);
  const shown = named.slice(0, MOST_NAMED);
  const more = named.length > shown.length ? [`And ${named.length - shown.length} more.`] : [];
  if (sequence !== undefined) {
    return [
      ...shown.map(({ occurrence: { terms, row } }) => {
        const places = (row?.items ?? []).map((item) => (item === sequence.until ? 'its end' : `event ${item + 1}`));
        return `It fits ${list(places)} of a sequence${terms.length === 0 ? '' : ` with ${nameAll(terms)}`}.`;
      }),
      ...more,
      `Whether it alerts depends on the other events within ${formatDuration(sequence.spanMicros)}.`,
    ];
  }
  if (newTerms !== undefined) {
    return [
      ...shown.map(({ occurrence: { terms } }) => `Its term is ${nameAll(terms)}.`),
      ...more,
      `It alerts if no matching event had that in the ${formatDuration(newTerms.windowMicros)} before${newTerms.learningMicros === 0 ? '' : ` and the learning time of ${formatDuration(newTerms.learningMicros)} is over`}.`,
    ];
  }
  if (threshold !== undefined) {
    const counted = rowFields.map(({ name, slot }, i) => {
      const { value = 0 } = threshold.cardinality[i] ?? {};
      return `It takes ${value} different values of ${name}; on this event it ${describe(slot, memo)}.`;
    });
    return [
      ...shown.map(({ occurrence: { terms } }) => `It counts for the group ${groupOf(terms)}.`),
      ...more,
      `The rule alerts at ${threshold.value} events of a group within ${formatDuration(threshold.windowMicros)}, so this depends on the other events.`,
      ...counted,
    ];
  }
  if (pipeline?.kind === 'groups') {
    return [
      ...shown.map(({ occurrence: { terms } }) => `It counts for the group ${groupOf(terms)}.`),
      ...more,
      'It alerts if a row of the group remains, which depends on the other events.',
    ];
  }
  const columns = shown.flatMap(({ occurrence: { terms } }) => (terms.length === 0 ? [] : [nameAll(terms)]));
  return [...(columns.length === 0 ? [] : [`Columns: ${columns.join('; ')}.`]), 'It alerts or joins an open alert.'];
}

function groupOf(terms: readonly Term[]): string {
  return terms.length === 0 ? 'of all events' : nameAll(terms);
}

function nameAll(terms: readonly Term[]): string {
  const shown = (value: string) => describeValues(value, { type: 'keyword' }).replace(/^is /, '');
  return terms
    .map(({ field, value, canonical = value }) => {
      return `${field} ${shown(value)}${canonical === value ? '' : `, remembered as ${shown(canonical)}`}`;
    })
    .join(', ');
}

function alertOf(decision: Decision): readonly string[] {
  const { rule, severity, riskScore, reason } = draftAlert('local', decision);
  const overrides = Object.keys(decision.overrides ?? {});
  const mapped = overrides.length === 0 ? '' : ` (by the rule's mappings)`;
  const title = describeValues(rule.title, { type: 'keyword' }).replace(/^is /, '');
  return [
    `The alert: ${title}, severity ${severity}, risk score ${riskScore}${mapped}.`,
    ...(decision.rule.kind.windowed === undefined ? [`Its reason: ${reason}`] : []),
  ];
}

/** The event's values of the suppression fields. */
function suppressedBy(rule: CompiledRule, { event, occurrence }: Decision, memo: FieldMemo): readonly string[] {
  const { suppressBy, kind, document } = rule;
  if (suppressBy !== undefined && kind.windowed === undefined) {
    const valuesOf = ({ slot }: SlottedField, index: number) => {
      const given = occurrence.suppressedBy?.[index];
      return occurrence.suppressedBy === undefined ? memo.read(slot) : (given ?? undefined);
    };
    const found = suppressBy.map(
      (field, i) =>
        `${field.name} ${describeValues(valuesOf(field, i), resolveField(field.name) ?? { type: 'keyword' })}`,
    );
    return [...suppressionOf(rule), `On this event ${found.join(', ')}.`];
  }
  if (kind.windowed !== undefined || document.newTerms !== undefined) return suppressionOf(rule);
  const parts: unknown = JSON.parse(kind.suppressionKey(occurrence, event));
  const texts = Array.isArray(parts) ? parts.filter((part) => typeof part === 'string' && part !== '') : [];
  return [...suppressionOf(rule), `On this event it ${describeValues(texts.map(String), { type: 'keyword' })}.`];
}
