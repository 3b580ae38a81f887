import type { DecodedEvent } from '../audit/event.ts';
import type { Field, FieldValues } from '../ecs/field.ts';
import type { Attempt } from '../query/esql/attempt.ts';
import type { GroupEntry, GroupedQuery } from '../query/esql/grouped-query.ts';
import type { RowQuery } from '../query/esql/row-query.ts';
import type { FieldMemo } from '../query/match/slots.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { Canonicalise } from './canonical-form.ts';
import type { ExceptionDocument, RuleDocument, Severity } from './document.ts';
import type { Hashes } from './hashes.ts';
import type { ReasonTemplate } from './reason-template.ts';
import type { NewRow, Row } from './row.ts';

/** A rule ready to run. */
export interface CompiledRule {
  readonly document: RuleDocument;
  readonly kind: RuleKind;
  /**
   * What the query selects, before exceptions; the rule index reads it. For a sequence: what any of its items selects.
   * For a pipeline: a condition that every passing event meets, and others may too.
   */
  readonly predicate: Predicate;
  /**
   * True if the query selects the event and no exception in force at the event's time excludes it.
   *
   * @param cluster where the event comes from; without it, exceptions for specific clusters do not apply
   * @param onExcepted called with the first exception that excludes a selected event
   */
  readonly matches: (
    event: DecodedEvent,
    memo: FieldMemo,
    cluster?: string,
    onExcepted?: (exception: ExceptionDocument, event: DecodedEvent) => void,
  ) => boolean;
  /** The fields whose values make the term or the group; empty for a rule without them. */
  readonly termFields: readonly TermField[];
  /**
   * The fields whose values each row keeps: those with a cardinality in a threshold, those that suppress a sequence.
   */
  readonly rowFields: readonly SlottedField[];
  /** For a sequence only. */
  readonly sequence?: CompiledSequence;
  /** For a query in ES|QL only. */
  readonly pipeline?: CompiledPipeline;
  /** The fields that group repeats into one alert; undefined for the default of the rule's kind. */
  readonly suppressBy: readonly SlottedField[] | undefined;
  /** Overrides of the alert from the event. Undefined if the rule has none. */
  readonly overrides: ReadOverrides | undefined;
  /** The reason of the alert by the rule's template; absent for the default reason. */
  readonly says?: ReasonTemplate;
  /**
   * Identifies the rule's memory: the hash of its name, type, key fields and window. Other edits keep what was learned.
   */
  readonly memoryKey: string;
  /** The suppression key of its overflow alert. */
  readonly overflowKey: string;
}

/** A field and its number in the memo of the rule set. */
export interface SlottedField {
  readonly name: string;
  readonly slot: number;
}

export interface TermField extends SlottedField {
  /** For a new_terms rule that names a form for the field. */
  readonly canonicalise?: Canonicalise;
}

/** Overrides of the alert from the event; absent where the rule's own value applies. */
export interface Overrides {
  readonly severity?: Severity;
  /** A whole number from 0 to 100. */
  readonly riskScore?: number;
  readonly title?: string;
}

/** @param read the values of a field on the event that opens the alert, or in the group that does */
export type ReadOverrides = (read: (field: SlottedField) => FieldValues) => Overrides;

export interface CompiledSequence {
  /** The items as written, followed by `until` if there is one. Rows refer to items by their index here. */
  readonly items: readonly SequenceItem[];
  /** The item of each event in order; an item with runs occurs once per run. */
  readonly steps: readonly number[];
  /** The index of `until` among the items. */
  readonly until: number | undefined;
  /** The longest time between the first event and the last (µs). */
  readonly spanMicros: number;
}

/**
 * A query in ES|QL, run on one event after another. The result for the last event is cached, because several callers
 * ask for it.
 */
export type CompiledPipeline =
  /** Each event on its own: nothing is kept. */
  (
    | { readonly kind: 'events'; readonly evaluate: RowQuery['evaluate'] }
    | {
        readonly kind: 'groups';
        readonly columns: GroupedQuery['columns'];
        readonly shape: GroupedQuery['shape'];
        readonly gather: GroupedQuery['gather'];
        /** What the event adds to which groups. */
        readonly enter: (event: DecodedEvent) => Attempt<readonly GroupEntry[]>;
        readonly judge: GroupedQuery['judge'];
      }
  ) & {
    /** The fields that it reads. */
    readonly reads: readonly Field[];
  };

export interface SequenceItem {
  /** The condition for an event to match this item, including the presence of its join fields. */
  readonly predicate: Predicate;
  readonly matches: (memo: FieldMemo) => boolean;
  /** Events of one sequence have equal values in these fields, field by field. */
  readonly by: readonly (SlottedField & { readonly optional: boolean })[];
}

/** One occurrence of a match. A new_terms event with arrays has one for each combination of values. */
export interface Occurrence {
  /**
   * The values that make the term, in the order of the rule's fields; the group, for a rule over several events; the
   * shown columns, for a pipeline without groups.
   */
  readonly terms: readonly Term[];
  /**
   * The term as remembered: a JSON array of the canonical values, hashed if it is long. Undefined for a rule without
   * terms.
   */
  readonly term: string | undefined;
  /**
   * The values of the rule's suppression fields for this occurrence, null where absent; if undefined, those of the
   * event apply.
   */
  readonly suppressedBy?: readonly (string | null)[];
  /** What the event adds to its group; only for a rule over several events. */
  readonly row?: NewRow;
  /** If above 0, not a combination but the number of combinations beyond the cap. */
  readonly cut: number;
}

export interface FieldAndValue {
  readonly field: string;
  readonly value: string;
}

export interface Term extends FieldAndValue {
  /** The normalised value, if the rule names a form for the field. */
  readonly canonical?: string;
}

/** What a reducer knows about the past. */
export interface Memory {
  /** When the term was last seen (µs), if it is remembered. */
  lastSighting(memoryKey: string, term: string): number | undefined;
}

/** A rule type: the occurrences in an event, and when they fire. All pure. */
export interface RuleKind {
  readonly type: RuleDocument['type'];
  /** Empty if the event matches the query but has no occurrence, such as a missing field. */
  occurrences(rule: CompiledRule, memo: FieldMemo, hashes: Hashes, event: DecodedEvent): readonly Occurrence[];
  /** How the events of a group are evaluated together; undefined for a rule that evaluates each event alone. */
  readonly windowed?: WindowedKind;
  /** The reducer: whether an occurrence at `at` (µs) fires, given what is remembered. Not for windowed kinds. */
  fires(rule: CompiledRule, occurrence: Occurrence, at: number, memory: Memory): boolean;
  /** The default group for repeats of an alert, as an unambiguous text. */
  suppressionKey(occurrence: Occurrence, event: DecodedEvent): string;
  /** The default time for which an alert takes repeats (µs). */
  suppressionWindow(document: RuleDocument): number;
  /** One sentence for the alert: what happened and why it is reported. Not sanitised. */
  reason(rule: CompiledRule, occurrence: Occurrence, what: string, fire?: Fire): string;
}

/** The reducer of a kind that evaluates several events together. */
export interface WindowedKind {
  /** The longest time between the first and the last event of an alert (µs), both inclusive. */
  windowMicros(rule: CompiledRule): number;
  /** False if the rows cannot fire, whatever their times. */
  mayFire(rule: CompiledRule, rows: readonly Pick<Row, 'items' | 'used'>[]): boolean;
  /**
   * The fires that a new row completes, each including it, in order of time; an in-order row completes at most one.
   * Throws if it cannot be computed.
   * @param rows all rows of the group in order of time, including the new one
   */
  fires(rule: CompiledRule, rows: readonly Row[], added: Row): readonly Fire[];
}

/** Several events that raise one alert together. */
export interface Fire {
  /** In order of time; the last one completes the fire. At least one. */
  readonly rows: readonly Row[];
  /** The rows that are consumed once the fire is recorded. */
  readonly uses: readonly Row[];
  /** The counts of the rule, such as `count`. */
  readonly results: readonly FieldAndValue[];
  /** The rows that no earlier fire had, if fires consume nothing; absent: all of them. */
  readonly adds?: readonly Row[];
}
