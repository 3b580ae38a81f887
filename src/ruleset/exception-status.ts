import { nearest } from '../query/nearest.ts';
import type { RuleDocument, RuleExceptionDocument } from '../rules/document.ts';
import { quoteName } from '../rules/document-problem.ts';
import { isFor } from '../rules/exception-scope.ts';
import { RESERVED_RULE_NAMES } from '../rules/rule-name.ts';
import { type Condition, conditionsOf, type Finding, formatSeconds } from './condition.ts';
import type { ExceptionEntry } from './exception-entry.ts';
import type { ExceptionUse } from './exception-use.ts';

/** The status of a RuleException, as in its resource definition. */
export interface ExceptionStatus {
  readonly conditions: readonly Condition[];
  readonly excepted?: number | undefined;
  /** RFC 3339. */
  readonly lastUsed?: string | undefined;
}

export interface ExceptionStatusInput {
  readonly entry: ExceptionEntry;
  /** All known rules, whether they run or not. */
  readonly rules: readonly Pick<RuleDocument, 'name' | 'tags'>[];
  /** The monitored clusters. */
  readonly clusters: readonly string[];
  /** Its counts; undefined if there are none or the state does not answer, and then the earlier ones stay. */
  readonly use: ExceptionUse | undefined;
  /** The resource's present status. */
  readonly before: ExceptionStatus | undefined;
  /** µs */
  readonly now: number;
}

/** The most names in a message. */
const MOST_NAMES = 10;

/** The status that an exception should have. */
export function exceptionStatus({ entry, rules, clusters, use, before, now }: ExceptionStatusInput): ExceptionStatus {
  const findings = [ready(entry, rules, clusters, now), ...expired(entry, now)];
  return {
    conditions: conditionsOf(findings, before?.conditions ?? [], entry.generation, formatSeconds(now)),
    ...counts(use, before),
  };
}

function counts(use: ExceptionUse | undefined, before: ExceptionStatus | undefined): Partial<ExceptionStatus> {
  if (use !== undefined) return { excepted: use.excepted, lastUsed: formatSeconds(use.lastUsed) };
  return before?.lastUsed === undefined ? {} : { excepted: before.excepted, lastUsed: before.lastUsed };
}

function ready(
  { verdict, problems, document }: ExceptionEntry,
  rules: ExceptionStatusInput['rules'],
  clusters: readonly string[],
  now: number,
): Finding {
  const finding = (status: Finding['status'], reason: string, message: string): Finding => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  if (verdict === 'waiting') return finding('Unknown', 'ListsNotRead', 'The ConfigMaps are not loaded yet.');
  if (document === undefined) {
    return finding('False', 'Invalid', `It silences nothing until it is fixed.\n${problems.join('\n')}`);
  }
  const { startsAt, expiresAt } = document;
  if (expiresAt !== undefined && now >= expiresAt) {
    return finding('False', 'Expired', `It ended on ${formatSeconds(expiresAt)}: later events raise alerts again.`);
  }
  if (startsAt !== undefined && now < startsAt) {
    return finding('False', 'NotStarted', `It begins on ${formatSeconds(startsAt)}.`);
  }
  const names = rules.filter((rule) => isFor(document, rule)).map(({ name }) => name);
  const missing = [...missingRules(document, rules), ...missingClusters(document, clusters)];
  if (names.length === 0) {
    const why = missing.length > 0 ? missing : ['No rule has one of its tags.'];
    return finding('False', 'NoRule', why.join(' '));
  }
  return finding('True', 'InForce', [`Applies to ${listed(names)}.`, ...missing].join(' '));
}

/** Names in it that do not exist; it still applies to the others. */
function missingRules(
  { rules: named }: RuleExceptionDocument,
  rules: ExceptionStatusInput['rules'],
): readonly string[] {
  const known = rules.map(({ name }) => name);
  const missing = named.filter((name) => !known.includes(name));
  return missing.slice(0, MOST_NAMES).map((name) => {
    if (name.startsWith(RESERVED_RULE_NAMES)) {
      return `${quoteName(name)} watches firstseen itself, and exceptions do not apply to such a rule.`;
    }
    const near = nearest(name, known);
    return `No rule is named ${quoteName(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}.`;
  });
}

function missingClusters(
  { clusters: named = [] }: RuleExceptionDocument,
  clusters: readonly string[],
): readonly string[] {
  const missing = named.filter((name) => !clusters.includes(name));
  if (missing.length === 0) return [];
  return [`No cluster is named ${listed(missing.map(quoteName))} (there are ${listed(clusters)}).`];
}

function expired({ document }: ExceptionEntry, now: number): readonly Finding[] {
  if (document === undefined) return [];
  const { expiresAt } = document;
  const type = 'Expired';
  if (expiresAt === undefined) {
    return [{ type, status: 'False', reason: 'NoEnd', message: 'It never ends, because spec.expires is not set.' }];
  }
  const at = formatSeconds(expiresAt);
  return now >= expiresAt
    ? [{ type, status: 'True', reason: 'Ended', message: `It ended on ${at}.` }]
    : [{ type, status: 'False', reason: 'NotYet', message: `It ends on ${at}.` }];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
