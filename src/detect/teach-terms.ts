import type { CompiledRule } from '../rules/compiled-rule.ts';
import { TERM_CAP } from '../rules/limits.ts';
import { parseSilentTerm, type SilentTerm } from '../rules/silent-term.ts';
import type { ReadResult, StateRead, Step } from '../rules/state.ts';
import { StateDraft } from '../rules/state-draft.ts';
import { stateKeys, writeRank } from '../rules/state-keys.ts';
import { memoryMicros, remember, rememberSilent } from './term-memory.ts';

/** What to store about a term. */
export interface Lesson {
  /** The last sighting (µs). */
  readonly last: number;
  /** The first sighting. */
  readonly first: SilentTerm;
  /** True if somebody has reviewed the term: it is known, and not listed as learned without an alert. */
  readonly approved?: true;
}

export interface Taught {
  /** Terms that were new. */
  readonly learned: number;
  /** Terms that were known. */
  readonly known: number;
  /** Terms whose last sighting is too old. */
  readonly outdated: number;
  /** Terms for which the rule has no room beside newer ones. */
  readonly crowdedOut: number;
}

/**
 * Teaches terms to a rule without an alert, as one step of the store. It can be repeated: known terms only get an
 * earlier first or a later last sighting.
 * @param lessons by term
 * @param reached the latest time that the source of the lessons covers (µs); 0 if unknown
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
    // Some of the oldest may be among the lessons and are then no longer the oldest.
    const more: StateRead[] = over > 0 ? [{ kind: 'oldest', key: termsKey, limit: over + known }] : [];
    if (more.length > 0 && results.length === reads.length) return { kind: 'need', reads: more };
    draft.load(more, results.slice(reads.length));

    const present = Math.max(reached, Number(draft.field(stateKeys.cluster, 'hwm') ?? 0));
    const counts = { learned: 0, known: 0, outdated: 0, crowdedOut: 0 };
    // The newest first, so that only the oldest find no room.
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

/** The last sighting of the term that would be dropped next (µs). */
function oldest(draft: StateDraft, key: string): number {
  const next = draft.entries(key, 'oldest').find(({ member, score }) => draft.score(key, member) === score);
  return next?.score ?? Number.POSITIVE_INFINITY;
}
