import { quoteName } from '../rules/document-problem.ts';
import { type Condition, conditionsOf, type Finding, formatSeconds } from './condition.ts';
import type { RuleEntry, RuleSource } from './rule-entry.ts';
import type { RuleFacts } from './rule-facts.ts';
import type { RuleTestResults } from './run-rule-tests.ts';

/** The status of a DetectionRule, as in its resource definition. */
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
  /** Undefined if the store does not answer; then the earlier values stay. */
  readonly facts: readonly RuleFacts[] | undefined;
  /** Undefined if no version of the rule runs that could be tested. */
  readonly tests: RuleTestResults | undefined;
  /** Microseconds for each event that it looks at, measured by this replica. */
  readonly costMicros: number | undefined;
  /** The resource's present status. */
  readonly before: RuleStatus | undefined;
  /** µs */
  readonly now: number;
}

/** At most this many failed tests are named. */
const MOST_FAILURES = 5;

/** The status that a rule should have. For a rule that does not run, the counts stay. */
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
      // A process that has not seen the edit must not overwrite the account of one that has.
      const known = old.find((condition) => condition.type === type && condition.reason === reason);
      const isTold =
        entry.edit === undefined && source.kind === 'resource' && known?.observedGeneration === source.generation;
      return { type, status: 'True', reason, message: isTold ? known.message : message };
    }
    case 'disabled': {
      const message = `Switched off by spec.enabled. It keeps what it has learned for its history window.`;
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
  if (edit.keepsMemory) return 'In force. It keeps what the earlier version learned.';
  const what = edit.changed.length === 0 ? 'the rule' : edit.changed.map((name) => `spec.${name}`).join(', ');
  return `In force. It starts without learned terms, because ${what} changed: it does not use what the earlier version learned.`;
}

/** Goes first in the message, because a long list of problems is cut. */
function standInText(source: RuleSource | undefined): string {
  if (source === undefined) return 'Not in force: there is no earlier valid version.';
  if (source.kind === 'file') return `The rule of this name in ${quoteName(source.file)} runs in its place.`;
  return `Generation ${source.generation} keeps running.`;
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
          `${budget.alertsPerHour} alerts in an hour, the limit of its budget, on ${spent.join(', ')}: further matches count on one overflow alert.`,
        ),
  ];
}

function notLearning(type: string): Omit<Finding, 'type'> {
  const message =
    type === 'new_terms'
      ? 'It has no learning time: it alerts on new terms from the start.'
      : `A rule of type ${type} does not learn.`;
  return { status: 'False', reason: 'NotLearning', message };
}

function learning(facts: readonly RuleFacts[], micros: number, now: number): Omit<Finding, 'type'> {
  const open = facts.filter(({ since, reached }) => since === undefined || reached < since + micros);
  const until = ({ cluster, since }: RuleFacts) =>
    since === undefined ? `on ${cluster} from its first event` : `on ${cluster} until ${formatSeconds(since + micros)}`;
  if (open.length > 0) {
    const message = `It learns ${open.map(until).join(', ')}: it remembers new terms and opens no alert.`;
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

/** Rounds to two significant digits, so that noise in a measurement causes no write. */
function rounded(micros: number): number {
  return Number(micros.toPrecision(2));
}

function pick<K extends keyof RuleStatus>(status: RuleStatus | undefined, ...keys: readonly K[]): Partial<RuleStatus> {
  return Object.fromEntries(keys.flatMap((key) => (status?.[key] === undefined ? [] : [[key, status[key]]])));
}
