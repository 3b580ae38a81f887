import { expect } from '@jest/globals';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { Field, FieldType, FieldValues } from '../../src/ecs/field.ts';
import { explainQuery } from '../../src/query/esql/explain-query.ts';
import { formatQuery } from '../../src/query/esql/format-query.ts';
import type { GroupedQuery } from '../../src/query/esql/grouped-query.ts';
import type { RowQuery } from '../../src/query/esql/row-query.ts';
import { parseRuleQuery } from '../../src/query/esql/rule-query.ts';
import { traceQuery } from '../../src/query/esql/trace-query.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { generateEsql, randomRow } from './esql.ts';
import { checkProblems } from './query-checks.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/**
 * Queries in ES|QL as rules run them, event by event. What is accepted can be explained; an event of which a row is
 * left meets the condition by which rules are found, and leaves a row after each command; what it adds to a group is
 * bounded, and the group can be judged.
 */
export const esqlRuleTarget: FuzzTarget = { name: 'esql-rule', generate: generateEsql, check, timeLimitMs: 4_000 };

/** Audit events have no other types. */
const TYPES: Readonly<Record<string, FieldType>> = {
  verb: 'keyword',
  'user.name': 'keyword',
  code: 'integer',
  ip: 'ip',
  at: 'date',
  dry: 'boolean',
};
const FIELDS = new Map<string, Field>(
  Object.entries(TYPES).map(([name, type]) => [
    name,
    {
      name,
      type,
      doc: 'A field.',
      read: ({ event }) => valuesOf(Reflect.get(event.requestObject ?? {}, name), type),
    },
  ]),
);
const QUERY_FIELDS = { resolveField: (name: string) => FIELDS.get(name) };

/** As the field table gives them: a date is a time that there is. */
function valuesOf(value: unknown, type: FieldType): FieldValues {
  if (type === 'date') return Number.isSafeInteger(value) ? (value as number) : undefined;
  return Array.isArray(value) || ['string', 'number', 'boolean'].includes(typeof value)
    ? (value as FieldValues)
    : undefined;
}

/** What one event may add to one group, in characters: its values, their signs, and its keys. */
const MOST_CHARACTERS = 65_536;
const EVENTS = 3;

function check(input: string, random: Random): void {
  const result = parseRuleQuery(input, QUERY_FIELDS);
  if (result.kind === 'invalid') {
    checkProblems(result.problems, input);
    return;
  }
  const { commands, condition, run } = result.query;
  explainQuery(commands, input);
  const canonical = formatQuery(input);
  if (canonical.length <= input.length) {
    expect(parseRuleQuery(canonical, QUERY_FIELDS).kind).toBe('pipeline'); // its canonical text is a query
  }
  const slots = createFieldSlots();
  const holds = compilePredicate(condition, slots);
  const memo = slots.createMemo();
  const events = Array.from({ length: EVENTS }, (_, ordinal) => eventOf(random, ordinal));
  const passing = run.kind === 'rows' ? passingRows(run, events) : passingGroups(run, events);
  for (const event of passing) {
    memo.reset(event);
    memo.budget.refill();
    expect(holds(memo)).toBe(true); // an event of which a row is left meets the condition
  }
  const [first] = passing;
  if (first === undefined) return;
  for (const { rows } of traceQuery(input, first, QUERY_FIELDS)) {
    expect(rows).toBeGreaterThan(0); // each command leaves a row
  }
}

function passingRows({ evaluate }: RowQuery, events: readonly DecodedEvent[]): readonly DecodedEvent[] {
  return events.filter((event) => {
    const attempt = evaluate(event);
    return attempt.kind === 'done' && attempt.result !== undefined;
  });
}

function passingGroups(
  { gather, entries: toEntries, judge }: GroupedQuery,
  events: readonly DecodedEvent[],
): readonly DecodedEvent[] {
  const entered = events.map((event) => {
    const attempt = gather(event);
    if (attempt.kind === 'exceeded') return [];
    return toEntries(attempt.result, { shorten: (text) => text.slice(0, 64), preferred: ['a'] });
  });
  const entries = entered.flat().map(({ columns }) => columns);
  for (const columns of entries) {
    const characters = columns.flat().reduce((sum, { length }) => sum + length, 0);
    expect(characters).toBeLessThanOrEqual(MOST_CHARACTERS);
  }
  if (entries.length > 0) judge(entries, 1_764_000_000_000_000);
  return events.filter((_, index) => (entered[index] ?? []).length > 0);
}

function eventOf(random: Random, ordinal: number): DecodedEvent {
  const at = 1_764_000_000_000_000 + ordinal;
  return { event: { requestObject: randomRow(random) }, ordinal, truncated: false, receivedAt: at, at, skewed: false };
}
