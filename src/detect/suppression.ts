import type { DecodedEvent } from '../audit/event.ts';
import type { FieldMemo } from '../query/match/slots.ts';
import type { CompiledRule, Fire, Occurrence } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';
import type { NewRow, Row } from '../rules/row.ts';
import type { Decision } from './decision.ts';

/**
 * The hash that groups an occurrence with its repeats: the default of the rule's kind, or the values of the rule's
 * suppression fields. If one of them is missing and the rule says so, the occurrence gets its own alert.
 * @param identity unique to the occurrence
 */
export function suppressionKey(
  rule: CompiledRule,
  event: DecodedEvent,
  occurrence: Occurrence,
  memo: FieldMemo,
  identity: string,
  hashes: Hashes,
): string {
  if (rule.suppressBy === undefined) return keyOf(rule, rule.kind.suppressionKey(occurrence, event), '', hashes);
  // The alert of a group has the values of the group only, even if the event has several.
  const ofGroup = isAboutGroups(rule);
  const values =
    occurrence.suppressedBy ??
    rule.suppressBy.map(({ name, slot }) =>
      ofGroup ? occurrence.terms.find(({ field }) => field === name)?.value : memo.read(slot),
    );
  const isMissing = values.some((value) => value == null || (Array.isArray(value) && value.length === 0));
  return keyOf(rule, JSON.stringify(values), isMissing && standsAlone(rule) ? identity : '', hashes);
}

/**
 * The suppression key of an alert about a term; undefined if the rule groups by something else, or the term is a hash.
 */
export function termSuppressionKey(rule: CompiledRule, term: string, hashes: Hashes): string | undefined {
  return rule.suppressBy !== undefined || term.startsWith('#') ? undefined : keyOf(rule, term, '', hashes);
}

/** True if an alert is about a group of events, and has only the group's fields. */
export function isAboutGroups({ document, pipeline }: CompiledRule): boolean {
  return document.threshold !== undefined || pipeline?.kind === 'groups';
}

/**
 * The suppression key of a fire. For a sequence, only fields with the same values in the same order in all of its
 * events count; the others are absent (elastic/kibana, rule_types/eql/build_alert_group_from_sequence.ts).
 */
export function fireSuppressionKey(
  { rule, suppressionKey, identity }: Decision,
  { rows }: Fire,
  hashes: Hashes,
): string {
  if (rule.sequence === undefined || rule.suppressBy === undefined) return suppressionKey;
  const [first] = rows;
  const shared = rule.suppressBy.map((_field, i) => {
    const values = columnAt(first, i);
    return rows.every((row) => columnAt(row, i) === values) ? values : NONE;
  });
  return sequenceKey(rule, shared, identity, hashes);
}

/** Every possible key of a fire with this row: with its value of each field, or without. */
export function possibleKeys(
  { rule, occurrence, suppressionKey, identity }: Decision,
  hashes: Hashes,
): readonly string[] {
  const { row } = occurrence;
  if (rule.sequence === undefined || rule.suppressBy === undefined || row === undefined) return [suppressionKey];
  const choices = rule.suppressBy.reduce<readonly (readonly string[])[]>(
    (chosen, _field, i) => chosen.flatMap((values) => [columnAt(row, i), NONE].map((value) => [...values, value])),
    [[]],
  );
  return choices.map((values) => sequenceKey(rule, values, identity, hashes));
}

const NONE = '[]';

function columnAt(row: Row | NewRow | undefined, index: number): string {
  return JSON.stringify(row?.columns[index] ?? []);
}

function sequenceKey(rule: CompiledRule, values: readonly string[], identity: string, hashes: Hashes): string {
  const isAlone = values.includes(NONE) && standsAlone(rule);
  return keyOf(rule, JSON.stringify(values), isAlone ? identity : '', hashes);
}

function standsAlone({ document }: CompiledRule): boolean {
  return document.suppression?.missingFields === 'doNotSuppress';
}

function keyOf({ document }: CompiledRule, key: string, identity: string, hashes: Hashes): string {
  return hashes.key(JSON.stringify([document.name, key, identity]));
}
