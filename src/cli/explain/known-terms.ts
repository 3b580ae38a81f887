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

/** What the rule of an alert knows, beside what was new. Times are integer microseconds since the epoch. */
export type KnownTerms =
  | {
      readonly kind: 'known';
      /** How many terms it knows, that of the alert among them. */
      readonly count: number;
      /** How many of them are known to have been seen before the alert was opened. */
      readonly before: number;
      readonly nearest: readonly (KnownTerm & Nearness)[];
      /** When the learning time of the rule ended, or ends. */
      readonly learningUntil?: number;
    }
  /** Why it was not looked at, in words. */
  | { readonly kind: 'unknown'; readonly why: string };

const MOST_NEAR = 3;

/** Reads what the rule knows from the state, and changes nothing there. @throws Error for what is no fault of the state */
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

/** The earliest time of which the state tells. */
function firstSeen({ last, silent, alert }: KnownTerm): number {
  return Math.min(last, silent?.at ?? last, alert?.firstSeen ?? last);
}

function canonicalValues({ spec }: AlertObject, { termFields }: CompiledRule): readonly string[] {
  return (spec.newTerms ?? []).map(({ field, value }) => {
    const canonicalise = termFields.find(({ name }) => name === field)?.canonicalise;
    return canonicalise === undefined ? value : canonicalise(value);
  });
}
