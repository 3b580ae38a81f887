import type { DecodedEvent } from '../audit/event.ts';
import { REDACTED, redactText } from '../audit/redact-text.ts';
import type { Field } from '../ecs/field.ts';
import type { Redactor } from '../ecs/redactor.ts';
import { mapHeldText } from '../query/esql/held-values.ts';
import type { CompiledRule, Occurrence } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';

/**
 * The occurrence in a form that may be stored and shown. Displayed values have no secrets. A term or a column of a row,
 * which only needs to be distinct, becomes its hash if it holds a secret, as it does if it is long: rules see no
 * difference.
 */
export function redactOccurrence(
  occurrence: Occurrence,
  rule: CompiledRule,
  event: DecodedEvent,
  redactor: Redactor,
  hashes: Hashes,
): Occurrence {
  const { terms, term, row } = occurrence;
  if (rule.pipeline !== undefined) {
    const redact = columnRedactor(rule.pipeline.reads, event, redactor);
    const kept = (text: string) => {
      const redacted = redact(text);
      return redacted === text ? text : `${redacted}#${hashes.key(text)}`;
    };
    return {
      ...occurrence,
      terms: terms.map(({ field, value }) => ({ field, value: redact(value) })),
      ...(row && {
        row: { ...row, columns: row.columns.map((texts) => texts.map((text) => mapHeldText(text, kept))) },
      }),
    };
  }
  const isSecret = (field: string | undefined, value: string) => redactor.value(field ?? '', value, event) !== value;
  return {
    ...occurrence,
    terms: terms.map(({ field, value, canonical }) => ({
      field,
      value: redactor.value(field, value, event),
      ...(canonical !== undefined && { canonical: redactor.value(field, canonical, event) }),
    })),
    term:
      term !== undefined && valuesOf(term).some((value, i) => isSecret(rule.termFields[i]?.name, value))
        ? `#${hashes.full(term)}`
        : term,
    ...(row && {
      row: {
        ...row,
        columns: row.columns.map((texts, i) =>
          texts.map((text) => (isSecret(rule.rowFields[i]?.name, text) ? `#${hashes.full(text)}` : text)),
        ),
      },
    }),
  };
}

/** The values of a term; none if the term is a hash already. */
function valuesOf(term: string): readonly string[] {
  return term.startsWith('[') ? (JSON.parse(term) as readonly string[]) : [];
}

/** A shorter text is not a secret, and occurs in many others by chance. */
const SHORTEST_SECRET = 4;

/**
 * Redacts a text that an ES|QL query made from an event. If a field of the query holds a secret, that value is hidden
 * in the text, and a text that was cut out of the value is hidden too. A text that equals a field without secrets
 * stays.
 */
function columnRedactor(reads: readonly Field[], event: DecodedEvent, redactor: Redactor): (text: string) => string {
  const harmless = new Set<string>();
  const secrets: { readonly value: string; readonly shown: string }[] = [];
  for (const field of reads) {
    for (const value of [field.read(event)].flat()) {
      if (typeof value !== 'string') continue;
      const shown = redactor.value(field.name, value, event);
      if (shown === value) harmless.add(value);
      else secrets.push({ value, shown });
    }
  }
  // A text made from a value that is hidden as a whole may be that value in another form.
  const isAnythingHidden = secrets.some(({ shown }) => shown === REDACTED);
  return (text) => {
    if (secrets.length === 0) return redactText(text);
    if (harmless.has(text) || text.length < SHORTEST_SECRET) return text;
    const left = secrets.reduce((was, { value, shown }) => was.replaceAll(value, shown), text);
    if (left !== text) return redactText(left);
    const isCutOut = secrets.some(({ value }) => value.includes(text));
    return isCutOut || (isAnythingHidden && !Number.isFinite(Number(text))) ? REDACTED : redactText(text);
  };
}
