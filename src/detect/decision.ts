import type { CarriedOut } from '../audit/carried-out.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { CompiledRule, Occurrence, Overrides } from '../rules/compiled-rule.ts';

/**
 * An occurrence of a rule on an event, with every identity that the state protocol needs. Pure data, no past in it, and
 * no secret: all of it may be kept and shown.
 */
export interface Decision {
  readonly rule: CompiledRule;
  /** Redacted. */
  readonly event: DecodedEvent;
  readonly occurrence: Occurrence;
  /** Whether the request was carried out, as far as the event tells. What is `unknown` alerts as if it was, and teaches nothing. */
  readonly carriedOut: CarriedOut;
  /** Names the request behind the event, whatever the stage. */
  readonly requestKey: string;
  /** Tells the occurrence from all others of its rule: by its request, or, where events are judged together, its event and group. */
  readonly identity: string;
  /** What is remembered as counted: a request for each rule, and for each combination of a new_terms rule. Of no use to a row. */
  readonly doneKey: string;
  /** The hour bucket (hours since the epoch) of `doneKey`. */
  readonly hour: number;
  /** Groups repeats into one alert. */
  readonly suppressionKey: string;
  /** How long an alert that this opens takes repeats (µs). */
  readonly windowMicros: number;
  /** What the event says about an alert that it opens, in place of the rule. */
  readonly overrides?: Overrides;
}

/**
 * What became of a decision. Every decision ends as exactly one of these. `held` and `late` are those of rows: kept, and
 * no fire; and too old to be judged.
 */
export type Outcome = 'duplicate' | 'attached' | 'opened' | 'overflow' | 'learning' | 'known' | 'held' | 'late';

export const OUTCOMES: readonly Outcome[] = [
  'duplicate',
  'attached',
  'opened',
  'overflow',
  'learning',
  'known',
  'held',
  'late',
];
