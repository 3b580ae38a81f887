import { expect } from '@jest/globals';
import { AGGREGATES } from '../../src/query/esql/aggregates.ts';
import { compileEsql } from '../../src/query/esql/compile.ts';
import type { DataType } from '../../src/query/esql/data-type.ts';
import { createDocumentTable } from '../../src/query/esql/document-table.ts';
import { FUNCTIONS } from '../../src/query/esql/functions.ts';
import { GROK_PATTERNS } from '../../src/query/esql/grok-patterns.ts';
import { startQuery } from '../../src/query/esql/start.ts';
import { toJson } from '../../src/query/esql/to-json.ts';
import { checkProblems, repeat } from './query-checks.ts';
import { mutate, type Random, randomBytes } from './random.ts';
import type { FuzzTarget } from './target.ts';

type Choices = readonly [string, ...string[]];

const TYPES: Readonly<Record<string, DataType>> = {
  verb: 'keyword',
  'user.name': 'keyword',
  code: 'integer',
  size: 'long',
  load: 'double',
  ip: 'ip',
  at: 'date',
  dry: 'boolean',
};
const NAMES: Choices = ['verb', 'user.name', 'code', 'size', 'load', 'ip', 'at', 'dry'];
const TABLE = createDocumentTable({
  types: TYPES,
  metadata: (name) => (name === '_id' ? { type: 'keyword', read: () => 'one' } : undefined),
  kql: () => ({ kind: 'ok', holds: () => true }),
});

const CALLS: Choices = ['kql', ...FUNCTIONS.map(({ name }) => name), ...AGGREGATES.map(({ name }) => name)];

const LITERALS: Choices = [
  'null',
  'true',
  'false',
  '0',
  '1',
  '-1',
  '2147483647',
  '9223372036854775807',
  '1e308',
  '-0.5',
  '""',
  '"a"',
  '"aXbX"',
  '"10.0.0.1"',
  '"10.0.0.0/8"',
  '"2026-11-20T10:00:00Z"',
  '"yyyy-MM-dd"',
  '"a+b%2F%zz"',
  '"""(a*)*\\d"""',
  '"(a|b)+$1"',
  '"\ud800"',
  '"year"',
  '5 minutes',
  '1 month',
  '-3 days',
  '[1, 2, 2]',
  '[1.5, -2]',
  '["b", "a", "b"]',
  '[true, false]',
  'NOW()',
  'TO_VERSION("1.2.3")',
];

const OPERATORS: Choices = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'AND', 'OR', '::'];
const TOKENS: Choices = [
  ...LITERALS,
  ...OPERATORS,
  ...NAMES,
  ...['|', ',', '(', ')', '[', ']', '=', '.', '*', '`', '"', '"""', '//', '/*', '*/', '\\', '\n', ' ', ':', '?', "'"],
  ...['FROM', 'ROW', 'WHERE', 'EVAL', 'STATS', 'BY', 'KEEP', 'DROP', 'RENAME', 'AS', 'GROK', 'DISSECT', 'MV_EXPAND'],
  ...['SORT', 'DESC', 'NULLS FIRST', 'LIMIT', 'METADATA', 'IS NULL', 'IS NOT NULL', 'IN', 'NOT', 'LIKE', 'RLIKE'],
  '%{WORD:w}',
  'ENRICH',
] as const;

/** Queries in ES|QL: none throws, hangs or is answered with a place that does not exist; what is accepted runs within its limits. */
export const esqlTarget: FuzzTarget = { name: 'esql', generate: generateEsql, check, timeLimitMs: 1_500 };

/** A query, or what is left of one; it reads the columns of `randomRow`. */
export function generateEsql(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return randomBytes(random, 200);
    case 1:
      return Array.from({ length: random.below(60) }, () => random.pick(TOKENS)).join(random.pick(['', ' ']));
    case 2:
      return random.chance(0.1) ? repeated(random) : query(random);
    case 3:
    case 4:
    case 5:
      return query(random);
    default:
      return mutate(random, query(random), TOKENS);
  }
}

/** As long as a query may be, made of one piece: what takes quadratic time shows here. */
function repeated(random: Random): string {
  const piece =
    mutate(
      random,
      random.pick([random.pick(TOKENS), '1 + ', 'NOT ', '- ', '(', '[1', 'a, ', '| WHERE dry ', 'a.']),
      TOKENS,
    ) || ' ';
  return repeat(random, random.pick(['', 'FROM l | WHERE ', 'ROW a = ', 'FROM l | KEEP ', 'ROW a = "']), piece);
}

function query(random: Random): string {
  const source = random.pick([
    'FROM logs-*',
    'FROM a, b METADATA _id',
    `ROW verb = ${expression(random, 2)}, code = 3`,
  ]);
  return [source, ...Array.from({ length: random.below(5) }, () => command(random))].join(random.pick([' | ', '\n| ']));
}

function command(random: Random): string {
  const name = () => random.pick(NAMES);
  switch (random.below(11)) {
    case 0:
      return `EVAL ${name()} = ${expression(random, 3)}, x = ${expression(random, 2)}`;
    case 1:
      return `STATS ${aggregates(random)} BY ${random.pick([name(), `k = ${expression(random, 2)}`, `${name()}, ${name()}`])}`;
    case 2:
      return `STATS ${aggregates(random)}`;
    case 3:
      return `SORT ${expression(random, 2)} ${random.pick(['', 'DESC', 'ASC NULLS FIRST'])}, ${name()}`;
    case 4:
      return `LIMIT ${random.below(5)}`;
    case 5:
      return random.pick([`KEEP ${name()}, *`, `DROP ${name()}`, `RENAME ${name()} AS y`, `MV_EXPAND ${name()}`]);
    case 6:
      return `GROK ${name()} "${random.pick(Object.keys(GROK_PATTERNS).map((key) => `%{${key}:w}`) as unknown as Choices)}"`;
    case 7:
      return `DISSECT ${name()} "${random.pick(['%{a}X%{b}', '%{+a} %{+a}', '%{a->}b%{}'])}"`;
    default:
      return `WHERE ${expression(random, 4)}`;
  }
}

function aggregates(random: Random): string {
  const { name } = random.pick(AGGREGATES as unknown as readonly [(typeof AGGREGATES)[number]]);
  const argument = random.pick([random.pick(NAMES), expression(random, 2)]);
  return `c = COUNT(*), a = ${name}(${argument}) ${random.pick(['', `WHERE ${expression(random, 2)}`])}`;
}

function expression(random: Random, depth: number): string {
  if (depth === 0 || random.chance(0.2)) return random.chance(0.5) ? random.pick(NAMES) : random.pick(LITERALS);
  const inner = () => expression(random, depth - 1);
  switch (random.below(8)) {
    case 0:
      return `${inner()} ${random.pick(['IS NULL', 'IS NOT NULL', 'LIKE "a*?"', 'RLIKE "(a|b)*"', 'NOT LIKE "*"'])}`;
    case 1:
      return `${inner()} IN (${inner()}, ${inner()})`;
    case 2:
      return `NOT (${inner()})`;
    case 3:
      return `(${inner()})::${random.pick(['integer', 'long', 'double', 'keyword', 'boolean', 'date', 'ip', 'version'])}`;
    case 4:
    case 5:
    case 6:
      return call(random, inner);
    default:
      return `${inner()} ${random.pick(OPERATORS)} ${inner()}`;
  }
}

/** Mostly with as many arguments as the function takes, and half of them of its types. */
function call(random: Random, inner: () => string): string {
  const name = random.pick(CALLS);
  const row = FUNCTIONS.find((candidate) => candidate.name === name);
  const parameters = row?.parameters.filter(({ optional }) => optional !== true || random.chance(0.5)) ?? [];
  return `${name}(${parameters.map(({ types }) => (random.chance(0.5) ? inner() : ofType(random, types[0] ?? 'keyword'))).join(', ')})`;
}

function ofType(random: Random, type: DataType): string {
  switch (type) {
    case 'boolean':
      return 'dry';
    case 'integer':
      return random.pick(['code', '2', '-1', '[1, 2]']);
    case 'long':
      return random.pick(['size', '5000000000']);
    case 'double':
      return random.pick(['load', '1e308', '0.1']);
    case 'date':
      return random.pick(['at', 'NOW()', '"2026-02-30"']);
    case 'ip':
      return random.pick(['ip', '"::1"']);
    case 'version':
      return '"1.2.3"::version';
    case 'date_period':
      return '1 day';
    case 'time_duration':
      return '5 minutes';
    default:
      return random.pick(['verb', '"a"', '["a", "b"]', '"(a)|b"', '"$1"']);
  }
}

const VALUES: readonly [unknown, ...unknown[]] = [
  null,
  undefined,
  '',
  'a',
  'aXbXc',
  'a'.repeat(3_000),
  '\ud800',
  '10.0.0.1',
  '::1',
  '2026-11-20T10:00:00Z',
  0,
  -1,
  200,
  2_147_483_647,
  1e300,
  true,
  ['a', 'b', 'a'],
  [1, 2, 3],
  { name: 'alice' },
];

/** Values, also hostile ones, for the names in a query. */
export function randomRow(random: Random): Record<string, unknown> {
  return Object.fromEntries([...NAMES, 'user'].map((name) => [name, random.pick(VALUES)]));
}

function check(input: string, random: Random): void {
  const compiled = compileEsql(input, TABLE);
  if (compiled.kind === 'invalid') {
    checkProblems(compiled.problems, input);
    return;
  }
  const { columns } = compiled.query;
  const running = startQuery(compiled.query, 1_764_000_000_000, { steps: 100_000, values: 10_000 });
  for (let left = 4; left > 0; left -= 1) {
    running.push(randomRow(random));
  }
  const { rows, warnings } = running.finish();
  expect(warnings.length).toBeLessThanOrEqual(20); // at most 20 warnings
  for (const row of rows) {
    expect(row).toHaveLength(columns.length); // a value for each column
    for (const [index, value] of row.entries())
      checkValue(toJson(value, columns[index]?.type ?? 'null'), columns[index]?.type);
  }
}

/** A value has the type of its column. */
function checkValue(value: unknown, type: DataType | undefined): void {
  if (value === null) return;
  if (Array.isArray(value)) {
    expect(value.length).toBeGreaterThan(1); // several values are at least two
    for (const item of value) checkValue(item, type);
    return;
  }
  const expected =
    type === 'boolean' ? 'boolean' : type === 'integer' || type === 'long' || type === 'double' ? 'number' : 'string';
  expect(typeof value).toBe(expected);
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
}
