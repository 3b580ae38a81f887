import { quoteName } from '../rules/document-problem.ts';
import { type Condition, conditionsOf, type Finding, formatSeconds } from './condition.ts';
import type { RuleEntry, RuleSource } from './rule-entry.ts';
import type { RuleFacts } from './rule-facts.ts';
import type { RuleTestResults } from './run-rule-tests.ts';

/** The status of a DetectionRule, as its resource definition has it. */
export interface RuleStatus {
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
  readonly matches?: number | undefined;
  readonly alerts?: number | undefined;
  readonly attached?: number | undefined;
  readonly overflowed?: number | undefined;
  readonly termsHeld?: number | undefined;
  /** RFC 3339. */
  readonly lastMatch?: string | undefined;
  readonly costMicroseconds?: number | undefined;
}

export interface RuleStatusInput {
  readonly entry: RuleEntry & { readonly source: Extract<RuleSource, { kind: 'resource' }> };
  /** Undefined while the store does not answer: what it told before stands. */
  readonly facts: readonly RuleFacts[] | undefined;
  /** Undefined if nothing of the rule runs that could be tested. */
  readonly tests: RuleTestResults | undefined;
  /** Microseconds for each event that it looks at, as this replica has measured. */
  readonly costMicros: number | undefined;
  /** What the resource says now. */
  readonly before: RuleStatus | undefined;
  /** µs */
  readonly now: number;
}

/** The most failed tests that are told one by one. */
const MOST_FAILURES = 5;

/** What a rule's status is to say. Of a rule that does not run, the counts stand as they were. */
export function ruleStatus({ entry, facts, tests, costMicros, before, now }: RuleStatusInput): RuleStatus {
  const { generation } = entry.source;
  const old = before?.conditions ?? [];
  const told =
    entry.inForce === undefined ? [] : [...learningAndBudget(entry, facts, old, now), testsPassed(entry, tests)];
  const findings = [ready(entry, old), ...told];
  return {
    ...counts(facts, before),
    ...(costMicros === undefined ? pick(before, 'costMicroseconds') : { costMicroseconds: rounded(costMicros) }),
    conditions: conditionsOf(findings, old, generation, formatSeconds(now)),
    observedGeneration: generation,
  };
}

function ready(entry: RuleEntry, old: readonly Condition[]): Finding {
  const { verdict, problems, source, inForce } = entry;
  const type = 'Ready';
  const whatIsWrong = problems.join('\n');
  switch (verdict) {
    case 'runs': {
      const reason = entry.neverFires === undefined ? 'InForce' : 'CanNeverFire';
      const message = [inForceText(entry), entry.neverFires ?? []].flat().join(' ');
      // A process that has not seen the edit has no better account of it than the one that has.
      const known = old.find((condition) => condition.type === type && condition.reason === reason);
      const isTold =
        entry.edit === undefined && source.kind === 'resource' && known?.observedGeneration === source.generation;
      return { type, status: 'True', reason, message: isTold ? known.message : message };
    }
    case 'disabled': {
      const message = `Switched off by spec.enabled. What it has learned is kept for its window.`;
      return { type, status: 'False', reason: 'Disabled', message: [message, ...problems].join('\n') };
    }
    case 'broken':
    case 'unsupported':
      return {
        type,
        status: 'False',
        reason: verdict === 'broken' ? 'Invalid' : 'Unsupported',
        message: `${standInText(inForce?.source)}\n${whatIsWrong}`,
      };
  }
}

function inForceText({ edit }: RuleEntry): string {
  if (edit === undefined) return 'In force.';
  if (edit.keepsMemory) return 'In force. What the version before had learned is kept.';
  const what = edit.changed.length === 0 ? 'the rule' : edit.changed.map((name) => `spec.${name}`).join(', ');
  return `In force. Its memory began anew, because ${what} changed: what the version before had learned is not used.`;
}

/** First in the message: a long account of what is wrong is cut. */
function standInText(source: RuleSource | undefined): string {
  if (source === undefined) return 'Not in force: no sound version of it is known.';
  if (source.kind === 'file') return `The rule of this name in ${quoteName(source.file)} runs in its place.`;
  return `Generation ${source.generation} goes on running.`;
}

function learningAndBudget(
  { inForce }: RuleEntry,
  facts: readonly RuleFacts[] | undefined,
  old: readonly Condition[],
  now: number,
): readonly Finding[] {
  if (inForce === undefined) return [];
  if (facts === undefined) return old.filter(({ type }) => type === 'Learning' || type === 'BudgetExceeded');
  const { newTerms, type, budget } = inForce.rule.document;
  const micros = newTerms?.learningMicros ?? 0;
  const spent = facts.filter(({ isSpent }) => isSpent).map(({ cluster }) => cluster);
  return [
    { type: 'Learning', ...(micros === 0 ? notLearning(type) : learning(facts, micros, now)) },
    spent.length === 0
      ? finding('BudgetExceeded', 'False', 'WithinBudget', `At most ${budget.alertsPerHour} alerts in any hour.`)
      : finding(
          'BudgetExceeded',
          'True',
          'AlertsPerHour',
          `${budget.alertsPerHour} alerts in an hour, as many as its budget allows, on ${spent.join(', ')}: matches beyond it count on one overflow alert.`,
        ),
  ];
}

function notLearning(type: string): Omit<Finding, 'type'> {
  const message =
    type === 'new_terms' ? 'It alerts on what is new from the start.' : `A rule of type ${type} has nothing to learn.`;
  return { status: 'False', reason: 'NotLearning', message };
}

function learning(facts: readonly RuleFacts[], micros: number, now: number): Omit<Finding, 'type'> {
  const open = facts.filter(({ since, reached }) => since === undefined || reached < since + micros);
  const until = ({ cluster, since }: RuleFacts) =>
    since === undefined
      ? `on ${cluster} from its first event on`
      : `on ${cluster} until ${formatSeconds(since + micros)}`;
  if (open.length > 0) {
    const message = `It learns ${open.map(until).join(', ')}: what is new is remembered and opens no alert.`;
    return { status: 'True', reason: 'Learning', message };
  }
  const since = facts.map(({ cluster, since }) => `on ${cluster} on ${formatSeconds((since ?? now) + micros)}`);
  return { status: 'False', reason: 'Learned', message: `Learning ended ${since.join(', ')}.` };
}

function testsPassed({ verdict }: RuleEntry, tests: RuleTestResults | undefined): Finding {
  const type = 'TestsPassed';
  if (verdict !== 'runs' || tests === undefined) {
    return finding(type, 'Unknown', 'NotRun', 'Its tests were not run: this generation is not in force.');
  }
  const { run, failures } = tests;
  if (run === 0) return finding(type, 'Unknown', 'NoTests', 'The rule has no tests.');
  if (failures.length === 0) return finding(type, 'True', 'Passed', `${run} passed.`);
  const shown = failures.slice(0, MOST_FAILURES).map(({ name, why }) => `${quoteName(name)}: ${why}`);
  const more = failures.length > MOST_FAILURES ? [`and ${failures.length - MOST_FAILURES} more`] : [];
  return finding(type, 'False', 'Failed', [`${failures.length} of ${run} failed.`, ...shown, ...more].join('\n'));
}

function finding(type: string, status: Finding['status'], reason: string, message: string): Finding {
  return { type, status, reason, message };
}

function counts(facts: readonly RuleFacts[] | undefined, before: RuleStatus | undefined): Partial<RuleStatus> {
  if (facts === undefined) {
    return pick(before, 'matches', 'alerts', 'attached', 'overflowed', 'termsHeld', 'lastMatch');
  }
  const sum = (read: (facts: RuleFacts) => number) => facts.reduce((total, each) => total + read(each), 0);
  const last = Math.max(...facts.map(({ lastMatch }) => lastMatch ?? 0));
  return {
    matches: sum(({ matches }) => matches),
    alerts: sum(({ alerts }) => alerts),
    attached: sum(({ attached }) => attached),
    overflowed: sum(({ overflowed }) => overflowed),
    termsHeld: sum(({ termsHeld }) => termsHeld),
    ...(last > 0 && { lastMatch: formatSeconds(last) }),
  };
}

/** To two significant digits: a measurement that only wavers is no reason to write. */
function rounded(micros: number): number {
  return Number(micros.toPrecision(2));
}

function pick<K extends keyof RuleStatus>(status: RuleStatus | undefined, ...keys: readonly K[]): Partial<RuleStatus> {
  return Object.fromEntries(keys.flatMap((key) => (status?.[key] === undefined ? [] : [[key, status[key]]])));
}
