import type { Store } from '../alerts/store.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { Detector, RuleFault } from '../detect/detector.ts';
import { silentTermOf } from '../detect/draft.ts';
import { endLearning, type LearningEnd } from '../detect/end-learning.ts';
import { type Lesson, type Taught, teachTerms } from '../detect/teach-terms.ts';
import { learningMicros } from '../detect/term-memory.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { HOUR, TERM_CAP } from '../rules/limits.ts';

/** Terms in one commit: some milliseconds of work. */
const TERMS_PER_COMMIT = 500;

/** What a rule has learned from old audit logs. */
export interface BackfilledRule extends Taught {
  readonly rule: CompiledRule;
  readonly learning: LearningEnd;
}

export interface Backfilled {
  /** Times of the first and the last event (µs); undefined without events. */
  readonly time: { readonly from: number; readonly to: number } | undefined;
  readonly rules: readonly BackfilledRule[];
  /** Failed evaluations of a rule: how many, and the first error. */
  readonly faults: number;
  readonly firstFault: RuleFault | undefined;
}

/** Teaches the new_terms rules of a cluster from its old audit logs. */
export interface Backfill {
  /** Adds events, in any order. */
  add(events: readonly DecodedEvent[]): void;
  /**
   * Writes the learned terms, and ends the learning time of rules whose history window the logs cover.
   * @param complete false if some logs could not be read; then no learning time ends
   * @param anyway true to end the learning time of all rules, whatever the logs cover
   */
  finish(complete: boolean, anyway?: boolean): Promise<Backfilled>;
}

/**
 * Old events only teach terms: they open no alerts, and do not count on alerts, in thresholds or in sequences. Learned
 * terms stay in memory until the end, so that the cost does not depend on the order of the events.
 * @param detector with rules of type new_terms only
 */
export function createBackfill(store: Store, cluster: string, detector: Detector): Backfill {
  const lessons = new Map<CompiledRule, Map<string, Lesson>>(detector.rules.map((rule) => [rule, new Map()]));
  let faults = 0;
  let firstFault: RuleFault | undefined;
  const hours = new Set<number>();
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;

  async function teach(rule: CompiledRule, of: ReadonlyMap<string, Lesson>): Promise<Taught> {
    const sum = { learned: 0, known: 0, outdated: 0, crowdedOut: 0 };
    for (const part of partsOf(of)) {
      const { reads, step } = teachTerms(rule, part, to);
      const taught = await store.update(cluster, reads, step);
      sum.learned += taught.learned;
      sum.known += taught.known;
      sum.outdated += taught.outdated;
      sum.crowdedOut += taught.crowdedOut;
    }
    return sum;
  }

  return {
    add(events) {
      for (const { at } of events) {
        from = Math.min(from, at);
        to = Math.max(to, at);
        hours.add(Math.floor(at / HOUR));
      }
      const detection = detector.detect(cluster, events);
      faults += detection.faults.length;
      firstFault ??= detection.faults[0];
      for (const decision of detection.decisions) {
        const { rule, occurrence, event } = decision;
        const of = lessons.get(rule);
        if (of === undefined || occurrence.term === undefined || decision.carriedOut === 'unknown') continue;
        const before = of.get(occurrence.term);
        const isFirst = before === undefined || event.at < before.first.at;
        of.set(occurrence.term, {
          last: Math.max(event.at, before?.last ?? event.at),
          first: isFirst ? silentTermOf(decision, 'backfill') : before.first,
        });
        if (of.size >= 2 * TERM_CAP) lessons.set(rule, newest(of));
      }
    },

    async finish(complete, anyway) {
      const rules: BackfilledRule[] = [];
      const time = from > to ? undefined : { from, to };
      for (const [rule, of] of lessons) {
        const taught = await teach(rule, of);
        rules.push({ rule, ...taught, learning: await endOf(rule) });
      }
      return { time, rules, faults, firstFault };

      async function endOf(rule: CompiledRule): Promise<LearningEnd> {
        if (learningMicros(rule) === 0 || time === undefined) return { kind: 'none' };
        if (!complete) return { kind: 'unread' };
        const { reads, step } = endLearning(rule, { ...time, longestSilence: longestSilence(hours) }, anyway);
        return store.update(cluster, reads, step);
      }
    },
  };
}

/** The newest terms, up to the limit of a rule. */
function newest(lessons: ReadonlyMap<string, Lesson>): Map<string, Lesson> {
  return new Map([...lessons].sort(([, a], [, b]) => b.last - a.last).slice(0, TERM_CAP));
}

function* partsOf(lessons: ReadonlyMap<string, Lesson>): Iterable<ReadonlyMap<string, Lesson>> {
  const entries = [...lessons];
  for (let start = 0; start < entries.length; start += TERMS_PER_COMMIT) {
    yield new Map(entries.slice(start, start + TERMS_PER_COMMIT));
  }
}

/** The longest time without events (µs) between the first and the last, in whole hours. */
function longestSilence(hours: ReadonlySet<number>): { readonly from: number; readonly to: number } {
  let longest = { from: 0, to: 0 };
  let last: number | undefined;
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const silence = { from: ((last ?? hour) + 1) * HOUR, to: hour * HOUR };
    if (silence.to - silence.from > longest.to - longest.from) longest = silence;
    last = hour;
  }
  return longest;
}
