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
   * What the query selects, before exceptions: what the rule index reads. Of a sequence: what any of its items does. Of
   * a pipeline: what every event is that gets through, so that others may be too.
   */
  readonly predicate: Predicate;
  /**
   * True if the query selects the event and no exception does that is in force at the event's time.
   *
   * @param cluster where the event comes from; without it exceptions that are for certain clusters are for another one
   * @param onExcepted told which exception it is that keeps a selected event out: the first of several
   */
  readonly matches: (
    event: DecodedEvent,
    memo: FieldMemo,
    cluster?: string,
    onExcepted?: (exception: ExceptionDocument, event: DecodedEvent) => void,
  ) => boolean;
  /** The fields whose values make the term, or the group; empty for a rule that has none. */
  readonly termFields: readonly TermField[];
  /** The fields whose values each row keeps: those that a threshold counts the values of, those that a sequence is suppressed by. */
  readonly rowFields: readonly SlottedField[];
  /** Only of a sequence. */
  readonly sequence?: CompiledSequence;
  /** Only of a query in ES|QL. */
  readonly pipeline?: CompiledPipeline;
  /** The fields that group repeats into one alert; undefined: the default of the rule's kind. */
  readonly suppressBy: readonly SlottedField[] | undefined;
  /** What an event says about its alert in place of the rule. Undefined for a rule that lets none. */
  readonly overrides: ReadOverrides | undefined;
  /** What happened, in the words of the rule; absent: in those of every rule. */
  readonly says?: ReasonTemplate;
  /** Names the rule's memory: the hash of its name, type, key fields and window. Other edits keep what was learned. */
  readonly memoryKey: string;
  /** The suppression key of its overflow alert. */
  readonly overflowKey: string;
}

/** A field, and the number under which a memo of the rule set reads it. */
export interface SlottedField {
  readonly name: string;
  readonly slot: number;
}

export interface TermField extends SlottedField {
  /** Of a new_terms rule that names a form for the field. */
  readonly canonicalise?: Canonicalise;
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

export interface CompiledSequence {
  /** The items as they are written; then, if there is one, that of `until`. A row names them by their place here. */
  readonly items: readonly SequenceItem[];
  /** The item of each event in turn: an item with runs is there as often as it has to match. */
  readonly steps: readonly number[];
  /** The place of `until` among the items. */
  readonly until: number | undefined;
  /** The longest time between the first event and the last (µs). */
  readonly spanMicros: number;
}

/** A query in ES|QL on one event after another. It remembers what came of the last event, because several ask. */
export type CompiledPipeline =
  /** Each event by itself: nothing of it is held. */
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
    /** The fields that it looks into. */
    readonly reads: readonly Field[];
  };

export interface SequenceItem {
  /** What an event must be to be this item, the fields that it is joined by included. */
  readonly predicate: Predicate;
  readonly matches: (memo: FieldMemo) => boolean;
  /** Events of one sequence agree in the values of these, field by field. */
  readonly by: readonly (SlottedField & { readonly optional: boolean })[];
}

/** One thing that a matching event means to a rule; a new_terms event with arrays has one for each combination of values. */
export interface Occurrence {
  /**
   * The values that make the term, in the order of the rule's fields; of a rule that judges several events together,
   * the group; of a pipeline without groups, what its columns say.
   */
  readonly terms: readonly Term[];
  /**
   * The term as it is remembered: the JSON array text of the canonical values, hashed where that is long. Undefined for
   * a rule without terms.
   */
  readonly term: string | undefined;
  /**
   * The values of the rule's suppression fields that the occurrence stands for, null where there is none; where not
   * given, those of the event.
   */
  readonly suppressedBy?: readonly (string | null)[];
  /** What the event adds to its group; only of a rule that judges several events together. */
  readonly row?: NewRow;
  /** Above 0: not a combination of its own, but how many were cut off beyond the cap. */
  readonly cut: number;
}

export interface FieldAndValue {
  readonly field: string;
  readonly value: string;
}

export interface Term extends FieldAndValue {
  /** The form in which the value is remembered, where the rule names one for the field. */
  readonly canonical?: string;
}

/** What a reducer may know of the past. */
export interface Memory {
  /** When the term was last seen (µs), if it is remembered. */
  lastSighting(memoryKey: string, term: string): number | undefined;
}

/** One rule type: what an event means to it, and when that fires. All pure. */
export interface RuleKind {
  readonly type: RuleDocument['type'];
  /** Empty if the event, though the query selects it, means nothing to the rule. */
  occurrences(rule: CompiledRule, memo: FieldMemo, hashes: Hashes, event: DecodedEvent): readonly Occurrence[];
  /** How the events of a group are judged together; undefined for a rule that judges each by itself. */
  readonly windowed?: WindowedKind;
  /** The reducer: whether an occurrence at `at` (µs) is worth an alert, given what is remembered. Not of a windowed kind. */
  fires(rule: CompiledRule, occurrence: Occurrence, at: number, memory: Memory): boolean;
  /** What groups repeats into one alert where the rule does not say: an unambiguous text. */
  suppressionKey(occurrence: Occurrence, event: DecodedEvent): string;
  /** How long an alert takes repeats where the rule does not say (µs). */
  suppressionWindow(document: RuleDocument): number;
  /** One sentence for the alert: what happened, and why it is one. Not sanitised. */
  reason(rule: CompiledRule, occurrence: Occurrence, what: string, fire?: Fire): string;
}

/** The reducer of a kind that judges several events together. */
export interface WindowedKind {
  /** The longest time between the first and the last event of an alert (µs); both ends belong to it. */
  windowMicros(rule: CompiledRule): number;
  /** False if the rows cannot make a fire, whatever their times. */
  mayFire(rule: CompiledRule, rows: readonly Pick<Row, 'items' | 'used'>[]): boolean;
  /**
   * The fires that a new row makes, each of them with it, in the order of time; one that comes in order makes at most
   * one. Throws if it cannot tell.
   * @param rows all rows held of the group, in the order of time, the new one among them
   */
  fires(rule: CompiledRule, rows: readonly Row[], added: Row): readonly Fire[];
}

/** Several events that are worth an alert together. */
export interface Fire {
  /** In the order of time; the last one completes it. At least one. */
  readonly rows: readonly Row[];
  /** The rows that are used once the fire is recorded. */
  readonly uses: readonly Row[];
  /** What the rule has counted, such as `count`. */
  readonly results: readonly FieldAndValue[];
  /** Those that no earlier fire had, where a fire uses up nothing; absent: all of them. */
  readonly adds?: readonly Row[];
}
