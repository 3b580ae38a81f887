import { sanitise } from '../../audit/text.ts';
import { indexedBy } from '../../detect/rule-index.ts';
import { type Level, STAGES, type Stage } from '../../policy/audit-policy.ts';
import { derivePolicy } from '../../policy/derive-policy.ts';
import { describePolicyRule } from '../../policy/describe-policy-rule.ts';
import { DEFAULT_ACCOUNT } from '../../policy/own-requests.ts';
import { explainQuery } from '../../query/esql/explain-query.ts';
import { formatQuery } from '../../query/esql/format-query.ts';
import { explainPredicate } from '../../query/explain/explain-predicate.ts';
import { formatPredicate } from '../../query/explain/format-predicate.ts';
import { formatMoment } from '../../query/explain/format-value.ts';
import { type ParsedQuery, parseQuery } from '../../query/parse-query.ts';
import { fieldsOf } from '../../query/predicate/fields-of.ts';
import type { Predicate } from '../../query/predicate/predicate.ts';
import { type JudgedRule, neverFires, type Verdict } from '../../rulefiles/rule-verdict.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { ExceptionDocument, QueryLanguage, RuleDocument, ValueListDocument } from '../../rules/document.ts';
import { QUERY_FIELDS } from '../../rules/find-field.ts';
import { explainAlert, explainDecision } from './explain-decision.ts';
import { explainSequence } from './explain-sequence.ts';

/** A condition in words and as canonical text. */
export interface ExplainedCondition {
  readonly words: readonly string[];
  readonly text: string;
}

export interface ExplainedException extends ExplainedCondition {
  /** Further conditions on value lists. */
  readonly lists: readonly string[];
  readonly reason: string;
  readonly starts?: string;
  readonly expires?: string;
}

/** How firstseen reads a rule. As JSON prints it; `formatExplanation` makes the text. */
export interface RuleExplanation {
  readonly name: string;
  readonly title: string;
  readonly type: RuleDocument['type'];
  readonly enabled: boolean;
  readonly file: string;
  readonly line: number;
  readonly verdict: Verdict;
  /** The differences, or why it can never fire, in sentences. */
  readonly why: readonly string[];
  /** Notes for the author, in sentences. */
  readonly notes: readonly string[];
  readonly selects: ExplainedCondition;
  /** When it alerts and what later matches do, in sentences. */
  readonly fires: readonly string[];
  /** The content of the alert, in sentences. */
  readonly alert: readonly string[];
  readonly exceptions: readonly ExplainedException[];
  /** What the rule index requires before it tries the rule, in words. Empty: the rule is tried on every event. */
  readonly index: readonly string[];
  readonly record: readonly RecordedRequests[];
  /** Fields of the rule that no audit event has. */
  readonly neverSet: readonly string[];
}

/** What the API server must record for the rule to see all its fields. */
export interface RecordedRequests {
  readonly level: Level;
  readonly stages: readonly Stage[];
  readonly requests: string;
  /** The body fields that need this level. */
  readonly reads: readonly string[];
  readonly why: string;
}

export interface ExplainedRule {
  readonly rule: CompiledRule;
  readonly judged: Pick<JudgedRule, 'verdict' | 'why' | 'notes' | 'file' | 'line'>;
}

/** Pure. */
export function explainRule({ rule, judged }: ExplainedRule): RuleExplanation {
  const { document, predicate } = rule;
  const { name, title, type, enabled } = document;
  const query = parsed(document.language, document.query);
  const never = [...new Set([...fieldsOf(predicate), ...(rule.pipeline?.reads ?? [])])].filter(
    ({ neverSet }) => neverSet === true,
  );
  const indexed = indexedBy(predicate);
  const { verdict, why, notes, file, line = 1 } = judged;
  return {
    name,
    title,
    type,
    enabled,
    file,
    line,
    verdict,
    why,
    notes,
    selects: selection(query, rule),
    fires: explainDecision(rule, query.kind === 'sequence' ? query.sequence : undefined),
    alert: explainAlert(document),
    exceptions: document.exceptions.map((exception) => ({
      ...condition(exceptionPredicate(exception)),
      lists: (exception.lists ?? []).map(listInWords),
      reason: exception.reason,
      ...(exception.startsAt !== undefined && { starts: formatMoment(exception.startsAt) }),
      ...(exception.expiresAt !== undefined && { expires: formatMoment(exception.expiresAt) }),
    })),
    index: indexed.length === 0 ? [] : explainPredicate({ kind: 'and', operands: indexed }),
    record: neverFires(verdict) ? [] : recordedFor(rule),
    neverSet: never.map((field) => field.name),
  };
}

function selection(query: ParsedQuery, { document, predicate }: CompiledRule): ExplainedCondition {
  switch (query.kind) {
    case 'sequence':
      return explainSequence(query.sequence);
    case 'pipeline':
      return { words: explainQuery(query.query.commands, document.query), text: formatQuery(document.query) };
    default:
      return condition(predicate);
  }
}

function condition(predicate: Predicate): ExplainedCondition {
  return { words: explainPredicate(predicate), text: formatPredicate(predicate) };
}

export function listInWords({ field, type, values, excluded }: ValueListDocument): string {
  const what = `is in a list of ${values.length} ${values.length === 1 ? 'value' : 'values'} (${type})`;
  return excluded ? `no value of ${field} ${what}` : `${field} ${what}`;
}

/** Cannot fail: the compiler has parsed the same text. */
export function parsed(language: QueryLanguage, query: string): ParsedQuery {
  return parseQuery(language, query, QUERY_FIELDS);
}

export function exceptionPredicate({ language, query }: ExceptionDocument): Predicate {
  const result = parsed(language, query);
  return result.kind === 'event' ? result.predicate : { kind: 'constant', value: false };
}

/** The rules of an audit policy for this rule alone, without those about firstseen itself. */
function recordedFor(rule: CompiledRule): readonly RecordedRequests[] {
  const { policy, lines } = derivePolicy([rule], { account: DEFAULT_ACCOUNT, heartbeat: false });
  return lines.flatMap(({ rule: line, why, reads }) => {
    if (why === 'own' || why === 'excluded') return [];
    const omitted = new Set([...policy.omitStages, ...line.omitStages]);
    return [
      {
        level: line.level,
        stages: STAGES.filter((stage) => !omitted.has(stage)),
        requests: describePolicyRule(line),
        reads: why === 'needed' ? reads : [],
        why,
      },
    ];
  });
}

const WHY: Readonly<Record<string, string>> = {
  patch: 'without bodies: up to Kubernetes 1.36 they may lose the whole batch',
  credentials: 'without bodies: they hold credentials',
};

const MOST_READS = 4;

/** As text, with a final line break. */
export function formatExplanation(explained: RuleExplanation): string {
  const { name, title, type, enabled, file, line, verdict, why, notes, selects, exceptions, index, record } = explained;
  const parts: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['Verdict', [`${verdict}${enabled ? '' : ', disabled'}`, ...[...why, ...notes].map((text) => `- ${text}`)]],
    ['Which events', selects.words],
    ['As text', selects.text.split('\n')],
    ['When it alerts', explained.fires],
    ['The alert', explained.alert],
    ['Exceptions', exceptions.flatMap(exceptionLines)],
    [
      'Which events it is tried on',
      index.length > 0 ? index : ['every event: the query requires no value of an indexed field'],
    ],
    ['What the API server must record', record.flatMap(recordLines)],
  ];
  return [
    `${name}: ${sanitise(title)}`,
    `type ${type}, from ${sanitise(file)}:${line}`,
    ...parts.flatMap(([head, lines]) =>
      lines.length === 0 ? [] : ['', head, ...lines.map((text) => `  ${sanitise(text)}`)],
    ),
    '',
  ].join('\n');
}

function exceptionLines({ reason, starts, expires, words, lists }: ExplainedException): readonly string[] {
  const from = starts === undefined ? '' : `, from ${starts}`;
  const until = expires === undefined ? '' : `, until ${expires}`;
  return [`${reason}${from}${until}`, ...words.map((text) => `  ${text}`), ...lists.map((text) => `  and ${text}`)];
}

function recordLines({ level, stages, requests, reads, why }: RecordedRequests): readonly string[] {
  const more = reads.length > MOST_READS ? ` and ${reads.length - MOST_READS} more` : '';
  const because = WHY[why] ?? (reads.length === 0 ? undefined : `for ${reads.slice(0, MOST_READS).join(', ')}${more}`);
  return [
    `level ${level}, stages ${stages.join(', ')}: ${requests}`,
    ...(because === undefined ? [] : [`  ${because}`]),
  ];
}
