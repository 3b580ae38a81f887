import assert from 'node:assert/strict';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import { compilePredicate } from '../../src/query/compile.ts';
import { fieldsOf } from '../../src/query/fields-of.ts';
import { parseKql } from '../../src/query/kql/parse.ts';
import { nearest } from '../../src/query/nearest.ts';
import { formatProblem, type Problem } from '../../src/query/problem.ts';
import { projectOnto } from '../../src/query/required.ts';
import { createFieldSlots } from '../../src/query/slots.ts';
import { mutate, type Random, randomBytes } from './random.ts';
import type { FuzzTarget } from './target.ts';

const NAMES = ['verb', 'user.name', 'source.ip', 'code', 'dry', 'when'] as const;
const TYPES: Readonly<Record<string, FieldType>> = { 'source.ip': 'ip', code: 'integer', dry: 'boolean', when: 'date' };
const FIELDS = new Map<string, Field>(NAMES.map((name) => [name, fieldOf(name)]));

const TOKENS = [
  ' ',
  '\n',
  '\t',
  '(',
  ')',
  '{',
  '}',
  ':',
  '"',
  '\\',
  '*',
  '<',
  '<=',
  '>',
  '>=',
  '=',
  "'",
  ' and ',
  ' or ',
  'not ',
  'AND',
  '\\and',
  '\\not',
  '\\u00e9',
  '\\u',
  '\\"',
  'now-1d',
  '10.0.0.0/8',
  '::1',
  '\u{1f600}',
  '\ud800',
  ...NAMES,
] as const satisfies readonly [string, ...string[]];

const VALUES = [
  'a',
  'create',
  'get*',
  '*',
  '*a*b*',
  '"quoted text"',
  '"a\\"b"',
  'system\\:node\\:*',
  'two words',
  '403',
  '-1',
  'true',
  '10.0.0.1',
  '10.0.0.0/8',
  '"2001:db8::1"',
  '2026-01-01',
  '"2026-01-01T00:00:00Z"',
  'caf\\u00e9',
  '\\or',
  '""',
] as const satisfies readonly [string, ...string[]];

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

/** Queries in Kibana's language: none throws, hangs or is answered with a place that does not exist; what is accepted runs. */
export const kqlTarget: FuzzTarget = { name: 'kql', generate, check, timeLimitMs: 400 };

function fieldOf(name: string): Field {
  const type = Object.hasOwn(TYPES, name) ? (TYPES[name] ?? 'keyword') : 'keyword';
  return { name, type, doc: 'A field.', read: ({ event }) => Reflect.get(event.requestObject ?? {}, name) };
}

function generate(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return randomBytes(random, 200);
    case 1:
      return Array.from({ length: random.below(60) }, () => random.pick(TOKENS)).join('');
    case 2:
      return query(random, 6);
    case 3:
      return random.chance(0.05) ? repeated(random) : query(random, 3);
    default:
      return mutate(random, query(random, 4), TOKENS);
  }
}

/** As long as a query may be, made of one piece: what takes quadratic time shows here. */
function repeated(random: Random): string {
  const piece =
    mutate(random, random.pick([random.pick(TOKENS), query(random, 1), 'a ', 'a:b or ', 'a:(']), TOKENS) || ' ';
  return (
    random.pick(['', 'verb:', '(', '"', query(random, 1)]) + piece.repeat(Math.ceil(65_536 / piece.length))
  ).slice(0, 65_536);
}

/** A query of the grammar, with about `size` conditions. */
function query(random: Random, size: number): string {
  if (size <= 1) return condition(random);
  const rest = query(random, size - 1);
  return random.pick([
    `${condition(random)} and ${rest}`,
    `${rest} OR ${condition(random)}`,
    `not (${rest})`,
    `( ${rest} ) and not ${condition(random)}`,
    `${condition(random)}\n  or ${rest}`,
  ]);
}

function condition(random: Random): string {
  const name = random.pick(NAMES);
  if (random.chance(0.2)) return `${name} ${random.pick(['<', '<=', '>', '>='])} ${random.pick(VALUES)}`;
  return `${name}:${random.chance(0.5) ? random.pick(VALUES) : `(${list(random, 3)})`}`;
}

function list(random: Random, depth: number): string {
  const value = random.pick(VALUES);
  if (depth === 0) return value;
  const rest = list(random, depth - 1);
  return random.pick([value, `${value} or ${rest}`, `not ${value} and ${rest}`, `${value} and not (${rest})`]);
}

function check(input: string, random: Random): void {
  const result = parseKql(input, {
    resolveField: (name) => FIELDS.get(name),
    suggestField: (name) => nearest(name, NAMES),
  });
  if (result.kind === 'invalid') {
    assert.ok(result.problems.length > 0, 'an invalid query has a problem');
    for (const problem of result.problems) checkProblem(problem, input);
    return;
  }
  const slots = createFieldSlots();
  const matches = compilePredicate(result.predicate, slots);
  const memo = slots.createMemo();
  for (const field of fieldsOf(result.predicate)) projectOnto(result.predicate, field);
  for (let left = 3; left > 0; left -= 1) {
    const requestObject = Object.fromEntries(NAMES.map((name) => [name, eventValues(random)]));
    memo.reset({ event: { requestObject }, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false });
    assert.equal(typeof matches(memo), 'boolean');
  }
}

function checkProblem(problem: Problem, input: string): void {
  const line = input.split('\n')[problem.line - 1];
  assert.ok(line !== undefined, `line ${problem.line} does not exist`);
  assert.ok(problem.column >= 1 && problem.column <= line.length + 1, `column ${problem.column} does not exist`);
  assert.ok(problem.message.length > 0 && problem.message.length < 500, 'a message is a sentence');
  assert.ok((problem.hint ?? '').length < 500, 'a hint is a sentence');
  assert.ok(formatProblem(problem, input).length > 0);
}

function eventValues(random: Random): FieldValues {
  const value = (): FieldValue => random.pick(EVENT_VALUES);
  return random.pick<FieldValues>([undefined, value(), [value(), value()], [value()]]);
}
