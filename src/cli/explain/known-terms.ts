import { parseTimestamp } from '../../audit/timestamp.ts';
import { type KnownTerm, reviewTerms } from '../../detect/review-terms.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import { rememberedTerm } from '../../rules/kinds/new-terms.ts';
import { openState } from '../../state/open-state.ts';
import type { StateOptions } from '../../state/options.ts';
import { OperationalError } from '../../telemetry/operational-error.ts';
import type { AlertObject } from '../alerts/alert-object.ts';
import { type Nearness, nearestTerms } from './nearest-terms.ts';

/** The terms that an alert's rule knows. Times are microseconds since the epoch. */
export type KnownTerms =
  | {
      readonly kind: 'known';
      /** The number of known terms, including the alert's. */
      readonly count: number;
      /** Of these, the number provably seen before the alert opened. */
      readonly before: number;
      readonly nearest: readonly (KnownTerm & Nearness)[];
      /** The end of the rule's learning time. */
      readonly learningUntil?: number;
    }
  /** Why the state was not read. */
  | { readonly kind: 'unknown'; readonly why: string };

const MOST_NEAR = 3;

/** Reads the rule's terms from the state without changing it. @throws Error if the cause is not the state */
export async function knownTerms(alert: AlertObject, rule: CompiledRule, options: StateOptions): Promise<KnownTerms> {
  try {
    const state = await openState(options, { update() {}, conflict() {} });
    try {
      const { reads, step } = reviewTerms(rule, sha256Hashes);
      const { terms, learningUntil } = await state.update(alert.spec.cluster, reads, step);
      const canonical = canonicalValues(alert, rule);
      const own = rememberedTerm(
        canonical.map((value) => ({ value })),
        sha256Hashes,
      );
      const others = terms.filter(({ term }) => term !== own);
      const opened = parseTimestamp(alert.spec.request.time ?? '') ?? 0;
      return {
        kind: 'known',
        count: terms.length,
        before: others.filter((term) => firstSeen(term) < opened).length,
        nearest: nearestTerms(canonical, others, MOST_NEAR),
        ...(learningUntil !== undefined && { learningUntil }),
      };
    } finally {
      await state.close();
    }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return { kind: 'unknown', why: error.message };
  }
}

/** The earliest sighting in the state. */
function firstSeen({ last, silent, alert }: KnownTerm): number {
  return Math.min(last, silent?.at ?? last, alert?.firstSeen ?? last);
}

function canonicalValues({ spec }: AlertObject, { termFields }: CompiledRule): readonly string[] {
  return (spec.newTerms ?? []).map(({ field, value }) => {
    const canonicalise = termFields.find(({ name }) => name === field)?.canonicalise;
    return canonicalise === undefined ? value : canonicalise(value);
  });
}
