import type { Store } from '../alerts/store.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { HOUR } from '../rules/limits.ts';
import type { ReadResult, StateRead } from '../rules/state.ts';
import { ruleFields, stateKeys } from '../rules/state-keys.ts';

/** What the state says about a rule on one cluster. */
export interface RuleFacts {
  readonly cluster: string;
  readonly matches: number;
  readonly alerts: number;
  /** Matches that joined an open alert. */
  readonly attached: number;
  readonly overflowed: number;
  /** Terms, or groups of events. */
  readonly termsHeld: number;
  /** When the last match was (µs). */
  readonly lastMatch: number | undefined;
  /** When it started to learn (µs); undefined if it has not, or does not learn. */
  readonly since: number | undefined;
  /** The latest event time of the cluster (µs); 0 before the first event. */
  readonly reached: number;
  /** Whether it has used up its budget of alerts for the last hour. */
  readonly isSpent: boolean;
}

/** The most rules in one read, which occupies the store for that time. */
const RULES_PER_READ = 50;
const { matches, alerts, attached, overflowed, lastMatch, since } = ruleFields;
const COUNTERS = [matches, alerts, attached, overflowed, lastMatch, since];

/**
 * Reads what the state says about these rules, in every cluster.
 *
 * @param now µs
 * @throws OperationalError if the store does not answer
 */
export async function readRuleFacts(
  store: Pick<Store, 'update'>,
  clusters: readonly string[],
  rules: readonly CompiledRule[],
  now: number,
): Promise<ReadonlyMap<CompiledRule, readonly RuleFacts[]>> {
  const facts = new Map<CompiledRule, RuleFacts[]>(rules.map((rule) => [rule, []]));
  for (const cluster of clusters) {
    for (let start = 0; start < rules.length; start += RULES_PER_READ) {
      const some = rules.slice(start, start + RULES_PER_READ);
      const reads = some.flatMap((rule) => readsOf(rule, now));
      const clock: StateRead = { kind: 'fields', key: stateKeys.cluster, fields: ['hwm'] };
      const [hwm, ...results] = await store.update(cluster, [clock, ...reads], (result) => ({
        kind: 'commit',
        writes: [],
        result,
      }));
      const reached = Number(fieldsOf(hwm)[0] ?? 0);
      for (const [index, rule] of some.entries()) {
        facts.get(rule)?.push(factsOf(cluster, rule, results.slice(index * 3, index * 3 + 3), reached));
      }
    }
  }
  return facts;
}

/** Three reads a rule. */
function readsOf({ document, kind, memoryKey }: CompiledRule, now: number): readonly [StateRead, StateRead, StateRead] {
  const held = kind.windowed === undefined ? stateKeys.terms(memoryKey) : stateKeys.groups(memoryKey);
  const limit = document.budget.alertsPerHour;
  return [
    { kind: 'fields', key: stateKeys.rule(memoryKey), fields: COUNTERS },
    { kind: 'size', key: held },
    { kind: 'newest', key: stateKeys.opensOf(document.name), above: now - HOUR, limit },
  ];
}

function factsOf(
  cluster: string,
  { document }: CompiledRule,
  [counted, held, opens]: readonly ReadResult[],
  reached: number,
): RuleFacts {
  const [matches, alerts, attached, overflowed, last, since] = fieldsOf(counted);
  return {
    cluster,
    matches: Number(matches ?? 0),
    alerts: Number(alerts ?? 0),
    attached: Number(attached ?? 0),
    overflowed: Number(overflowed ?? 0),
    termsHeld: held?.kind === 'size' ? held.size : 0,
    lastMatch: last === undefined ? undefined : Number(last),
    since: since === undefined ? undefined : Number(since),
    reached,
    isSpent: opens?.kind === 'newest' && opens.entries.length >= document.budget.alertsPerHour,
  };
}

function fieldsOf(result: ReadResult | undefined): readonly (string | undefined)[] {
  return result?.kind === 'fields' ? result.values : [];
}
