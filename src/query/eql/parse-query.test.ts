import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { formatProblem } from '../problem.ts';
import { MAXIMUM_QUERY_LENGTH, parseSyntax } from './parse-query.ts';
import type { Node, QuerySyntax } from './syntax.ts';

function parse(source: string): QuerySyntax {
  const result = parseSyntax(source);
  expectKind(result, 'ok');
  return result.query;
}

/** The condition of `any where …`, written with all its parentheses. */
function condition(source: string): string {
  const query = parse(`any where ${source}`);
  expectKind(query, 'event');
  return written(query.event.condition);
}

function written(node: Node): string {
  switch (node.kind) {
    case 'string':
      return JSON.stringify(node.text);
    case 'number':
      return node.integer ? String(node.value) : `${node.value}f`;
    case 'boolean':
      return String(node.value);
    case 'null':
      return 'null';
    case 'field':
      return `${node.optional ? '?' : ''}${node.name}`;
    case 'call':
      return `${node.name}${node.caseless ? '~' : ''}(${node.arguments.map(written).join(', ')})`;
    case 'not':
      return `(not ${written(node.operand)})`;
    case 'and':
    case 'or':
      return `(${node.operands.map(written).join(` ${node.kind} `)})`;
    case 'compare':
    case 'arithmetic':
      return `(${written(node.left)} ${node.operator} ${written(node.right)})`;
    case 'match':
      return `(${written(node.operand)} ${node.negated ? 'not ' : ''}${node.operator} [${node.list.map(written).join(', ')}])`;
    case 'negate':
      return `(-${written(node.operand)})`;
  }
}

/** The mistake as a person sees it. */
function mistake(source: string): string {
  const result = parseSyntax(source);
  expectKind(result, 'invalid');
  return formatProblem(result.problem, source);
}

function message(source: string): string {
  return mistake(source).split('\n')[0] ?? '';
}

function hint(source: string): string {
  return mistake(source).split('\n')[3] ?? '';
}

test('operators bind as in Elasticsearch', () => {
  expect(condition('not a and b or c and not d')).toBe('(((not a) and b) or (c and (not d)))');
  expect(condition('not a == 1')).toBe('(not (a == 1))');
  expect(condition('not not a')).toBe('a');
  expect(condition('1 + 2 * -a - 4 % 3 == 5')).toBe('(((1 + (2 * (-a))) - (4 % 3)) == 5)');
  expect(condition('-a * b < 1')).toBe('(((-a) * b) < 1)');
  expect(condition('a + b in (1)')).toBe('(a + (b in [1]))');
  expect(condition('(a + b) in (1)')).toBe('((a + b) in [1])');
  expect(condition('a : "x" == true')).toBe('((a : ["x"]) == true)');
  expect(condition('a - -1 >= 0')).toBe('((a - -1) >= 0)');
});

test('a list may stand behind each operator that matches', () => {
  expect(condition('a in ("x", 2, null)')).toBe('(a in ["x", 2, null])');
  expect(condition('a not in~ ("x")')).toBe('(a not in~ ["x"])');
  expect(condition('a:("x", "y*")')).toBe('(a : ["x", "y*"])');
  expect(condition('a like~ "x" or a regex ("y", "z")')).toBe('((a like~ ["x"]) or (a regex ["y", "z"]))');
});

test('fields, with question marks, backticks and keywords inside of them', () => {
  expect(condition('?a.b == null')).toBe('(?a.b == null)');
  expect(condition('`a.b/c-d` == a.`x``y`.z')).toBe('(a.b/c-d == a.x`y.z)');
  expect(condition('?`?a` == 1')).toBe('(??a == 1)');
  expect(condition('@timestamp > 1')).toBe('(@timestamp > 1)');
  expect(condition('`and` == 1 and AND == 2')).toBe('((and == 1) and (AND == 2))');
});

test('functions, with any expression as argument', () => {
  expect(condition('startsWith~(a, "x")')).toBe('startsWith~(a, "x")');
  expect(condition('length (concat(a, b == 1 or c)) > 0')).toBe('(length(concat(a, ((b == 1) or c))) > 0)');
  expect(condition('f()')).toBe('f()');
});

test('numbers and their kinds', () => {
  expect(condition('a == 1')).toBe('(a == 1)');
  expect(condition('a == 1.0')).toBe('(a == 1f)');
  expect(condition('a in (.5, 1., 2e3, -1.5e-2)')).toBe('(a in [0.5f, 1f, 2000f, -0.015f])');
});

test('strings', () => {
  expect(condition('a == "\\t\\"\\\\\\u{e9}\\u{0001F600}"')).toBe('(a == "\\t\\"\\\\é😀")');
  expect(condition('a == """C:\\new "x" \'y\'"""')).toBe(`(a == ${JSON.stringify('C:\\new "x" \'y\'')})`);
  expect(condition('a == """""" or a == """"x""" or a == """x"""""')).toBe(
    '((a == "") or (a == "\\"x") or (a == "x\\"\\""))',
  );
  expect(condition('a == ""')).toBe('(a == "")');
});

test('comments stand for white space', () => {
  expect(condition('a // == 2 \n /* and\n b */ == /**/ 1 // end')).toBe('(a == 1)');
  expect(condition('a == "// no" and b == "/* no */"')).toBe('((a == "// no") and (b == "/* no */"))');
});

test('categories', () => {
  const categoryOf = (source: string) => {
    const query = parse(source);
    return query.kind === 'event' ? query.event.category?.name : undefined;
  };
  expect(categoryOf('any where true')).toBeUndefined();
  expect(categoryOf('process where true')).toBe('process');
  expect(categoryOf('"my event" where true')).toBe('my event');
  expect(categoryOf('"""any""" where true')).toBe('any');
});

test('a sequence with all that it can have', () => {
  const query = parse(`
    sequence by user.name, ?host with maxspan=15m
      [ any where a == 1 ] by b, ?c
      [ process where true ] by d, e with runs=3
    until [ any where false ] by f, g`);
  expectKind(query, 'sequence');
  expect(query.by.map(written)).toEqual(['user.name', '?host']);
  expect(query.maxspanMicros).toBe(900_000_000);
  expect(
    query.items.map(({ event, by, runs }) => [event.category?.name, written(event.condition), by.map(written), runs]),
  ).toEqual([
    [undefined, '(a == 1)', ['b', '?c'], 1],
    ['process', 'true', ['d', 'e'], 3],
  ]);
  expect(query.until?.by.map(written)).toEqual(['f', 'g']);
});

test('units of maxspan', () => {
  const spanOf = (span: string) => {
    const query = parse(`sequence with maxspan=${span} [any where true] [any where true]`);
    return query.kind === 'sequence' ? query.maxspanMicros : undefined;
  };
  expect(['1ms', '2s', '3 m', '4h', '5d'].map(spanOf)).toEqual([1_000, 2e6, 180e6, 14_400e6, 432_000e6]);
});

test('one item that runs several times is a sequence', () => {
  expect(parse('sequence [any where true] with runs=2').kind).toBe('sequence');
  expect(message('sequence [any where true]')).toMatch(/column 1: a sequence needs at least two events/);
  expect(message('sequence [any where true] with runs=1 until [any where true]')).toMatch(/at least two events/);
});

test('a mistake has its place, and a caret under it', () => {
  expect(mistake('any where a = "x"')).toBe(
    [
      'line 1, column 13: `=` is not an EQL operator',
      '  any where a = "x"',
      '              ^',
      '  hint: write == to compare, or : to compare in any letter case',
    ].join('\n'),
  );
  expect(message("any\nwhere\n  a == 'x'")).toMatch(/^line 3, column 8: EQL has no single quotes/);
  expect(hint("any where a == 'x\"y'")).toBe('  hint: write "x\\"y"');
});

test('what stays out is refused by name, with the reason', () => {
  expect(message('sample by a [any where true] [any where true]')).toMatch(
    /samples .* are not supported: their events have no order/,
  );
  expect(message('sequence [any where a] ![any where b]')).toMatch(/column 24: missing events .* are not supported/);
  expect(message('join [any where true] [any where true]')).toMatch(
    /joins are not supported, here or in Elasticsearch/,
  );
  expect(message('any where true | head 5')).toMatch(
    /column 16: the pipe `\| head` is not supported: pipes process the results/,
  );
  expect(message('any where true | count')).toMatch(/the pipe `\| count` is not supported, here or in Elasticsearch/);
  expect(message('any where true | haed 5')).toMatch(/column 18: `haed` is not an EQL pipe, did you mean head\?/);
  expect(message('sequence [any where a] [any where b] | tail 1')).toMatch(/column 38: the pipe/);
  expect(message('any where descendant of [any where true]')).toMatch(/column 11: relations of processes/);
  expect(message('any where a == 1 and child of [any where true]')).toMatch(/column 22: relations of processes/);
  expect(message('any where a[0] == 1')).toMatch(/column 12: indexing into a list/);
});

test.each<readonly [string, RegExp]>([
  ['', /column 1: the query is empty/],
  ["'x' where true", /column 1: EQL has no single quotes/],
  ['any', /column 4: expected `where` after `any`, found the end/],
  ['42 where true', /column 1: expected `any`, a category or `sequence`, found `42`/],
  ['`x` where true', /a category cannot be in backticks/],
  ['any where', /column 5: `where` has no operand to its right/],
  ['any where a ==', /column 13: `==` has no operand to its right/],
  ['any where a == 1 b', /column 18: expected an operator, found `b`/],
  ['any where a == 1 AND b', /column 18: expected an operator, found `AND`/],
  ['any where (a == 1', /column 11: this `\(` is never closed/],
  ['any where a == 1)', /column 17: nothing opens this `\)`/],
  ['any where ()', /these parentheses are empty/],
  ['any where a == 1 == 2', /column 18: comparisons cannot be chained/],
  ['any where a not like "x"', /column 13: `not` is not allowed before `like`/],
  ['any where a like b', /column 18: `like` takes a constant, found `b`/],
  ['any where a : ("x", b)', /column 21: `:` takes a constant/],
  ['any where a in "x"', /column 16: expected `\(` after `in`, found `"x"`/],
  ['any where a && b', /column 13: `&` is not an EQL operator/],
  ['any where a || b', /column 13: `\|\|` is not an EQL operator/],
  ['any where !a', /column 11: `!` is not an EQL operator/],
  ['any where a contains "x"', /column 13: `contains` is not an EQL operator/],
  ['any where startsWith~ == 1', /is a function and needs arguments/],
  ['any where a == ?"x"', /`\?"…"` is no longer a raw string/],
  ['any where a == "x', /column 16: this quotation mark is not closed on its line/],
  ['any where a == "x\ny"', /column 16: this quotation mark is not closed on its line/],
  ['any where a == """x\ny"""', /column 16: this raw string is not closed on its line/],
  ['any where a == "\\q"', /column 17: `\\q` is not an escape sequence/],
  ['any where a == "\\u00e9"', /column 17: `\\u` needs two to eight hexadecimal digits in braces/],
  ['any where a == "\\u{d800}"', /is not a Unicode character/],
  ['any where a == 1e999', /this number is too large/],
  ['any where a /* b', /column 13: this comment is never closed/],
  ['any where `a == 1', /column 11: this backtick is never closed/],
  ['any where a.where == 1', /column 13: expected a name after `\.`, found `where`/],
  ['any where a.1b == 1', /column 12: expected an operator, found `\.1`/],
  ['any where a in ~ ("x")', /column 16: `~` must follow a name directly/],
  ['any where a in ("x" "y")', /column 21: expected `,` or `\)`, found `"y"`/],
  ['any where length(a "x") == 1', /column 20: expected `,` or `\)`, found `"x"`/],
  ['any where a == “x”', /column 16: EQL has no typographic quotation marks/],
  ['any where a > now-5m', /column 20: expected an operator, found `m`/],
  ['sequence [any where a] any where b', /column 24: expected an operator, found `any`/],
  ['sequence [any where a], [any where b]', /column 23: the events of a sequence are not separated by commas/],
  ['any where a == #', /column 16: `#` is not valid here in EQL/],
  ['sequence with maxspan=5m by a [any where a] [any where b]', /column 26: `by` must come before `with maxspan`/],
  ['sequence with maxspan=5 [any where a] [any where b]', /column 23: maxspan has no unit/],
  ['sequence with maxspan=5w [any where a] [any where b]', /column 24: `w` is not a unit of time/],
  ['sequence with maxspan=0s [any where a] [any where b]', /maxspan takes a whole number of at least 1/],
  ['sequence with maxspan=1.5m [any where a] [any where b]', /maxspan takes a whole number of at least 1/],
  ['sequence with runs=2 [any where a] [any where b]', /column 15: expected `maxspan`, found `runs`/],
  ['sequence [any where a] with runs=0 [any where b]', /runs takes a whole number from 1 to 100, found `0`/],
  ['sequence [any where a] with runs=101 [any where b]', /found `101`/],
  ['sequence [any where a] with maxspan=1m [any where b]', /column 29: expected `runs`, found `maxspan`/],
  ['sequence [any where a] with runs=2 by c [any where b] by c', /column 36: `by` must come before `with runs`/],
  ['sequence [any where a] [any where b] until [any where c] with runs=2', /`until` takes no `with runs`/],
  ['sequence by length(a) [any where a] [any where b]', /column 13: expected a field as join key, found `length`/],
  ['sequence [any where a', /column 10: this `\[` is never closed/],
  ['sequence by a any where b', /expected `\[`, found `any`/],
])('mistakes of syntax say what was expected: %s', (source, expected) => {
  expect(message(source)).toMatch(expected);
});

test('a query in KQL is told to be one', () => {
  const kql = /if this is KQL, set type: query, or language: kuery/;
  expect(hint('event.action: create')).toMatch(kql);
  expect(hint('kubernetes.audit.objectRef.name: x')).toMatch(kql);
  expect(hint('event.action == "create"')).not.toMatch(kql);
});

test('hostile queries are refused in bounds', () => {
  expect(message(`any where ${'('.repeat(50_000)}`)).toMatch(/nested more than 100 deep/);
  expect(message(`any where ${'f('.repeat(30_000)}`)).toMatch(/nested more than 100 deep/);
  expect(message(`any where a ${'+ a '.repeat(10_000)} == 1`)).toMatch(/more than 100 arithmetic operators/);
  expect(message(`any where ${'x'.repeat(MAXIMUM_QUERY_LENGTH)}`)).toMatch(/the limit is 65536/);
  expect(message('\n('.repeat(5 << 20))).toMatch(/line 1, column 1: the query has 10485760 characters/);
  expect(message(`sequence ${'[any where a] with runs=100 '.repeat(11)}`)).toMatch(/1100 events; the limit is 1000/);
  expect(condition(`${'not '.repeat(10_001)}a`)).toBe('(not a)');
  expect(condition(`${'('.repeat(100)}a${')'.repeat(100)}`)).toBe('a');
});
