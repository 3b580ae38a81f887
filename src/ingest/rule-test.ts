import type { Store } from '../alerts/store.ts';
import { decodeEvent } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { createDetector } from '../detect/detector.ts';
import { settle } from '../detect/settle.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleTestDocument } from '../rules/document.ts';
import type { Hashes } from '../rules/hashes.ts';

/** Stands for the cluster of a test, and for the time of an event that does not say its own. */
const CLUSTER = 'test';
const RECEIVED_AT = Date.UTC(2100, 0, 1) * 1_000;

/** Undefined if the test passes, else what was expected and what came. */
export type RuleTestFailure = string | undefined;

/**
 * Runs an inline test of a rule: its events one after another, and then what the last of them did.
 * @param slots what the rule was compiled with
 * @param store empty; the test's own
 */
export async function runRuleTest(
  rule: CompiledRule,
  { events, expect }: RuleTestDocument,
  { slots, store, hashes }: { readonly slots: FieldSlots; readonly store: Store; readonly hashes: Hashes },
): Promise<RuleTestFailure> {
  const detector = createDetector([withoutLearning(rule)], slots, hashes);
  let matched = false;
  let fired = false;
  for (const [ordinal, value] of events.entries()) {
    const event = decodeTestEvent(value, ordinal);
    if (!isEvent(event)) return event.reason;
    const { decisions, faults, matches } = detector.detect(CLUSTER, [event]);
    const [fault] = faults;
    if (fault !== undefined) return `the rule failed: ${String(fault.error)}`;
    matched = matches.size > 0;
    fired = false;
    if (decisions.length === 0) continue;
    const { reads, step } = settle(decisions, { cluster: CLUSTER, hwm: event.at, sinks: [], hashes });
    const { outcomes } = await store.update(CLUSTER, reads, step);
    fired = outcomes.includes('opened') || outcomes.includes('overflow');
  }
  switch (expect) {
    case 'match':
      return matched ? undefined : 'expected the query to select the last event, and it does not';
    case 'fire':
      if (fired) return undefined;
      return `expected the last event to raise an alert, and ${matched ? 'it matches without raising one' : 'the query does not select it'}`;
    case 'silent':
      return fired ? 'expected the last event to raise no alert, and it raises one' : undefined;
  }
}

/** An event of a test as it is run. @param ordinal its place among the events of the test, from 0 */
export function decodeTestEvent(value: unknown, ordinal: number): ReturnType<typeof decodeEvent> {
  return decodeEvent(value, ordinal, RECEIVED_AT, undefined, `event ${ordinal + 1}`);
}

/** A test asks what a rule does once it has learned: one that still learns would raise nothing. */
function withoutLearning(rule: CompiledRule): CompiledRule {
  const { newTerms, ...document } = rule.document;
  if (newTerms === undefined) return rule;
  return { ...rule, document: { ...document, newTerms: { ...newTerms, learningMicros: 0 } } };
}

function isEvent(event: ReturnType<typeof decodeEvent>): event is DecodedEvent {
  return 'event' in event;
}
