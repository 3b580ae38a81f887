import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';
import { TERM_CAP } from '../rules/limits.ts';
import { parseSilentTerm, type SilentTerm } from '../rules/silent-term.ts';
import type { ReadResult, StateRead, StateWrite, Step } from '../rules/state.ts';
import { ruleFields, stateKeys } from '../rules/state-keys.ts';
import { termSuppressionKey } from './suppression.ts';
import { learningMicros } from './term-memory.ts';

/** A term that a rule knows. */
export interface KnownTerm {
  /** As stored: the JSON array text of its values, or `#` and a hash. */
  readonly term: string;
  /** The last sighting (µs). */
  readonly last: number;
  /** The first sighting of a term that was learned without an alert and not reviewed since. */
  readonly silent?: SilentTerm;
  /** The alert about it, while that takes repeats. */
  readonly alert?: { readonly id: string; readonly firstSeen: number };
}

/** What a new_terms rule knows on a cluster. */
export interface RuleTerms {
  /** In order of their last sighting. */
  readonly terms: readonly KnownTerm[];
  /** When the rule first ran there (µs); undefined if it does not learn or has not run. */
  readonly since: number | undefined;
  /** When its learning time ends, or ended (µs). */
  readonly learningUntil: number | undefined;
  /** How many terms were dropped for newer ones. */
  readonly evicted: number;
}

/** Reads everything that a rule knows, as one step without writes. */
export function reviewTerms(rule: CompiledRule, hashes: Hashes) {
  const reads: readonly StateRead[] = [
    { kind: 'oldest', key: stateKeys.terms(rule.memoryKey), limit: TERM_CAP },
    { kind: 'hash', key: stateKeys.silent(rule.memoryKey) },
    { kind: 'fields', key: stateKeys.rule(rule.memoryKey), fields: [ruleFields.since, ruleFields.evicted] },
  ];

  function step(results: readonly ReadResult[]): Step<RuleTerms> {
    const [terms, silent, counters, live, ...states] = results;
    const entries = terms?.kind === 'oldest' ? terms.entries : [];
    const silently = new Map(silent?.kind === 'hash' ? silent.entries : []);
    const alerting = entries.filter(({ member }) => !silently.has(member)).map(({ member }) => member);
    const keys = alerting.map((term) => termSuppressionKey(rule, term, hashes) ?? '');
    if (live === undefined) {
      return { kind: 'need', reads: [{ kind: 'fields', key: stateKeys.live, fields: keys }] };
    }
    const ids = live.kind === 'fields' ? live.values : [];
    const named = alerting.flatMap((term, i) => (ids[i] === undefined ? [] : [{ term, id: ids[i] }]));
    if (states.length < named.length) {
      const records = named.map(({ id }) => ({ kind: 'fields', key: stateKeys.alert(id), fields: ['state'] }) as const);
      return { kind: 'need', reads: records };
    }
    const alerts = new Map(
      named.flatMap(({ term, id }, i) => {
        const firstSeen = firstSeenOf(states[i]);
        return firstSeen === undefined ? [] : [[term, { id, firstSeen }] as const];
      }),
    );
    const [since, evicted] = counters?.kind === 'fields' ? counters.values : [];
    const learning = learningMicros(rule);
    const result: RuleTerms = {
      terms: entries.map(({ member: term, score: last }) => {
        const text = silently.get(term);
        const alert = alerts.get(term);
        return { term, last, ...(text !== undefined && { silent: parseSilentTerm(text) }), ...(alert && { alert }) };
      }),
      since: since === undefined ? undefined : Number(since),
      learningUntil: since === undefined || learning === 0 ? undefined : Number(since) + learning,
      evicted: Number(evicted ?? 0),
    };
    return { kind: 'commit', writes: [], result };
  }

  return { reads, step };
}

/** The given terms that the rule knows, and those of them that were learned without an alert. */
export interface FoundTerms {
  readonly known: readonly string[];
  readonly silent: readonly string[];
}

/** Marks terms that were learned without an alert as reviewed. They stay known. */
export function approveTerms(rule: CompiledRule, terms: readonly string[]) {
  return change(rule, terms, ({ silent }) =>
    silent.length === 0 ? [] : [{ kind: 'removeFields', key: stateKeys.silent(rule.memoryKey), fields: silent }],
  );
}

/** Forgets the terms: the next sighting of each is new. */
export function forgetTerms(rule: CompiledRule, terms: readonly string[]) {
  return change(rule, terms, ({ known }) =>
    known.length === 0
      ? []
      : [
          { kind: 'removeScores', key: stateKeys.terms(rule.memoryKey), members: known },
          { kind: 'removeFields', key: stateKeys.silent(rule.memoryKey), fields: known },
        ],
  );
}

function change(rule: CompiledRule, terms: readonly string[], writesFor: (found: FoundTerms) => readonly StateWrite[]) {
  const reads: readonly StateRead[] = [
    { kind: 'scores', key: stateKeys.terms(rule.memoryKey), members: terms },
    { kind: 'fields', key: stateKeys.silent(rule.memoryKey), fields: terms },
  ];
  return {
    reads,
    step([scores, fields]: readonly ReadResult[]): Step<FoundTerms> {
      const known = terms.filter((_, i) => scores?.kind === 'scores' && scores.scores[i] !== undefined);
      const silent = terms.filter((_, i) => fields?.kind === 'fields' && fields.values[i] !== undefined);
      return { kind: 'commit', writes: writesFor({ known, silent }), result: { known, silent } };
    },
  };
}

function firstSeenOf(result: ReadResult | undefined): number | undefined {
  const text = result?.kind === 'fields' ? result.values[0] : undefined;
  if (text === undefined) return undefined;
  const { firstSeen, phase } = JSON.parse(text) as { readonly firstSeen: number; readonly phase: string };
  return phase === 'Closed' ? undefined : firstSeen;
}
