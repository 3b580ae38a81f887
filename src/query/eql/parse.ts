import type { Field } from '../../ecs/field.ts';
import { neverSet } from '../../ecs/row.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { FALSE, simplify } from '../predicate/simplify.ts';
import type { Problem } from '../problem.ts';
import { lowerCondition } from './condition.ts';
import { type EqlFields, type Lowering, report, resolve } from './lowering.ts';
import { parseSyntax } from './parse-query.ts';
import type { EventSyntax, FieldNode, ItemSyntax, QuerySyntax } from './syntax.ts';

/**
 * A field that joins the events of a sequence.
 *
 * Values are compared exactly, with case and type; the fields of two items may have different names. A field with
 * several values joins by each of them: the event takes part once for each combination of its key values, in a state
 * machine each (https://github.com/elastic/elasticsearch/pull/89965). An event without the field takes no part, unless
 * the key is `optional` (`?key`): then its value is null, and null joins null
 * (https://github.com/elastic/elasticsearch/pull/79677).
 */
export interface JoinField {
  readonly field: Field;
  readonly optional: boolean;
}

/** One event of a sequence, or `runs` of them in a row. */
export interface EqlItem {
  readonly predicate: Predicate;
  /** The keys of the sequence, then those of the item; every item has the same number. */
  readonly by: readonly JoinField[];
  readonly runs: number;
}

export interface EqlSequence {
  /** At least two items, or one that runs at least twice. */
  readonly items: readonly EqlItem[];
  /** An event that ends an incomplete sequence. Runs once. */
  readonly until?: EqlItem;
  /** The longest time between the first and the last event, inclusive. */
  readonly maxspanMicros?: number;
}

export type EqlResult =
  | { readonly kind: 'event'; readonly predicate: Predicate }
  | { readonly kind: 'sequence'; readonly sequence: EqlSequence }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const CATEGORY = 'event.category';

/**
 * Reads a query in Elasticsearch's Event Query Language (`parseSyntax` has the grammar, `lowerCondition` the
 * semantics).
 *
 * A category other than `any` is a condition on `event.category`. A syntax error is reported alone; otherwise all
 * problems with names, types and values are reported in text order, at most 20. Never throws; linear in the length of
 * the query.
 */
export function parseEql(source: string, fields: EqlFields): EqlResult {
  const syntax = parseSyntax(source);
  if (syntax.kind === 'invalid') return { kind: 'invalid', problems: [syntax.problem] };
  const lowering: Lowering = {
    source,
    fields,
    problems: [],
    regexes: 0,
    condition: (node) => lowerCondition(lowering, node),
  };
  const result = lowerQuery(lowering, syntax.query);
  if (lowering.problems.length === 0) return result;
  const inOrder = [...lowering.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'invalid', problems: inOrder };
}

function lowerQuery(lowering: Lowering, query: QuerySyntax): EqlResult {
  if (query.kind === 'event') return { kind: 'event', predicate: lowerEvent(lowering, query.event) };
  const { until, maxspanMicros } = query;
  const shared = lowerKeys(lowering, query.by);
  const items = query.items.map((item) => lowerItem(lowering, item, shared));
  const own = query.items[0]?.by.length ?? 0;
  for (const item of until === undefined ? query.items : [...query.items, until]) checkKeys(lowering, item, own);
  return {
    kind: 'sequence',
    sequence: {
      items,
      ...(until === undefined ? {} : { until: lowerItem(lowering, until, shared) }),
      ...(maxspanMicros === undefined ? {} : { maxspanMicros }),
    },
  };
}

function lowerItem(lowering: Lowering, { event, by, runs }: ItemSyntax, shared: readonly JoinField[]): EqlItem {
  return { predicate: lowerEvent(lowering, event), by: [...shared, ...lowerKeys(lowering, by)], runs };
}

function lowerEvent(lowering: Lowering, { category, condition }: EventSyntax): Predicate {
  const predicate = lowerCondition(lowering, condition);
  if (category === undefined) return simplify(predicate);
  const field = lowering.fields.resolveField(CATEGORY);
  if (field === undefined) {
    report(lowering, category.start, `categories need the field ${CATEGORY}, which does not exist here`, 'write any');
    return FALSE;
  }
  const isOfCategory: Predicate = { kind: 'any', field, test: { kind: 'equals', value: category.name } };
  return simplify({ kind: 'and', operands: [isOfCategory, predicate] });
}

function lowerKeys(lowering: Lowering, nodes: readonly FieldNode[]): readonly JoinField[] {
  return nodes.flatMap((node): readonly JoinField[] => {
    const field = resolve(lowering, node);
    if (field === undefined) return [];
    return [{ field: field ?? neverSet(node.name, 'An unknown field.'), optional: node.optional }];
  });
}

function checkKeys(lowering: Lowering, { by, start }: ItemSyntax, expected: number): void {
  if (by.length === expected) return;
  const message = `this item has ${by.length} join keys of its own, but the first has ${expected}`;
  report(
    lowering,
    by[0]?.start ?? start,
    message,
    'give every item the same number of fields after `by`, in the same order',
  );
}
