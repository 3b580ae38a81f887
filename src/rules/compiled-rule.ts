import type { DecodedEvent } from '../audit/event.ts';
import type { FieldValues } from '../ecs/field.ts';
import type { Predicate } from '../query/predicate.ts';
import type { FieldMemo } from '../query/slots.ts';
import type { RuleDocument, Severity } from './document.ts';
import type { Hashes } from './hashes.ts';

/** A rule ready to run. */
export interface CompiledRule {
  readonly document: RuleDocument;
  readonly kind: RuleKind;
  /** What the query selects, before exceptions: what the rule index reads. */
  readonly predicate: Predicate;
  /** True if the query selects the event and no exception in force at the event's time does. */
  readonly matches: (event: DecodedEvent, memo: FieldMemo) => boolean;
  /** The fields whose values make the term; empty for a rule that has none. */
  readonly termFields: readonly SlottedField[];
  /** The fields that group repeats into one alert; undefined: the default of the rule's kind. */
  readonly suppressBy: readonly SlottedField[] | undefined;
  /** What an event says about its alert in place of the rule. Undefined for a rule that lets none. */
  readonly overrides: ReadOverrides | undefined;
  /** Names the rule's memory: the hash of its name, type, key fields and window. Other edits keep what was learned. */
  readonly state: string;
  /** The suppression key of its overflow alert. */
  readonly overflowKey: string;
}

/** A field, and the number under which a memo of the rule set reads it. */
export interface SlottedField {
  readonly name: string;
  readonly slot: number;
}

/** What an event says about its alert in place of the rule; absent where the rule stands. */
export interface Overrides {
  readonly severity?: Severity;
  /** 0 to 100, a whole number. */
  readonly riskScore?: number;
  readonly title?: string;
}

/** @param read the values of a field on the event that opens the alert, or in the group that does */
export type ReadOverrides = (read: (field: SlottedField) => FieldValues) => Overrides;

/** One thing that a matching event means to a rule; a new_terms event with arrays has one for each combination of values. */
export interface Occurrence {
  /** The values that make the term, in the order of the rule's fields. */
  readonly terms: readonly { readonly field: string; readonly value: string }[];
  /** The term as it is remembered: its JSON array text, hashed where that is long. Undefined for a rule without terms. */
  readonly term: string | undefined;
  /** Above 0: not a combination of its own, but how many were cut off beyond the cap. */
  readonly cut: number;
}

/** What a reducer may know of the past. */
export interface Memory {
  /** When the term was last seen (µs), if it is remembered. */
  lastSighting(state: string, term: string): number | undefined;
}

/** One rule type: what an event means to it, and when that fires. All pure. */
export interface RuleKind {
  readonly type: RuleDocument['type'];
  /** Empty if the event, though the query selects it, means nothing to the rule. */
  occurrences(rule: CompiledRule, memo: FieldMemo, hashes: Hashes): readonly Occurrence[];
  /** The reducer: whether an occurrence at `at` (µs) is worth an alert, given what is remembered. */
  fires(rule: CompiledRule, occurrence: Occurrence, at: number, memory: Memory): boolean;
  /** What groups repeats into one alert where the rule does not say: an unambiguous text. */
  suppressionKey(occurrence: Occurrence, event: DecodedEvent): string;
  /** How long an alert takes repeats where the rule does not say (µs). */
  suppressionWindow(document: RuleDocument): number;
  /** One sentence for the alert: what happened, and why it is one. Not sanitised. */
  reason(rule: CompiledRule, occurrence: Occurrence, what: string): string;
}
