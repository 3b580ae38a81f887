import fc from 'fast-check';
import type { Store } from '../../src/alerts/store.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { approveTerms, forgetTerms, type RuleTerms, reviewTerms } from '../../src/detect/review-terms.ts';
import { createBackfill } from '../../src/ingest/backfill.ts';
import type { Evaluator } from '../../src/ingest/create-evaluator.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { HOUR, LATENESS, MINUTE } from '../../src/rules/limits.ts';
import { anonymousRequest, NOON } from './events.ts';
import { compiledRule, detectorOf, ruleDocument } from './rules.ts';

const WINDOW = 2 * HOUR;

/** Learns for longer than any stream lasts that does not come to its end. */
export const LEARNER = ruleDocument({
  name: 'learner',
  severity: 'high',
  budget: { alertsPerHour: 10_000 },
  query: 'event.action: list',
  newTerms: { windowMicros: WINDOW, learningMicros: HOUR, normalize: { 'user_agent.original': 'product' } },
});

const PRODUCTS = ['curl', 'kubectl', 'masscan'];

interface Seen {
  readonly gap: number;
  readonly product: string;
  readonly version: number;
  /** The answer is an error that tells nothing of what was done. */
  readonly unknown: boolean;
}

type Action =
  | ({ readonly kind: 'live' } & Seen)
  | ({ readonly kind: 'backfill' } & Seen)
  | { readonly kind: 'approve'; readonly product: string }
  | { readonly kind: 'forget'; readonly product: string };

const product = fc.constantFrom(...PRODUCTS);
const seen = {
  gap: fc.constantFrom(1, MINUTE, 20 * MINUTE, HOUR, WINDOW - MINUTE, WINDOW + 1),
  product,
  version: fc.integer({ min: 1, max: 9 }),
  unknown: fc.constantFrom(false, false, false, true),
};
const live = fc.record({ kind: fc.constant('live' as const), ...seen });
const backfilled = fc.record({ kind: fc.constant('backfill' as const), ...seen });
const approved = fc.record({ kind: fc.constant('approve' as const), product });
const forgotten = fc.record({ kind: fc.constant('forget' as const), product });

/** What happens to a rule's memory, one after another; time only goes on. */
export const histories: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: live }, { weight: 2, arbitrary: backfilled }, approved, forgotten),
  { minLength: 1, maxLength: 25, size: 'max' },
);

interface Known {
  last: number;
  /** When it was first seen, while it is on the list of what was learned without an alert. */
  silentSince: number | undefined;
}

/** What a rule knows at the end and what it alerted on, as the documentation has it, naively. */
export function expectedLearning(history: readonly Action[]) {
  const known = new Map<string, Known>();
  const alerts: string[] = [];
  let at = NOON;
  const open = new Map<string, number>();
  let since: number | undefined;
  for (const action of history) {
    if (action.kind === 'approve') {
      const term = known.get(action.product);
      if (term !== undefined) term.silentSince = undefined;
      continue;
    }
    if (action.kind === 'forget') {
      known.delete(action.product);
      continue;
    }
    at += action.gap;
    const before = known.get(action.product);
    if (action.kind === 'backfill') {
      if (action.unknown) continue;
      if (before === undefined) known.set(action.product, { last: at, silentSince: at });
      else before.last = at;
      continue;
    }
    since ??= at;
    const joins = at < (open.get(action.product) ?? Number.NEGATIVE_INFINITY) + WINDOW;
    const isNew = !joins && (before === undefined || before.last < at - WINDOW);
    const learns = at < since + HOUR && !action.unknown;
    if (isNew && !learns) {
      alerts.push(`${action.product} at ${at - NOON}`);
      open.set(action.product, at);
    }
    if (!action.unknown)
      known.set(action.product, { last: at, silentSince: isNew ? (learns ? at : undefined) : before?.silentSince });
    for (const [name, { last }] of known) if (last < at - WINDOW - LATENESS) known.delete(name);
  }
  return { known: linesOf([...known].map(([name, { last, silentSince }]) => [name, last, silentSince])), alerts };
}

/** What the store makes of the same, alerts by what it says that it opened. */
export async function actualLearning(
  store: Store,
  cluster: string,
  evaluate: Evaluator,
  history: readonly Action[],
): Promise<RuleTerms> {
  const { rule } = compiledRule(LEARNER);
  let at = NOON;
  for (const [i, action] of history.entries()) {
    if (action.kind === 'approve' || action.kind === 'forget') {
      const change = action.kind === 'approve' ? approveTerms : forgetTerms;
      const { reads, step } = change(rule, [JSON.stringify([action.product])]);
      await store.update(cluster, reads, step);
      continue;
    }
    at += action.gap;
    const userAgent = `${action.product}/${action.version}.0 (linux/amd64)`;
    const panic = { stage: 'Panic', responseStatus: { code: 500 } };
    const event: DecodedEvent = anonymousRequest({
      at,
      userAgent,
      id: `request-${i}`,
      event: action.unknown ? panic : {},
    });
    if (action.kind === 'live') await evaluate(cluster, [event]);
    else {
      // A second time it changes nothing.
      for (let again = 0; again < 2; again++) {
        const backfill = createBackfill(store, cluster, detectorOf(LEARNER));
        backfill.add([event]);
        await backfill.finish(true);
      }
    }
  }
  const { reads, step } = reviewTerms(rule, sha256Hashes);
  return store.update(cluster, reads, step);
}

/** In the words of the reference. */
export function knownIn({ terms }: RuleTerms): readonly string[] {
  return linesOf(terms.map(({ term, last, silent }) => [String(JSON.parse(term)), last, silent?.at]));
}

function linesOf(terms: readonly (readonly [string, number, number | undefined])[]): readonly string[] {
  return terms
    .map(([name, last, silent]) => {
      const how = silent === undefined ? 'approved or alerted' : `silent since ${silent - NOON}`;
      return `${name}, last at ${last - NOON}, ${how}`;
    })
    .sort();
}
