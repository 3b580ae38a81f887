import { expect } from '@jest/globals';
import { projectOnto } from '../../src/detect/project-onto.ts';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { nearest } from '../../src/query/nearest.ts';
import { fieldsOf } from '../../src/query/predicate/fields-of.ts';
import type { Predicate } from '../../src/query/predicate/predicate.ts';
import { formatProblem, type Problem } from '../../src/query/problem.ts';
import { expectPresent } from '../support/expect.ts';
import type { Random } from './random.ts';

/** The fields of hostile queries: one of each type. */
export const QUERY_NAMES = ['verb', 'user.name', 'source.ip', 'code', 'dry', 'when'] as const;
const TYPES: Readonly<Record<string, FieldType>> = { 'source.ip': 'ip', code: 'integer', dry: 'boolean', when: 'date' };
const FIELDS = new Map<string, Field>(QUERY_NAMES.map((name) => [name, fieldOf(name)]));

/** What the names in a hostile query stand for. */
export const QUERY_FIELDS = {
  resolveField: (name: string) => FIELDS.get(name),
  suggestField: (name: string) => nearest(name, QUERY_NAMES),
};

const EVENT_VALUES: readonly [FieldValue, ...FieldValue[]] = [
  '',
  'a',
  'create',
  'ab',
  '10.0.0.1',
  '::1',
  'é',
  0,
  -1,
  403,
  true,
  false,
  1.5,
  '\ud800',
];

/** As long as a query may be, and far longer: a body of a request may be this long. */
const LENGTHS: readonly [number, ...number[]] = [65_536, 65_536, 65_536, 10 << 20];

/** A long text of one piece. */
export function repeat(random: Random, start: string, piece: string): string {
  const length = random.pick(LENGTHS);
  return (start + (piece || ' ').repeat(Math.ceil(length / (piece.length || 1)))).slice(0, length);
}

/** A query that is refused has a problem, with a place that is in it. */
export function checkProblems(problems: readonly Problem[], input: string): void {
  expect(problems.length).toBeGreaterThan(0); // an invalid query has a problem
  for (const problem of problems) checkProblem(problem, input);
}

/** What is accepted runs, and an index can ask it. */
export function checkPredicate(predicate: Predicate, random: Random): void {
  const slots = createFieldSlots();
  const matches = compilePredicate(predicate, slots);
  const memo = slots.createMemo();
  for (const field of fieldsOf(predicate)) projectOnto(predicate, field);
  for (let left = 3; left > 0; left -= 1) {
    const requestObject = Object.fromEntries(QUERY_NAMES.map((name) => [name, eventValues(random)]));
    memo.reset({ event: { requestObject }, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false });
    expect(typeof matches(memo)).toBe('boolean');
  }
}

function checkProblem(problem: Problem, input: string): void {
  for (const sentence of [problem.message, problem.hint ?? 'none']) {
    expect(sentence.length).toBeGreaterThan(0);
    expect(sentence.length).toBeLessThan(500);
    expect(/[\r\n]/.test(sentence)).toBe(false); // a sentence is one line
  }
  const text = formatProblem(problem, input);
  const line = text.split('\n')[1]?.slice(2);
  expectPresent(line);
  // A carriage return at its end is not shown, and is a place too.
  expect(problem.column).toBeGreaterThanOrEqual(1);
  expect(problem.column).toBeLessThanOrEqual(line.length + 2);
}

function fieldOf(name: string): Field {
  const type = Object.hasOwn(TYPES, name) ? (TYPES[name] ?? 'keyword') : 'keyword';
  return { name, type, doc: 'A field.', read: ({ event }) => Reflect.get(event.requestObject ?? {}, name) };
}

function eventValues(random: Random): FieldValues {
  const value = (): FieldValue => random.pick(EVENT_VALUES);
  return random.pick<FieldValues>([undefined, value(), [value(), value()], [value()]]);
}
