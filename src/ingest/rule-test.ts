import type { Store } from '../alerts/store.ts';
import { decodeEvent } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { createDetector } from '../detect/detector.ts';
import { settle } from '../detect/settle.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleTestDocument } from '../rules/document.ts';
import type { Hashes } from '../rules/hashes.ts';

/** The cluster name of tests, and the time of events without one. */
const CLUSTER = 'test';
const RECEIVED_AT = Date.UTC(2100, 0, 1) * 1_000;

/** Undefined if the test passes, else what was expected and what happened. */
export type RuleTestFailure = string | undefined;

/**
 * Runs an inline test of a rule: evaluates its events one after another, and judges the last one.
 * @param slots the field slots that the rule was compiled with
 * @param store an empty store for this test only
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
      return matched ? undefined : 'expected the query to match the last event, but it does not';
    case 'fire':
      if (fired) return undefined;
      return `expected the last event to raise an alert, but ${matched ? 'it matches without raising one' : 'the query does not match it'}`;
    case 'silent':
      return fired ? 'expected the last event to raise no alert, but it raises one' : undefined;
  }
}

/** An event of a test. @param ordinal its index among the events of the test, from 0 */
export function decodeTestEvent(value: unknown, ordinal: number): ReturnType<typeof decodeEvent> {
  return decodeEvent(value, ordinal, RECEIVED_AT, undefined, `event ${ordinal + 1}`);
}

/** The rule without its learning time, because a rule that is learning raises nothing. */
function withoutLearning(rule: CompiledRule): CompiledRule {
  const { newTerms, ...document } = rule.document;
  if (newTerms === undefined) return rule;
  return { ...rule, document: { ...document, newTerms: { ...newTerms, learningMicros: 0 } } };
}

function isEvent(event: ReturnType<typeof decodeEvent>): event is DecodedEvent {
  return 'event' in event;
}
