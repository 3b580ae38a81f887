import type { DecodedEvent } from '../../audit/event.ts';
import type { Expression } from '../../query/esql/ast.ts';
import { stepOf } from '../../query/esql/explain-query.ts';
import type { ShownColumn } from '../../query/esql/shown-column.ts';
import { type TracedCommand, type TracedCondition, traceQuery } from '../../query/esql/trace-query.ts';
import { explainMatch, type JudgedClause, type JudgedPart } from '../../query/explain/explain-match.ts';
import { quoteForEql } from '../../query/explain/format-value.ts';
import type { FieldMemo, FieldSlots } from '../../query/match/slots.ts';
import { passesPipeline } from '../../rules/compile-pipeline.ts';
import type { CompiledPipeline } from '../../rules/compiled-rule.ts';
import type { RuleDocument } from '../../rules/document.ts';
import { QUERY_FIELDS } from '../../rules/find-field.ts';
import { parsed } from './explain-rule.ts';

/** The effect of each ES|QL command on an event, up to the command that drops it. Pure. */
export function judgePipeline(
  { query }: RuleDocument,
  pipeline: CompiledPipeline,
  event: DecodedEvent,
  slots: FieldSlots,
  memo: FieldMemo,
): JudgedClause {
  memo.budget.refill();
  const holds = passesPipeline(pipeline, event, memo);
  const parts = traceQuery(query, event, QUERY_FIELDS).map((traced): JudgedPart => {
    const clause = judgeCommand(traced, query, slots, memo);
    return { ...clause, isDecisive: clause.holds === holds };
  });
  const text =
    pipeline.kind === 'events'
      ? 'a row remains after every command:'
      : 'a row remains after every command before STATS:';
  return { text, holds, found: [], parts };
}

function judgeCommand(
  { command, rows, made, condition, exceeded }: TracedCommand,
  query: string,
  slots: FieldSlots,
  memo: FieldMemo,
): JudgedClause {
  const holds = rows > 0;
  const [head = '', ...more] = stepOf(command, query)[0] ?? [];
  const found = [
    ...made.map(showColumn),
    ...(rows > 1 ? [`${rows} rows remain`] : []),
    ...(exceeded === undefined ? [] : [`given up: ${exceeded}`]),
  ];
  if (condition === undefined)
    return {
      text: [head, more.map((line) => line.replace(/^- /, '')).join(', ')].join(' ').trim(),
      holds,
      found,
      parts: [],
    };
  const judged = judgeCondition(condition, slots, memo);
  return { ...judged, text: `rows for which ${judged.text}`, holds };
}

const JUNCTIONS: Partial<Readonly<Record<Expression['kind'], string>>> = {
  and: 'all of these are true:',
  or: 'one of these is true:',
  not: 'this is false:',
};

function judgeCondition(
  { expression, text, outcome, read, absent, parts }: TracedCondition,
  slots: FieldSlots,
  memo: FieldMemo,
): JudgedClause {
  const holds = outcome === true;
  const found = [
    ...(outcome === null ? ['it is null'] : []),
    ...read.map(showColumn),
    ...absent.map((name) => `${name} has no value`),
  ];
  const kql = kqlOf(expression);
  const condition = kql === undefined ? undefined : parsed('kuery', kql);
  if (condition?.kind === 'event') {
    const clause = explainMatch(condition.predicate, slots, memo);
    return { text: `${text}:`, holds, found, parts: [{ ...clause, isDecisive: true }] };
  }
  if (parts.length === 0) return { text, holds, found, parts: [] };
  // Below NOT, a true clause makes the condition false.
  const decisive = expression.kind === 'not' ? !holds : holds;
  return {
    text: JUNCTIONS[expression.kind] ?? text,
    holds,
    found: [],
    parts: parts.map((part) => {
      const clause = judgeCondition(part, slots, memo);
      return {
        ...clause,
        isDecisive: clause.holds === decisive || (expression.kind === 'not' && part.outcome === null),
      };
    }),
  };
}

function showColumn({ name, value }: ShownColumn): string {
  return `${name} is ${quoteForEql(value)}`;
}

/** The text of `KQL("…")`. */
function kqlOf(expression: Expression): string | undefined {
  if (expression.kind !== 'call' || expression.name.toLowerCase() !== 'kql') return undefined;
  const [text] = expression.arguments;
  return text?.kind === 'literal' ? String(text.value) : undefined;
}
