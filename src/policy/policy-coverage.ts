import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { AuditPolicy, PolicyRule } from './audit-policy.ts';
import type { Need } from './need.ts';
import { describeBox, isSeen, type Outcome, outcomesOf, usualPart, usualStages } from './outcomes.ts';
import { DEFAULT_ACCOUNT, leavesOutOwnRequests } from './own-requests.ts';
import { hull, type RequestSpace, wholeSpace } from './request-space.ts';
import { ruleNeeds } from './rule-needs.ts';

export interface RuleCoverage {
  readonly rule: CompiledRule;
  /**
   * `full`: everything that the rule reads is recorded. `partial`: some of the events that it could match are not
   * recorded, or with less than it reads. `never`: no recorded event can match.
   */
  readonly verdict: 'full' | 'partial' | 'never';
  /** Why it is not `full`, in sentences, with the lines of a policy read from a text. */
  readonly reasons: readonly string[];
}

/** The most reasons per rule; the first ones are representative. */
const MOST_REASONS = 6;

const NO_EVENT = 'the query can match no event under any policy';

/**
 * What the rules see under an audit policy. `never` is certain, since no recorded event can match; `full` and `partial`
 * refer to what a cluster usually has: built-in resources in their own groups and, if a rule names no subresource, the
 * resource itself. Excluded writes of `account` are no shortfall: firstseen does not evaluate them.
 */
export function policyCoverage(
  policy: AuditPolicy,
  rules: readonly CompiledRule[],
  account = DEFAULT_ACCOUNT,
): readonly RuleCoverage[] {
  return rules.map((rule) => coverageOf(policy, rule, account));
}

/** A sequence needs each of its events: if the policy never records one, it never alerts. */
function coverageOf(policy: AuditPolicy, rule: CompiledRule, account: string): RuleCoverage {
  const items = rule.sequence?.items.slice(0, rule.sequence.until) ?? [];
  for (const [index, { predicate }] of items.entries()) {
    const { verdict, reasons } = eventCoverage(policy, { ...rule, predicate }, account);
    if (verdict !== 'never') continue;
    return { rule, verdict, reasons: reasons.map((reason) => `event ${index + 1} of the sequence: ${reason}`) };
  }
  return eventCoverage(policy, rule, account);
}

function eventCoverage(policy: AuditPolicy, rule: CompiledRule, account: string): RuleCoverage {
  const needs = ruleNeeds(rule);
  if (needs.length === 0) return { rule, verdict: 'never', reasons: [NO_EVENT] };
  const reasons = new Map<PolicyRule | undefined, string>();
  let seen = false;
  for (const need of needs) {
    const { space, outcomes } = outcomesOf(need, policy);
    seen ||= outcomes.some((outcome) => isSeen(need, outcome));
    const usual = outcomes.flatMap((outcome) => {
      const box = usualPart(need, space, outcome.box);
      return box === undefined ? [] : [{ ...outcome, box }];
    });
    for (const outcome of joined(usual.length > 0 ? usual : outcomes)) {
      const reason = shortfall(policy, need, space, outcome);
      const isOwn = outcome.decidedBy !== undefined && leavesOutOwnRequests(outcome.decidedBy, account);
      if (reason !== undefined && !isOwn && !reasons.has(outcome.decidedBy)) reasons.set(outcome.decidedBy, reason);
    }
  }
  const all = [...reasons.values()];
  const shown =
    all.length > MOST_REASONS
      ? [...all.slice(0, MOST_REASONS), `and ${all.length - MOST_REASONS} more rules of the policy do the same`]
      : all;
  if (!seen) return { rule, verdict: 'never', reasons: shown.length === 0 ? [NO_EVENT] : shown };
  return { rule, verdict: all.length === 0 ? 'full' : 'partial', reasons: shown };
}

/** One outcome for each deciding policy rule: all requests that it decides, and possibly some in between. */
function joined(outcomes: readonly Outcome[]): readonly Outcome[] {
  const found = new Map<PolicyRule | undefined, Outcome>();
  for (const outcome of outcomes) {
    const earlier = found.get(outcome.decidedBy);
    found.set(outcome.decidedBy, earlier === undefined ? outcome : { ...outcome, box: hull(earlier.box, outcome.box) });
  }
  return [...found.values()];
}

/** What is missing for these requests; undefined: nothing. */
function shortfall(policy: AuditPolicy, need: Need, space: RequestSpace, outcome: Outcome): string | undefined {
  const { level, stages, decidedBy } = outcome;
  const whole = wholeSpace(space).map((box) => usualPart(need, space, box) ?? box);
  const what = describeBox(space, whole, outcome.box);
  if (level === 'None') {
    return decidedBy === undefined
      ? `${what}: no rule of the policy matches, so nothing is recorded`
      : `${what}: not recorded, level None (${placeOf(policy, decidedBy)})`;
  }
  if (!need.fullLevels.has(level)) {
    const wanted = [...need.fullLevels].join(' or ');
    const at = decidedBy === undefined ? '' : ` (${placeOf(policy, decidedBy)})`;
    if (!need.levels.has(level) && need.reads.size === 0)
      return `${what}: recorded at level ${level}${at}; the rule asks for level ${wanted}`;
    const [field = 'a body', ...more] = need.reads;
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `${what}: recorded at level ${level}${at}; the rule reads ${field}${others}, which takes level ${wanted}`;
  }
  const missing = [...usualStages(need).difference(stages)];
  if (missing.length === 0) return undefined;
  const at = decidedBy === undefined ? '' : ` (${placeOf(policy, decidedBy)})`;
  return `${what}: stage ${missing.join(', ')} is omitted${at}`;
}

function placeOf(policy: AuditPolicy, rule: PolicyRule): string {
  return rule.line === undefined ? `rule ${policy.rules.indexOf(rule) + 1}` : `line ${rule.line}`;
}
