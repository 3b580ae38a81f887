import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from '../problem.ts';
import type { Command, Expression } from './ast.ts';
import { MAXIMUM_COMMANDS, MAXIMUM_QUERY_LENGTH, parseEsql } from './parse.ts';
import { MAXIMUM_CHAIN, MAXIMUM_DEPTH } from './parser.ts';

function commands(query: string): readonly Command[] {
  const result = parseEsql(query);
  assert.ok(result.kind === 'ok', JSON.stringify(result));
  return result.commands;
}

function problem(query: string): string {
  const result = parseEsql(query);
  assert.ok(result.kind === 'invalid', `accepted: ${query}`);
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
  assert.ok(command?.kind === 'where');
  return grouped(command.condition);
}

test('operators bind as in Elasticsearch', () => {
  const cases: readonly (readonly [string, string])[] = [
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
  ];
  for (const [condition, expected] of cases) assert.equal(where(condition), expected, condition);
});

test('a name in an assignment is the text of the expression where none is given', () => {
  const [, command] = commands('FROM l | STATS c = COUNT(*), MAX( a ) WHERE b BY d, e = f + 1, f  + 2');
  assert.ok(command?.kind === 'stats');
  assert.deepEqual(
    command.aggregates.map(({ name, where: filter }) => [name, filter === undefined]),
    [
      ['c', true],
      ['MAX( a )', false],
    ],
  );
  assert.deepEqual(
    command.groups.map(({ name }) => name),
    ['d', 'e', 'f  + 2'],
  );
});

test('sources of all shapes, comments and letter case', () => {
  const query =
    'from logs-k8s.*-prod, -logs-old, "quoted name", remote:idx metadata _id, _index // why\n| Where /* not */ a';
  const [from, second] = commands(query);
  assert.ok(from?.kind === 'from');
  assert.deepEqual(
    from.metadata.map(({ pieces }) => pieces),
    [['_id'], ['_index']],
  );
  assert.equal(second?.kind, 'where');
});

test('wildcards are cut where they stand, but not in backticks', () => {
  const [, command] = commands('FROM l | KEEP a.*, *b*, `c*d`, *');
  assert.ok(command?.kind === 'keep');
  assert.deepEqual(
    command.names.map(({ pieces }) => pieces),
    [['a.', ''], ['', 'b', ''], ['c*d'], ['', '']],
  );
});

test('a mistake is shown with its line, a caret and a hint', () => {
  assert.equal(
    problem('FROM logs\n| WHERE a = 1'),
    'line 2, column 11: expected `|` or the end, found `=`\n  | WHERE a = 1\n            ^\n  hint: write == to compare',
  );
  assert.equal(
    problem('FROM logs | KEEPP a'),
    'line 1, column 13: unknown command `KEEPP`\n  FROM logs | KEEPP a\n              ^\n  hint: did you mean KEEP?',
  );
  assert.equal(
    problem('FROM logs | WHERE (a AND b'),
    'line 1, column 19: this parenthesis is never closed\n  FROM logs | WHERE (a AND b\n                    ^\n  hint: add the closing )',
  );
});

test('what is nested, chained, or takes time where there is much of it, is bounded', () => {
  const many = (count: number, item: string) => Array.from({ length: count }, () => item).join(', ');
  assert.match(problem(`ROW ${many(1_001, 'a = 1')}`), /more than 1000 names of columns/);
  assert.match(problem(`FROM l | KEEP ${many(1_001, 'a')}`), /more than 1000 names of columns/);
  assert.match(problem(`FROM l | WHERE a LIKE (${many(501, '"x*"')})`), /more than 500 patterns of LIKE/);
  assert.match(problem(`FROM l | GROK a ${many(51, '"%{INT}"')}`), /more than 50 patterns of GROK/);
  assert.match(problem(`ROW a = ${'('.repeat(MAXIMUM_DEPTH + 1)}1`), /nested more than 100 deep/);
  assert.match(problem(`FROM l | WHERE ${'NOT '.repeat(MAXIMUM_DEPTH + 1)}a`), /nested more than 100 deep/);
  assert.match(problem(`ROW a = 1${' + 1'.repeat(MAXIMUM_CHAIN)}`), /more than 400 operations/);
  assert.match(problem(`FROM l${' | LIMIT 1'.repeat(MAXIMUM_COMMANDS)}`), /more than 200 commands/);
  assert.match(problem('x'.repeat(MAXIMUM_QUERY_LENGTH + 1)), /65537 characters long/);
  assert.equal(commands(`FROM l | WHERE a${' OR a'.repeat(5_000)}`).length, 2);
});
