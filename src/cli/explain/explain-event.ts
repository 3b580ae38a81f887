import type { DecodedEvent } from '../../audit/event.ts';
import { formatTimestamp } from '../../audit/timestamp.ts';
import { createDetector, type Detection } from '../../detect/detector.ts';
import { resolveField } from '../../ecs/fields.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { STAGES } from '../../policy/audit-policy.ts';
import { RECORDED } from '../../policy/need.ts';
import { ruleNeeds } from '../../policy/rule-needs.ts';
import { describeValues, explainMatch, type JudgedClause } from '../../query/explain/explain-match.ts';
import { formatMoment } from '../../query/explain/format-value.ts';
import type { FieldMemo, FieldSlots } from '../../query/match/slots.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { ExceptionDocument } from '../../rules/document.ts';
import { compileValueList } from '../../rules/value-list.ts';
import { describeAlert } from './explain-event-alert.ts';
import { judgePipeline } from './explain-pipeline.ts';
import { exceptionPredicate, listInWords, parsed } from './explain-rule.ts';
import { itemHead } from './explain-sequence.ts';

/** Why a rule matches an event or not. As JSON prints it; `formatEventExplanation` makes the text. */
export interface EventExplanation {
  readonly rule: string;
  readonly title: string;
  readonly event: {
    readonly auditID?: string;
    readonly stage?: string;
    readonly level?: string;
    readonly time: string;
  };
  /** The engine's verdict: the query selects the event, and no exception in force does. */
  readonly matched: boolean;
  readonly query: JudgedClause;
  readonly exceptions: readonly JudgedException[];
  /** What the rule does with a matching event, in sentences. */
  readonly alert: readonly string[];
  /** Reasons why the event may lack fields or the rule may not run, in sentences. */
  readonly notes: readonly string[];
}

export interface JudgedException {
  readonly reason: string;
  readonly starts?: string;
  readonly expires?: string;
  /** False if the exception was not in force at the time of the event. */
  readonly inForce: boolean;
  /** All of its conditions hold and it is in force. */
  readonly excludes: boolean;
  readonly condition: JudgedClause;
}

/** Pure. @param slots what the rule was compiled with */
export function explainEvent(rule: CompiledRule, event: DecodedEvent, slots: FieldSlots): EventExplanation {
  const memo = slots.createMemo();
  memo.reset(event);
  const detection = createDetector([rule], slots, sha256Hashes).detect('local', [event]);
  const matched = detection.matches.size > 0;
  const { auditID, stage, level } = event.event;
  const { name, title, exceptions } = rule.document;
  return {
    rule: name,
    title,
    event: {
      ...(auditID !== undefined && { auditID }),
      ...(stage !== undefined && { stage }),
      ...(level !== undefined && { level }),
      time: formatTimestamp(event.at),
    },
    matched,
    query: judgeQuery(rule, event, slots, memo),
    exceptions: exceptions.map((exception) => judgeException(exception, event, slots, memo)),
    alert: matched ? describeAlert(rule, detection.decisions, memo) : [],
    notes: notesOf(rule, event, detection),
  };
}

function judgeQuery(rule: CompiledRule, event: DecodedEvent, slots: FieldSlots, memo: FieldMemo): JudgedClause {
  const { document, predicate, sequence, pipeline } = rule;
  const query = parsed(document.language, document.query);
  if (pipeline !== undefined) return judgePipeline(rule.document, pipeline, event, slots, memo);
  if (query.kind !== 'sequence' || sequence === undefined) return explainMatch(predicate, slots, memo);
  const { items, until } = query.sequence;
  const written = [...items, ...(until === undefined ? [] : [until])];
  const judged = sequence.items.map((item) => explainMatch(item.predicate, slots, memo));
  const holds = judged.some((item) => item.holds);
  const parts = judged.map((clause, index) => {
    const item = written[index];
    const head = index === sequence.until ? 'It ends with' : `${index + 1}.`;
    return {
      text: item === undefined ? head : itemHead(head, item),
      holds: clause.holds,
      isDecisive: clause.holds === holds,
      found: [],
      parts: [{ ...clause, isDecisive: true }],
    };
  });
  return { text: 'it is one of these events of the sequence:', holds, found: [], parts };
}

function judgeException(
  exception: ExceptionDocument,
  event: DecodedEvent,
  slots: FieldSlots,
  memo: FieldMemo,
): JudgedException {
  const { reason, startsAt, expiresAt, lists = [] } = exception;
  const own = explainMatch(exceptionPredicate(exception), slots, memo);
  const judged = lists.flatMap((list): JudgedClause[] => {
    const field = resolveField(list.field);
    const compiled = field && compileValueList(list, field, slots);
    if (field === undefined || compiled?.kind !== 'ok') return [];
    const found = [`it ${describeValues(memo.read(slots.slotOf(field)), field)}`];
    return [{ text: listInWords(list), holds: compiled.matches(memo), found, parts: [] }];
  });
  const holds = [own, ...judged].every((clause) => clause.holds);
  const condition =
    judged.length === 0
      ? own
      : {
          text: 'all of these hold:',
          holds,
          found: [],
          parts: [own, ...judged].map((clause) => ({ ...clause, isDecisive: clause.holds === holds })),
        };
  const inForce =
    event.at >= (startsAt ?? Number.NEGATIVE_INFINITY) && event.at < (expiresAt ?? Number.POSITIVE_INFINITY);
  return {
    reason,
    ...(startsAt !== undefined && { starts: formatMoment(startsAt) }),
    ...(expiresAt !== undefined && { expires: formatMoment(expiresAt) }),
    inForce,
    excludes: inForce && holds,
    condition,
  };
}

function notesOf(rule: CompiledRule, { event, truncated }: DecodedEvent, { faults }: Detection): readonly string[] {
  const needs = ruleNeeds(rule);
  const stages = STAGES.filter((stage) => needs.some((need) => need.stages.has(stage)));
  const levels = RECORDED.filter((level) => needs.some((need) => need.levels.has(level)));
  const full = RECORDED.filter((level) => needs.some((need) => need.fullLevels.has(level)));
  const { stage, level } = event;
  /** An event without a stage or level may have any. */
  const isIn = (list: readonly string[], value: string | undefined) => value === undefined || list.includes(value);
  return [
    ...(needs.length === 0 ? ['No event can match this rule. `firstseen rules explain` says why.'] : []),
    ...(needs.length > 0 && !isIn(stages, stage)
      ? [`The event has stage ${stage}; the rule can only match at ${stages.join(', ')}.`]
      : []),
    ...(needs.length > 0 && !isIn(levels, level)
      ? [`The event was recorded at level ${level}; the rule can only match at ${levels.join(', ')}.`]
      : []),
    ...(isIn(levels, level) && !isIn(full, level)
      ? [`The event was recorded at level ${level}; the rule sees all its fields only at ${full.join(', ')}.`]
      : []),
    ...(truncated ? ['The event is truncated: it lacks its bodies or other parts.'] : []),
    ...(rule.document.enabled ? [] : ['The rule is disabled.']),
    ...faults.map(({ error }) => `The rule fails on this event: ${error instanceof Error ? error.message : error}.`),
  ];
}
