import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { formatProblem } from '../problem.ts';
import type { Command, Expression } from './ast.ts';
import { MAXIMUM_COMMANDS, MAXIMUM_QUERY_LENGTH, parseEsql } from './parse.ts';
import { MAXIMUM_CHAIN, MAXIMUM_DEPTH } from './parser.ts';

function commands(query: string): readonly Command[] {
  const result = parseEsql(query);
  expectKind(result, 'ok');
  return result.commands;
}

function problem(query: string): string {
  const result = parseEsql(query);
  expectKind(result, 'invalid');
  return result.problems.map((one) => formatProblem(one, query)).join('\n');
}

/** The expression with parentheses around everything, as it was understood. */
function grouped(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return String(expression.value);
    case 'column':
      return expression.name;
    case 'compare':
    case 'arithmetic':
      return `(${grouped(expression.left)} ${expression.operator} ${grouped(expression.right)})`;
    case 'and':
    case 'or':
      return `(${expression.operands.map(grouped).join(` ${expression.kind} `)})`;
    case 'not':
    case 'negate':
      return `(${expression.kind} ${grouped(expression.operand)})`;
    case 'isNull':
      return `(${grouped(expression.operand)} is ${expression.negated ? 'not ' : ''}null)`;
    case 'in':
      return `(${grouped(expression.operand)} in ${expression.list.map(grouped).join(',')})`;
    case 'like':
    case 'rlike':
      return `(${grouped(expression.operand)} ${expression.kind} ${expression.patterns.map(({ value }) => value).join(',')})`;
    case 'cast':
      return `(${grouped(expression.operand)}::${expression.type})`;
    case 'call':
      return `${expression.name}(${expression.star ? '*' : expression.arguments.map(grouped).join(',')})`;
  }
}

function where(condition: string): string {
  const [, command] = commands(`FROM logs | WHERE ${condition}`);
  expectKind(command, 'where');
  return grouped(command.condition);
}

test.each<readonly [string, string]>([
  ['a OR b AND NOT c', '(a or (b and (not c)))'],
  ['NOT a == b', '(not (a == b))'],
  ['NOT a IN (1, 2)', '(not (a in 1,2))'],
  ['a NOT IN (1)', '(not (a in 1))'],
  ['a + b * c - d', '((a + (b * c)) - d)'],
  ['-a * b', '((negate a) * b)'],
  ['-1 - -2', '(-1 - -2)'],
  ['a::long + 1 > b', '(((a::long) + 1) > b)'],
  ['a == 1 IS NOT NULL', '((a == 1) is not null)'],
  ['a NOT LIKE "x*" OR b RLIKE ("y", "z")', '((not (a like x*)) or (b rlike y,z))'],
  ['count(*) > f(g(1), h())', '(count(*) > f(g(1),h()))'],
  ['(a)', 'a'],
  ['kubernetes.audit.`user.name/x`.`a``b` == @timestamp', '(kubernetes.audit.user.name/x.a`b == @timestamp)'],
])('operators bind as in Elasticsearch: %s', (condition, expected) => {
  expect(where(condition)).toEqual(expected);
});

test('a name in an assignment is the text of the expression where none is given', () => {
  const [, command] = commands('FROM l | STATS c = COUNT(*), MAX( a ) WHERE b BY d, e = f + 1, f  + 2');
  expectKind(command, 'stats');
  expect(command.aggregates.map(({ name, where: filter }) => [name, filter === undefined])).toEqual([
    ['c', true],
    ['MAX( a )', false],
  ]);
  expect(command.groups.map(({ name }) => name)).toEqual(['d', 'e', 'f  + 2']);
});

test('sources of all shapes, comments and letter case', () => {
  const query =
    'from logs-k8s.*-prod, -logs-old, "quoted name", remote:idx metadata _id, _index // why\n| Where /* not */ a';
  const [from, second] = commands(query);
  expectKind(from, 'from');
  expect(from.metadata.map(({ pieces }) => pieces)).toEqual([['_id'], ['_index']]);
  expectKind(second, 'where');
});

test('wildcards are cut where they stand, but not in backticks', () => {
  const [, command] = commands('FROM l | KEEP a.*, *b*, `c*d`, *');
  expectKind(command, 'keep');
  expect(command.names.map(({ pieces }) => pieces)).toEqual([['a.', ''], ['', 'b', ''], ['c*d'], ['', '']]);
});

test('a mistake is shown with its line, a caret and a hint', () => {
  expect(problem('FROM logs\n| WHERE a = 1')).toBe(
    'line 2, column 11: expected `|` or the end, found `=`\n  | WHERE a = 1\n            ^\n  hint: write == to compare',
  );
  expect(problem('FROM logs | KEEPP a')).toBe(
    'line 1, column 13: unknown command `KEEPP`\n  FROM logs | KEEPP a\n              ^\n  hint: did you mean KEEP?',
  );
  expect(problem('FROM logs | WHERE (a AND b')).toBe(
    'line 1, column 19: this parenthesis is never closed\n  FROM logs | WHERE (a AND b\n                    ^\n  hint: add the closing )',
  );
});

test('what is nested, chained, or takes time where there is much of it, is bounded', () => {
  const many = (count: number, item: string) => Array.from({ length: count }, () => item).join(', ');
  expect(problem(`ROW ${many(1_001, 'a = 1')}`)).toMatch(/more than 1000 names of columns/);
  expect(problem(`FROM l | KEEP ${many(1_001, 'a')}`)).toMatch(/more than 1000 names of columns/);
  expect(problem(`FROM l | WHERE a LIKE (${many(501, '"x*"')})`)).toMatch(/more than 500 patterns of LIKE/);
  expect(problem(`FROM l | GROK a ${many(51, '"%{INT}"')}`)).toMatch(/more than 50 patterns of GROK/);
  expect(problem(`ROW a = ${'('.repeat(MAXIMUM_DEPTH + 1)}1`)).toMatch(/nested more than 100 deep/);
  expect(problem(`FROM l | WHERE ${'NOT '.repeat(MAXIMUM_DEPTH + 1)}a`)).toMatch(/nested more than 100 deep/);
  expect(problem(`ROW a = 1${' + 1'.repeat(MAXIMUM_CHAIN)}`)).toMatch(/more than 400 operations/);
  expect(problem(`FROM l${' | LIMIT 1'.repeat(MAXIMUM_COMMANDS)}`)).toMatch(/more than 200 commands/);
  expect(problem('x'.repeat(MAXIMUM_QUERY_LENGTH + 1))).toMatch(/65537 characters/);
  expect(commands(`FROM l | WHERE a${' OR a'.repeat(5_000)}`)).toHaveLength(2);
});
