import type { CompiledRule } from '../rules/compiled-rule.ts';
import { LATENESS, TERM_CAP } from '../rules/limits.ts';
import { formatSilentTerm, type SilentTerm } from '../rules/silent-term.ts';
import type { StateDraft } from '../rules/state-draft.ts';
import { ruleFields, stateKeys } from '../rules/state-keys.ts';

/** The learning time of a rule from its first run on a cluster (µs); 0 if it has none. */
export function learningMicros({ document }: CompiledRule): number {
  return document.newTerms?.learningMicros ?? 0;
}

/** How long a term stays useful: its window, and the lateness of events (µs). */
export function memoryMicros({ document }: CompiledRule): number {
  return (document.newTerms?.windowMicros ?? 0) + LATENESS;
}

/**
 * Records a sighting of a term. Beyond the limit it drops the oldest sightings, as far as they are loaded.
 * @param at when (µs)
 */
export function remember(draft: StateDraft, rule: CompiledRule, term: string, at: number): void {
  const key = stateKeys.terms(rule.memoryKey);
  draft.raise(key, term, at, memoryMicros(rule) / 1_000);
  if (draft.size(key) <= TERM_CAP) return;
  for (const { member, score } of draft.entries(key, 'oldest')) {
    if (draft.size(key) <= TERM_CAP) return;
    if (draft.score(key, member) !== score) continue;
    draft.remove(key, member);
    draft.removeField(stateKeys.silent(rule.memoryKey), member);
    draft.count(stateKeys.rule(rule.memoryKey), ruleFields.evicted, 1);
  }
}

/** Records a term as known without an alert, for review. */
export function rememberSilent(draft: StateDraft, rule: CompiledRule, term: string, taught: SilentTerm): void {
  draft.setField(stateKeys.silent(rule.memoryKey), term, formatSilentTerm(taught), memoryMicros(rule) / 1_000);
}
