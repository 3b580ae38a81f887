import type { CarriedOut } from '../audit/carried-out.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { CompiledRule, Occurrence, Overrides } from '../rules/compiled-rule.ts';

/**
 * An occurrence of a rule on an event, with every identity that the state protocol needs. Pure data, independent of the
 * past, and without secrets: all of it may be stored and shown.
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
  /** Unique within the rule: by request or, if events are judged together, by event and group. */
  readonly identity: string;
  /** The key in `done`: a request for each rule, and for each combination of a new_terms rule. Rows do not use it. */
  readonly doneKey: string;
  /** The hour bucket (hours since the epoch) of `doneKey`. */
  readonly hour: number;
  /** Groups repeats into one alert. */
  readonly suppressionKey: string;
  /** How long an alert that this opens takes repeats (µs). */
  readonly windowMicros: number;
  /** Values from the event that replace the rule's in a new alert. */
  readonly overrides?: Overrides;
}

/**
 * The outcome of a decision; each has exactly one. `held` and `late` are for events judged together: stored without
 * completing anything, and too old to be judged.
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
