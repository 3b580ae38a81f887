import type { CompiledRule } from '../rules/compiled-rule.ts';
import { TERM_CAP } from '../rules/limits.ts';
import { parseSilentTerm, type SilentTerm } from '../rules/silent-term.ts';
import type { ReadResult, StateRead, Step } from '../rules/state.ts';
import { StateDraft } from '../rules/state-draft.ts';
import { stateKeys, writeRank } from '../rules/state-keys.ts';
import { memoryMicros, remember, rememberSilent } from './term-memory.ts';

/** What is to be known of a term from now on. */
export interface Lesson {
  /** The last sighting (µs). */
  readonly last: number;
  /** The first sighting, and what it was. */
  readonly first: SilentTerm;
  /** True if somebody has looked at the term: it is known, and not listed as learned in silence. */
  readonly approved?: true;
}

export interface Taught {
  /** Terms that were not known. */
  readonly learned: number;
  /** Terms that were. */
  readonly known: number;
  /** Terms that were last seen too long ago to be of use. */
  readonly outdated: number;
  /** Terms for which the rule has no room beside newer ones. */
  readonly crowdedOut: number;
}

/**
 * Teaches terms to a rule without an alert, as one step of the store. It may be done again: what is known stays as it
 * is, but that sightings before the first and after the last count.
 * @param lessons by term
 * @param reached the latest time that the source of the lessons has reached (µs); 0 if it says nothing about that
 */
export function teachTerms(rule: CompiledRule, lessons: ReadonlyMap<string, Lesson>, reached: number) {
  const termsKey = stateKeys.terms(rule.memoryKey);
  const silentKey = stateKeys.silent(rule.memoryKey);
  const terms = [...lessons.keys()];
  const reads: readonly StateRead[] = [
    { kind: 'fields', key: stateKeys.cluster, fields: ['hwm'] },
    { kind: 'scores', key: termsKey, members: terms },
    { kind: 'size', key: termsKey },
    { kind: 'fields', key: silentKey, fields: terms },
  ];

  function step(results: readonly ReadResult[]): Step<Taught> {
    const draft = new StateDraft();
    draft.load(reads, results.slice(0, reads.length));
    const known = terms.filter((term) => draft.score(termsKey, term) !== undefined).length;
    const over = draft.size(termsKey) + terms.length - known - TERM_CAP;
    // Some of the oldest may be among the lessons, and are then not the oldest any more.
    const more: StateRead[] = over > 0 ? [{ kind: 'oldest', key: termsKey, limit: over + known }] : [];
    if (more.length > 0 && results.length === reads.length) return { kind: 'need', reads: more };
    draft.load(more, results.slice(reads.length));

    const present = Math.max(reached, Number(draft.field(stateKeys.cluster, 'hwm') ?? 0));
    const counts = { learned: 0, known: 0, outdated: 0, crowdedOut: 0 };
    // The newest first, so that where there is no room it is the oldest that find none.
    for (const [term, lesson] of [...lessons].sort(([, a], [, b]) => b.last - a.last)) {
      counts[teachOne(draft, term, lesson, present - memoryMicros(rule))] += 1;
    }
    return { kind: 'commit', writes: draft.writes(writeRank), result: counts };
  }

  function teachOne(draft: StateDraft, term: string, { last, first, approved }: Lesson, since: number): keyof Taught {
    if (last < since) return 'outdated';
    const before = draft.field(silentKey, term);
    if (draft.score(termsKey, term) !== undefined) {
      remember(draft, rule, term, last);
      if (before !== undefined && approved) draft.removeField(silentKey, term);
      else if (before !== undefined && first.at < parseSilentTerm(before).at) rememberSilent(draft, rule, term, first);
      return 'known';
    }
    const isFull = draft.size(termsKey) >= TERM_CAP;
    if (isFull && last <= oldest(draft, termsKey)) return 'crowdedOut';
    remember(draft, rule, term, last);
    if (!approved) rememberSilent(draft, rule, term, first);
    else if (before !== undefined) draft.removeField(silentKey, term);
    return 'learned';
  }

  return { reads, step };
}

/** The last sighting of the term that would go next (µs). */
function oldest(draft: StateDraft, key: string): number {
  const next = draft.entries(key, 'oldest').find(({ member, score }) => draft.score(key, member) === score);
  return next?.score ?? Number.POSITIVE_INFINITY;
}
