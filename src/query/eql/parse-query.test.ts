import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from '../problem.ts';
import { MAXIMUM_QUERY_LENGTH, parseSyntax } from './parse-query.ts';
import type { Node, QuerySyntax } from './syntax.ts';

function parse(source: string): QuerySyntax {
  const result = parseSyntax(source);
  assert.ok(
    result.kind === 'ok',
    `${source}\n${result.kind === 'invalid' ? formatProblem(result.problem, source) : ''}`,
  );
  return result.query;
}

/** The condition of `any where …`, written with all its parentheses. */
function condition(source: string): string {
  const query = parse(`any where ${source}`);
  assert.ok(query.kind === 'event');
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
  assert.ok(result.kind === 'invalid', source);
  return formatProblem(result.problem, source);
}

function message(source: string): string {
  return mistake(source).split('\n')[0] ?? '';
}

function hint(source: string): string {
  return mistake(source).split('\n')[3] ?? '';
}

test('operators bind as in Elasticsearch', () => {
  assert.equal(condition('not a and b or c and not d'), '(((not a) and b) or (c and (not d)))');
  assert.equal(condition('not a == 1'), '(not (a == 1))');
  assert.equal(condition('not not a'), 'a');
  assert.equal(condition('1 + 2 * -a - 4 % 3 == 5'), '(((1 + (2 * (-a))) - (4 % 3)) == 5)');
  assert.equal(condition('-a * b < 1'), '(((-a) * b) < 1)');
  assert.equal(condition('a + b in (1)'), '(a + (b in [1]))');
  assert.equal(condition('(a + b) in (1)'), '((a + b) in [1])');
  assert.equal(condition('a : "x" == true'), '((a : ["x"]) == true)');
  assert.equal(condition('a - -1 >= 0'), '((a - -1) >= 0)');
});

test('a list may stand behind each operator that matches', () => {
  assert.equal(condition('a in ("x", 2, null)'), '(a in ["x", 2, null])');
  assert.equal(condition('a not in~ ("x")'), '(a not in~ ["x"])');
  assert.equal(condition('a:("x", "y*")'), '(a : ["x", "y*"])');
  assert.equal(condition('a like~ "x" or a regex ("y", "z")'), '((a like~ ["x"]) or (a regex ["y", "z"]))');
});

test('fields, with question marks, backticks and keywords inside of them', () => {
  assert.equal(condition('?a.b == null'), '(?a.b == null)');
  assert.equal(condition('`a.b/c-d` == a.`x``y`.z'), '(a.b/c-d == a.x`y.z)');
  assert.equal(condition('?`?a` == 1'), '(??a == 1)');
  assert.equal(condition('@timestamp > 1'), '(@timestamp > 1)');
  assert.equal(condition('`and` == 1 and AND == 2'), '((and == 1) and (AND == 2))');
});

test('functions, with any expression as argument', () => {
  assert.equal(condition('startsWith~(a, "x")'), 'startsWith~(a, "x")');
  assert.equal(condition('length (concat(a, b == 1 or c)) > 0'), '(length(concat(a, ((b == 1) or c))) > 0)');
  assert.equal(condition('f()'), 'f()');
});

test('numbers and their kinds', () => {
  assert.equal(condition('a == 1'), '(a == 1)');
  assert.equal(condition('a == 1.0'), '(a == 1f)');
  assert.equal(condition('a in (.5, 1., 2e3, -1.5e-2)'), '(a in [0.5f, 1f, 2000f, -0.015f])');
});

test('strings', () => {
  assert.equal(condition('a == "\\t\\"\\\\\\u{e9}\\u{0001F600}"'), '(a == "\\t\\"\\\\é😀")');
  assert.equal(condition('a == """C:\\new "x" \'y\'"""'), `(a == ${JSON.stringify('C:\\new "x" \'y\'')})`);
  assert.equal(
    condition('a == """""" or a == """"x""" or a == """x"""""'),
    '((a == "") or (a == "\\"x") or (a == "x\\"\\""))',
  );
  assert.equal(condition('a == ""'), '(a == "")');
});

test('comments stand for white space', () => {
  assert.equal(condition('a // == 2 \n /* and\n b */ == /**/ 1 // end'), '(a == 1)');
  assert.equal(condition('a == "// no" and b == "/* no */"'), '((a == "// no") and (b == "/* no */"))');
});

test('categories', () => {
  const categoryOf = (source: string) => {
    const query = parse(source);
    return query.kind === 'event' ? query.event.category?.name : undefined;
  };
  assert.equal(categoryOf('any where true'), undefined);
  assert.equal(categoryOf('process where true'), 'process');
  assert.equal(categoryOf('"my event" where true'), 'my event');
  assert.equal(categoryOf('"""any""" where true'), 'any');
});

test('a sequence with all that it can have', () => {
  const query = parse(`
    sequence by user.name, ?host with maxspan=15m
      [ any where a == 1 ] by b, ?c
      [ process where true ] by d, e with runs=3
    until [ any where false ] by f, g`);
  assert.ok(query.kind === 'sequence');
  assert.deepEqual(query.by.map(written), ['user.name', '?host']);
  assert.equal(query.maxspanMicros, 900_000_000);
  assert.deepEqual(
    query.items.map(({ event, by, runs }) => [event.category?.name, written(event.condition), by.map(written), runs]),
    [
      [undefined, '(a == 1)', ['b', '?c'], 1],
      ['process', 'true', ['d', 'e'], 3],
    ],
  );
  assert.deepEqual(query.until?.by.map(written), ['f', 'g']);
});

test('units of maxspan', () => {
  const spanOf = (span: string) => {
    const query = parse(`sequence with maxspan=${span} [any where true] [any where true]`);
    return query.kind === 'sequence' ? query.maxspanMicros : undefined;
  };
  assert.deepEqual(['1ms', '2s', '3 m', '4h', '5d'].map(spanOf), [1_000, 2e6, 180e6, 14_400e6, 432_000e6]);
});

test('one item that runs several times is a sequence', () => {
  assert.equal(parse('sequence [any where true] with runs=2').kind, 'sequence');
  assert.match(message('sequence [any where true]'), /column 1: a sequence has at least two events/);
  assert.match(message('sequence [any where true] with runs=1 until [any where true]'), /at least two events/);
});

test('a mistake has its place, and a caret under it', () => {
  assert.equal(
    mistake('any where a = "x"'),
    [
      'line 1, column 13: `=` is no operator of EQL',
      '  any where a = "x"',
      '              ^',
      '  hint: write == for equal, or : for equal in any letter case',
    ].join('\n'),
  );
  assert.match(message("any\nwhere\n  a == 'x'"), /^line 3, column 8: single quotes do not quote in EQL/);
  assert.equal(hint("any where a == 'x\"y'"), '  hint: write "x\\"y"');
});

test('what stays out is refused by name, with the reason', () => {
  assert.match(
    message('sample by a [any where true] [any where true]'),
    /samples .* are not supported: their events have no order/,
  );
  assert.match(message('sequence [any where a] ![any where b]'), /column 24: missing events .* are not supported/);
  assert.match(message('join [any where true] [any where true]'), /joins are not supported, nor in Elasticsearch/);
  assert.match(
    message('any where true | head 5'),
    /column 16: the pipe `\| head` is not supported: a pipe works on the results/,
  );
  assert.match(message('any where true | count'), /the pipe `\| count` is not supported, nor in Elasticsearch/);
  assert.match(message('any where true | haed 5'), /column 18: `haed` is no pipe of EQL, did you mean head\?/);
  assert.match(message('sequence [any where a] [any where b] | tail 1'), /column 38: the pipe/);
  assert.match(message('any where descendant of [any where true]'), /column 11: relations of processes/);
  assert.match(message('any where a == 1 and child of [any where true]'), /column 22: relations of processes/);
  assert.match(message('any where a[0] == 1'), /column 12: a place in a list/);
});

test('mistakes of syntax say what was expected', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /column 1: there is no query/],
    ["'x' where true", /column 1: single quotes do not quote in EQL/],
    ['any', /column 4: expected `where` behind `any`, found the end/],
    ['42 where true', /column 1: expected `any`, a category or `sequence`, found `42`/],
    ['`x` where true', /a category does not stand in backticks/],
    ['any where', /column 5: `where` has nothing to its right/],
    ['any where a ==', /column 13: `==` has nothing to its right/],
    ['any where a == 1 b', /column 18: expected an operator, found `b`/],
    ['any where a == 1 AND b', /column 18: expected an operator, found `AND`/],
    ['any where (a == 1', /column 11: this `\(` is never closed/],
    ['any where a == 1)', /column 17: nothing opens this `\)`/],
    ['any where ()', /there is nothing between these parentheses/],
    ['any where a == 1 == 2', /column 18: a comparison cannot be compared again/],
    ['any where a not like "x"', /column 13: `not` cannot stand before `like`/],
    ['any where a like b', /column 18: `like` takes a constant, found `b`/],
    ['any where a : ("x", b)', /column 21: `:` takes a constant/],
    ['any where a in "x"', /column 16: expected `\(` behind `in`, found `"x"`/],
    ['any where a && b', /column 13: `&` is no operator of EQL/],
    ['any where a || b', /column 13: `\|\|` is no operator of EQL/],
    ['any where !a', /column 11: `!` is no operator of EQL/],
    ['any where a contains "x"', /column 13: `contains` is no operator of EQL/],
    ['any where startsWith~ == 1', /is a function and needs its arguments/],
    ['any where a == ?"x"', /`\?"…"` is no raw string any more/],
    ['any where a == "x', /column 16: this quotation mark is not closed on its line/],
    ['any where a == "x\ny"', /column 16: this quotation mark is not closed on its line/],
    ['any where a == """x\ny"""', /column 16: this raw string is not closed on its line/],
    ['any where a == "\\q"', /column 17: `\\q` is no escape/],
    ['any where a == "\\u00e9"', /column 17: `\\u` needs two to eight hexadecimal digits in braces/],
    ['any where a == "\\u{d800}"', /is no character of Unicode/],
    ['any where a == 1e999', /this number is too large/],
    ['any where a /* b', /column 13: this comment is never closed/],
    ['any where `a == 1', /column 11: this backtick is never closed/],
    ['any where a.where == 1', /column 13: expected a name behind `\.`, found `where`/],
    ['any where a.1b == 1', /column 12: expected an operator, found `\.1`/],
    ['any where a in ~ ("x")', /column 16: a `~` stands directly behind a name/],
    ['any where a in ("x" "y")', /column 21: expected `,` or `\)`, found `"y"`/],
    ['any where length(a "x") == 1', /column 20: expected `,` or `\)`, found `"x"`/],
    ['any where a == “x”', /column 16: typographic quotation marks do not quote in EQL/],
    ['any where a > now-5m', /column 20: expected an operator, found `m`/],
    ['sequence [any where a] any where b', /column 24: expected an operator, found `any`/],
    ['sequence [any where a], [any where b]', /column 23: the events of a sequence have no commas between them/],
    ['any where a == #', /column 16: `#` begins nothing that EQL knows/],
    ['sequence with maxspan=5m by a [any where a] [any where b]', /column 26: `by` stands before `with maxspan`/],
    ['sequence with maxspan=5 [any where a] [any where b]', /column 23: maxspan has no unit/],
    ['sequence with maxspan=5w [any where a] [any where b]', /column 24: `w` is no unit of time/],
    ['sequence with maxspan=0s [any where a] [any where b]', /maxspan takes a whole number of at least 1/],
    ['sequence with maxspan=1.5m [any where a] [any where b]', /maxspan takes a whole number of at least 1/],
    ['sequence with runs=2 [any where a] [any where b]', /column 15: expected `maxspan`, found `runs`/],
    ['sequence [any where a] with runs=0 [any where b]', /runs takes a whole number from 1 to 100, found `0`/],
    ['sequence [any where a] with runs=101 [any where b]', /found `101`/],
    ['sequence [any where a] with maxspan=1m [any where b]', /column 29: expected `runs`, found `maxspan`/],
    ['sequence [any where a] with runs=2 by c [any where b] by c', /column 36: `by` stands before `with runs`/],
    ['sequence [any where a] [any where b] until [any where c] with runs=2', /`until` takes no `with runs`/],
    ['sequence by length(a) [any where a] [any where b]', /column 13: expected a field as join key, found `length`/],
    ['sequence [any where a', /column 10: this `\[` is never closed/],
    ['sequence by a any where b', /expected `\[`, found `any`/],
  ];
  for (const [source, expected] of cases) assert.match(message(source), expected, source);
});

test('a query in KQL is told to be one', () => {
  const kql = /if this is KQL, write type: query, or language: kuery/;
  assert.match(hint('event.action: create'), kql);
  assert.match(hint('kubernetes.audit.objectRef.name: x'), kql);
  assert.doesNotMatch(hint('event.action == "create"'), kql);
});

test('hostile queries are refused in bounds', () => {
  assert.match(message(`any where ${'('.repeat(50_000)}`), /nested more than 100 deep/);
  assert.match(message(`any where ${'f('.repeat(30_000)}`), /nested more than 100 deep/);
  assert.match(message(`any where a ${'+ a '.repeat(10_000)} == 1`), /more than 100 arithmetic operators/);
  assert.match(message(`any where ${'x'.repeat(MAXIMUM_QUERY_LENGTH)}`), /the limit is 65536/);
  assert.match(message('\n('.repeat(5 << 20)), /line 1, column 1: the query is 10485760 characters long/);
  assert.match(message(`sequence ${'[any where a] with runs=100 '.repeat(11)}`), /1100 events, the limit is 1000/);
  assert.equal(condition(`${'not '.repeat(10_001)}a`), '(not a)');
  assert.equal(condition(`${'('.repeat(100)}a${')'.repeat(100)}`), 'a');
});
