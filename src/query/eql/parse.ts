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
 * A field that the events of a sequence have in common.
 *
 * Its values are compared exactly, with case and by what they are; the fields of two items may have different names. A field with
 * several values joins by each of them: the event takes part once for each combination of the values of its keys, in a state machine
 * for each (https://github.com/elastic/elasticsearch/pull/89965). An event that lacks the field takes no part, unless the key is
 * `optional` (`?key`): then its value is null, and null joins null (https://github.com/elastic/elasticsearch/pull/79677).
 */
export interface JoinField {
  readonly field: Field;
  readonly optional: boolean;
}

/** One event of a sequence, or `runs` of them, one after the other. */
export interface EqlItem {
  readonly predicate: Predicate;
  /** Those of the sequence first, then the item's own; as many for each item. */
  readonly by: readonly JoinField[];
  readonly runs: number;
}

export interface EqlSequence {
  /** At least two, or one that runs at least twice. */
  readonly items: readonly EqlItem[];
  /** An event that ends a sequence which is not complete. Runs once. */
  readonly until?: EqlItem;
  /** How far the last event may be from the first, inclusive. */
  readonly maxspanMicros?: number;
}

export type EqlResult =
  | { readonly kind: 'event'; readonly predicate: Predicate }
  | { readonly kind: 'sequence'; readonly sequence: EqlSequence }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const CATEGORY = 'event.category';

/**
 * Reads a query in Elasticsearch's Event Query Language (see `parseSyntax` for its grammar, `lowerCondition` for what it means).
 *
 * A category other than `any` is a condition on `event.category`. A mistake of syntax is the only problem then; else all that is wrong with
 * names, types and values is collected, in the order of the text, at most 20. Never throws; linear in the length of the query.
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
    report(lowering, category.start, `there is no field ${CATEGORY} to compare a category with`, 'write any');
    return FALSE;
  }
  const isOfCategory: Predicate = { kind: 'any', field, test: { kind: 'equals', value: category.name } };
  return simplify({ kind: 'and', operands: [isOfCategory, predicate] });
}

function lowerKeys(lowering: Lowering, nodes: readonly FieldNode[]): readonly JoinField[] {
  return nodes.flatMap((node): readonly JoinField[] => {
    const field = resolve(lowering, node);
    if (field === undefined) return [];
    return [{ field: field ?? neverSet(node.name, 'Known to nobody.'), optional: node.optional }];
  });
}

function checkKeys(lowering: Lowering, { by, start }: ItemSyntax, expected: number): void {
  if (by.length === expected) return;
  const message = `this item has ${by.length} join keys of its own, and the first has ${expected}`;
  report(
    lowering,
    by[0]?.start ?? start,
    message,
    'write as many fields behind the `by` of each item, in the same order',
  );
}
