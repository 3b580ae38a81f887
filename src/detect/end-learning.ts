import type { CompiledRule } from '../rules/compiled-rule.ts';
import { DAY } from '../rules/limits.ts';
import type { ReadResult, StateRead, Step } from '../rules/state.ts';
import { ruleFields, stateKeys } from '../rules/state-keys.ts';
import { learningMicros } from './term-memory.ts';

/** The time that audit logs cover (µs). */
export interface LoggedTime {
  readonly from: number;
  readonly to: number;
  /** The longest time between two events. */
  readonly longestSilence: { readonly from: number; readonly to: number };
}

/** The effect of old audit logs on a rule's learning time, and the reason. */
export type LearningEnd =
  /** The rule has no learning time. */
  | { readonly kind: 'none' }
  | { readonly kind: 'over' }
  | { readonly kind: 'ended' }
  /** Some of the logs could not be read. */
  | { readonly kind: 'unread' }
  /** They do not cover the history window: they begin this much (µs) too late. */
  | { readonly kind: 'begins-late'; readonly missing: number }
  /** They have a gap. */
  | { readonly kind: 'hole'; readonly from: number; readonly to: number }
  /** They end before the rule started to run, so nobody has seen the time between. */
  | { readonly kind: 'ends-early'; readonly to: number; readonly since: number };

/**
 * Ends the learning time of a rule if the logs cover its whole history window, as one step of the store. The rule then
 * counts as running since the logs begin. A gap of a day, or of half the window if that is shorter, means they do not
 * cover it.
 * @param anyway ends it whatever they cover
 */
export function endLearning(rule: CompiledRule, { from, to, longestSilence }: LoggedTime, anyway = false) {
  const key = stateKeys.rule(rule.memoryKey);
  const window = rule.document.newTerms?.windowMicros ?? 0;
  const learning = learningMicros(rule);
  const reads: readonly StateRead[] = [
    { kind: 'fields', key: stateKeys.cluster, fields: ['hwm'] },
    { kind: 'fields', key, fields: [ruleFields.since] },
  ];

  function judge(hwm: number, since: number | undefined): LearningEnd {
    const present = Math.max(to, hwm);
    if (learning === 0) return { kind: 'none' };
    if (since !== undefined && present >= since + learning) return { kind: 'over' };
    if (anyway) return { kind: 'ended' };
    if (from > present - window) return { kind: 'begins-late', missing: from - (present - window) };
    if (longestSilence.to - longestSilence.from > Math.min(DAY, window / 2)) return { kind: 'hole', ...longestSilence };
    if (since !== undefined && to < since) return { kind: 'ends-early', to, since };
    return { kind: 'ended' };
  }

  function step([cluster, rules]: readonly ReadResult[]): Step<LearningEnd> {
    const hwm = Number((cluster?.kind === 'fields' ? cluster.values[0] : undefined) ?? 0);
    const since = rules?.kind === 'fields' ? rules.values[0] : undefined;
    const result = judge(hwm, since === undefined ? undefined : Number(since));
    if (result.kind !== 'ended') return { kind: 'commit', writes: [], result };
    const began = String(Math.min(from, Math.max(to, hwm) - learning));
    return {
      kind: 'commit',
      writes: [{ kind: 'setFields', key, mode: 'set', fields: { [ruleFields.since]: began } }],
      result,
    };
  }

  return { reads, step };
}
