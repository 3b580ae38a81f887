import { readAlerts } from '../../src/alerts/records.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { settle } from '../../src/detect/settle.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import type { CompiledRules } from '../../src/rulefiles/compile-loaded.ts';
import type { CompiledRule } from '../../src/rules/compiled-rule.ts';
import { openSqliteState } from '../../src/state/sqlite/sqlite-state.ts';

/** What a rule did on the events; events are named by their audit IDs. */
export interface RuleOutcome {
  /** The events that its query selects; of a sequence: those of the sequences that it finds; with STATS: those of the groups that fire. */
  readonly matches: Set<string>;
  /** The events at which it raised an alert, in order. */
  readonly fires: string[];
  /** Of each alert, in the order of `fires`: the events in its evidence. */
  readonly evidence: (readonly string[])[];
  readonly faults: string[];
}

const CLUSTER = 'conformance';

/**
 * Feeds the events one by one, in order, to all rules at once, through the real reducers and a store in memory that is
 * empty at first. What comes after a fire is switched off, so that each fire opens an alert: suppression, budgets, learning.
 */
export async function runRules(
  { ready, slots }: CompiledRules,
  events: readonly DecodedEvent[],
): Promise<ReadonlyMap<string, RuleOutcome>> {
  const idOf = new Map(ready.map(({ rule: { document } }) => [document.name, document.id ?? document.name]));
  const outcomes = new Map<string, RuleOutcome>();
  const outcomeOf = (rule: string): RuleOutcome => {
    const id = idOf.get(rule) ?? rule;
    const outcome = outcomes.get(id) ?? { matches: new Set(), fires: [], evidence: [], faults: [] };
    outcomes.set(id, outcome);
    return outcome;
  };
  for (const { rule } of ready) outcomeOf(rule.document.name);

  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const detector = createDetector(
    ready.map(({ rule }) => unrestrained(rule)),
    slots,
    sha256Hashes,
  );
  let hwm = 0;
  // An alert keeps audit IDs of the length that API servers allow; those of a kit may be longer.
  const auditIDs = new Map<string, string>();
  try {
    for (const event of events) {
      const auditID = event.event.auditID ?? '';
      hwm = Math.max(hwm, event.at);
      const { decisions, faults, matches } = detector.detect(CLUSTER, [event]);
      for (const { rule, error } of faults) outcomeOf(rule).faults.push(`${auditID}: ${String(error)}`);
      for (const { document, pipeline } of matches.keys()) {
        if (pipeline?.kind !== 'groups') outcomeOf(document.name).matches.add(auditID);
      }
      if (decisions.length === 0) continue;
      for (const { requestKey } of decisions) auditIDs.set(requestKey, auditID);
      const { reads, step } = settle(decisions, { cluster: CLUSTER, hwm, sinks: [], hashes: sha256Hashes });
      const { outcomes: settled, fires } = await store.update(CLUSTER, reads, step);
      for (const [{ rule }, each] of fires) {
        if (rule.pipeline === undefined) continue;
        const rows = each.flatMap((fire) => fire.rows);
        for (const row of rows) outcomeOf(rule.document.name).matches.add(auditIDs.get(row.requestKey) ?? '');
      }
      const fired = decisions.filter((_, i) => settled[i] === 'opened' || settled[i] === 'overflow');
      for (const name of new Set(fired.map(({ rule }) => rule.document.name))) outcomeOf(name).fires.push(auditID);
    }
    for (const { spec, state } of await readAlerts(store, CLUSTER)) {
      outcomeOf(spec.rule.name).evidence.push(state.evidence.map(({ requestKey }) => auditIDs.get(requestKey) ?? ''));
    }
    for (const { rule } of ready.filter(({ rule: { sequence } }) => sequence !== undefined)) {
      const { matches, evidence } = outcomeOf(rule.document.name);
      matches.clear();
      for (const id of evidence.flat()) matches.add(id);
    }
  } finally {
    await store.close();
  }
  return outcomes;
}

function unrestrained(rule: CompiledRule): CompiledRule {
  const { newTerms, ...document } = rule.document;
  return {
    ...rule,
    document: {
      ...document,
      ...(newTerms && { newTerms: { ...newTerms, learningMicros: 0 } }),
      severity: 'critical',
      severityMapping: [],
      suppression: { by: [], windowMicros: 0, missingFields: 'suppress' },
      budget: { alertsPerHour: Number.MAX_SAFE_INTEGER },
    },
  };
}
