import type { DecodedEvent } from '../audit/event.ts';
import { compilePredicate, type Matcher } from '../query/match/compile-predicate.ts';
import type { FieldMemo, FieldSlots } from '../query/match/slots.ts';
import { parseQuery } from '../query/parse-query.ts';
import type { ExceptionDocument, ValueListDocument } from './document.ts';
import { findField, QUERY_FIELDS } from './find-field.ts';
import { queryProblem, type RuleProblem } from './rule-problem.ts';
import { compileValueList } from './value-list.ts';

export interface CompiledException {
  readonly document: ExceptionDocument;
  /**
   * True if the exception is in force at the event's time, applies to the cluster, and its query and all its lists
   * match.
   * @param cluster undefined for a cluster that no exception names
   */
  readonly holds: (event: DecodedEvent, memo: FieldMemo, cluster: string | undefined) => boolean;
}

export type CompiledExceptionResult =
  | { readonly kind: 'ok'; readonly exception: CompiledException }
  | { readonly kind: 'invalid'; readonly problems: readonly RuleProblem[] };

/**
 * Compiles an exception on its own, for any rule. Reports all problems at once.
 *
 * @param path its place below `spec`, for problems
 */
export function compileException(
  document: ExceptionDocument,
  slots: FieldSlots,
  path: RuleProblem['path'] = [],
): CompiledExceptionResult {
  const problems: RuleProblem[] = [];
  const conditions = [
    ...compileQuery(document, slots, [...path, 'query'], problems),
    ...(document.lists ?? []).flatMap((list, index) => compileList(list, slots, [...path, 'lists', index], problems)),
  ];
  if (problems.length > 0) return { kind: 'invalid', problems };

  const { startsAt = Number.NEGATIVE_INFINITY, expiresAt = Number.POSITIVE_INFINITY } = document;
  const clusters = document.clusters === undefined ? undefined : new Set(document.clusters);
  return {
    kind: 'ok',
    exception: {
      document,
      holds: (event, memo, cluster) =>
        event.at >= startsAt &&
        event.at < expiresAt &&
        (clusters === undefined || (cluster !== undefined && clusters.has(cluster))) &&
        conditions.every((condition) => condition(memo)),
    },
  };
}

function compileQuery(
  { language, query }: ExceptionDocument,
  slots: FieldSlots,
  path: RuleProblem['path'],
  problems: RuleProblem[],
): readonly Matcher[] {
  const result = parseQuery(language, query, QUERY_FIELDS);
  if (result.kind === 'event') return [compilePredicate(result.predicate, slots)];
  if (result.kind === 'invalid') problems.push(...result.problems.map((problem) => queryProblem(path, query, problem)));
  else problems.push({ path, message: 'an exception must match a single event, not a sequence' });
  return [];
}

function compileList(
  list: ValueListDocument,
  slots: FieldSlots,
  path: RuleProblem['path'],
  problems: RuleProblem[],
): readonly Matcher[] {
  const field = findField(list.field, [...path, 'field'], problems);
  if (field === undefined) return [];
  const compiled = compileValueList(list, field, slots);
  if (compiled.kind === 'ok') return [compiled.matches];
  const { message, hint, index } = compiled;
  problems.push({ path: index === undefined ? path : [...path, 'values', index], message, hint });
  return [];
}
