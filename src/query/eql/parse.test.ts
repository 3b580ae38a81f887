import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Field, FieldType } from '../../ecs/field.ts';
import { nearest } from '../nearest.ts';
import type { Expression, Predicate, Test } from '../predicate.ts';
import { formatProblem } from '../problem.ts';
import { type EqlSequence, parseEql } from './parse.ts';

function field(name: string, type: FieldType): Field {
  return { name, type, doc: 'A field.', read: () => undefined };
}

function absent(name: string): Field {
  return { ...field(name, 'keyword'), neverSet: true };
}

const FIELDS = new Map(
  [
    field('verb', 'keyword'),
    field('user.name', 'keyword'),
    field('notes.io/pod-name', 'keyword'),
    field('ip', 'ip'),
    field('code', 'integer'),
    field('count', 'integer'),
    field('dry', 'boolean'),
    field('@timestamp', 'date'),
    absent('event.category'),
    absent('process.pid'),
    absent('destination.ip'),
  ].map((known) => [known.name, known]),
);

const RESOLVER = {
  resolveField: (name: string) => FIELDS.get(name),
  suggestField: (name: string) => nearest(name, FIELDS.keys()),
};

/** The condition of `any where …`, in one line. */
function condition(source: string): string {
  return query(`any where ${source}`);
}

function query(source: string): string {
  const result = parseEql(source, RESOLVER);
  if (result.kind === 'invalid') assert.fail(result.problems.map((one) => formatProblem(one, source)).join('\n'));
  assert.ok(result.kind === 'event');
  return written(result.predicate);
}

function written(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'any':
      return `${predicate.field.name} ${test1(predicate.test)}`;
    case 'exists':
    case 'single':
      return `${predicate.kind} ${predicate.field.name}`;
    case 'and':
    case 'or':
      return `(${predicate.operands.map(written).join(` ${predicate.kind} `)})`;
    case 'not':
      return `not ${written(predicate.operand)}`;
    case 'constant':
      return String(predicate.value);
    case 'holds':
      assert.equal(predicate.values, 'any');
      return `holds ${expression(predicate.expression)}`;
  }
}

function test1(one: Test): string {
  const tilde = 'caseless' in one && one.caseless ? '~' : '';
  switch (one.kind) {
    case 'equals':
      return `=${tilde} ${JSON.stringify(one.value)}`;
    case 'wildcard':
      return `wildcard${tilde} ${JSON.stringify(one.parts.join('*'))}`;
    case 'like':
      return `like${tilde} ${JSON.stringify(one.pieces)}`;
    case 'regex':
      return `${one.syntax}${tilde} ${JSON.stringify(one.source)}`;
    case 'range':
      return `${one.operator} ${JSON.stringify(one.value)}`;
    case 'cidr':
      return `in ${one.cidr}`;
  }
}

function expression(one: Expression): string {
  switch (one.kind) {
    case 'literal':
      return `${JSON.stringify(one.value)}${one.isDouble ? 'f' : ''}`;
    case 'field':
      return one.field.name;
    case 'call':
      return `${one.function.name}${one.caseless ? '~' : ''}(${one.arguments.map(expression).join(', ')})`;
    case 'compare':
    case 'arithmetic':
      return `(${expression(one.left)} ${one.operator} ${expression(one.right)})`;
    case 'and':
    case 'or':
      return `(${one.operands.map(expression).join(` ${one.kind} `)})`;
    case 'in':
      return `(${expression(one.operand)} in [${one.list.map(expression).join(', ')}])`;
    case 'not':
    case 'isNull':
    case 'negate':
      return `${one.kind}(${expression(one.operand)})`;
    case 'test':
      return `(${expression(one.operand)} ${test1(one.test)})`;
    case 'matches':
      return `{${written(one.predicate)}}`;
  }
}

function sequence(source: string): EqlSequence {
  const result = parseEql(source, RESOLVER);
  assert.ok(result.kind === 'sequence', JSON.stringify(result));
  return result.sequence;
}

test('a comparison of a field with a constant is a test of its values', () => {
  assert.equal(condition('verb == "get"'), 'verb = "get"');
  assert.equal(condition('verb == "g*t?"'), 'verb = "g*t?"');
  assert.equal(condition('code == 403'), 'code = 403');
  assert.equal(condition('code == "403"'), 'code = 403');
  assert.equal(condition('code >= -1.5'), 'code >= -1.5');
  assert.equal(condition('verb > "m"'), 'verb > "m"');
  assert.equal(condition('verb == 5 or verb == true'), '(verb = "5" or verb = "true")');
  assert.equal(condition('dry == true'), 'dry = true');
  assert.equal(condition('dry == false'), 'dry = false');
  assert.equal(condition('ip == "10.0.0.1"'), 'ip = "10.0.0.1"');
  assert.equal(condition('ip == "10.0.0.0/8"'), 'ip in 10.0.0.0/8');
  assert.equal(condition('@timestamp < "2026-01-01"'), '@timestamp < 1767225600000000');
  assert.equal(
    condition('@timestamp == 1767225600000'),
    '(@timestamp >= 1767225600000000 and @timestamp <= 1767225600000999)',
  );
});

test('the constant may stand on the left', () => {
  assert.equal(condition('"get" == verb'), 'verb = "get"');
  assert.equal(condition('5 < code'), 'code > 5');
  assert.equal(condition('5 >= code and 1 <= code'), '(code <= 5 and code >= 1)');
  assert.equal(condition('null != verb'), 'exists verb');
});

test('not is never moved inwards, so that it is true of what is absent', () => {
  assert.equal(condition('verb != "get"'), 'not verb = "get"');
  assert.equal(condition('not code > 5'), 'not code > 5');
  assert.equal(condition('not (code > 5 and verb == "get")'), 'not (code > 5 and verb = "get")');
  assert.equal(condition('verb not in ("a", "b")'), 'not (verb = "a" or verb = "b")');
  assert.equal(condition('not verb != "get"'), 'verb = "get"');
});

test('a comparison with null asks whether there is a value', () => {
  assert.equal(condition('verb == null'), 'not exists verb');
  assert.equal(condition('verb != null'), 'exists verb');
  assert.equal(condition('code < null'), 'false');
  assert.equal(condition('length(verb) == null'), 'holds isNull(length(verb))');
  assert.equal(condition('length(verb) != null'), 'not holds isNull(length(verb))');
});

test('constants are calculated', () => {
  assert.equal(condition('true'), 'true');
  assert.equal(condition('null'), 'false');
  assert.equal(condition('1 + 2 * 3 == 7'), 'true');
  assert.equal(condition('code == 1 + 2 * 3'), 'code = 7');
  assert.equal(condition('code == 7 / 2'), 'code = 3');
  assert.equal(condition('code == -7 / 2'), 'code = -3');
  assert.equal(condition('code > 7 / 2.0'), 'code > 3.5');
  assert.equal(condition('code == 7 % 4 - 1'), 'code = 2');
  assert.equal(condition('code == 1 / 0'), 'not exists code');
  assert.equal(condition('code + null == null'), 'true');
  assert.equal(condition('code == length("four")'), 'code = 4');
  assert.equal(condition('"a" == "A"'), 'false');
  assert.equal(condition('"a" : "A*"'), 'true');
  assert.equal(condition('2 in (1, 2) and "b" not in ("a")'), 'true');
  assert.equal(condition('null == null and not null == 1 and null != 1'), 'true');
  assert.equal(condition('verb == "a" and 1 < 2'), 'verb = "a"');
});

test('text is matched without case by `:` and the operators with a tilde', () => {
  assert.equal(condition('verb : "Get"'), 'verb =~ "Get"');
  assert.equal(condition('verb : "G*"'), 'verb wildcard~ "G*"');
  assert.equal(condition('verb like "g**t"'), 'verb wildcard "g*t"');
  assert.equal(condition('verb like "g?t*"'), 'verb like [{"literal":"g"},"one",{"literal":"t"},"any"]');
  assert.equal(condition('verb like~ "get"'), 'verb =~ "get"');
  assert.equal(condition('verb like "a\\\\*"'), 'verb wildcard "a\\\\*"');
  assert.equal(condition('verb in~ ("G*", "p")'), '(verb =~ "G*" or verb =~ "p")');
  assert.equal(condition('verb : ("a", "b*")'), '(verb =~ "a" or verb wildcard~ "b*")');
  assert.equal(condition('verb regex "g.t"'), 'verb lucene "g.t"');
  assert.equal(condition('verb regex~ ("get", "p[ou]t")'), '(verb =~ "get" or verb lucene~ "p[ou]t")');
  assert.equal(condition('verb regex ("g.t", "get", "p.t")'), '(verb = "get" or verb lucene "g.t|p.t")');
});

test('a list of values', () => {
  assert.equal(condition('code in (200, "403", null)'), '(code = 200 or code = 403)');
  assert.equal(condition('ip in ("10.0.0.0/8", "::1")'), '(ip in 10.0.0.0/8 or ip = "::1")');
  assert.equal(condition('verb in (null)'), 'false');
  assert.equal(condition('verb in (concat("a", "b"), "c")'), '(verb = "ab" or verb = "c")');
});

test('a name with unusual characters stands in backticks, whole or in part', () => {
  assert.equal(
    condition('`notes.io/pod-name` == "a" and notes.`io/pod-name` == "b"'),
    '(notes.io/pod-name = "a" and notes.io/pod-name = "b")',
  );
});

test('a boolean field is a condition, and a condition may be compared with true and false', () => {
  assert.equal(condition('dry'), 'dry = true');
  assert.equal(condition('not dry'), 'not dry = true');
  assert.equal(condition('dry != false'), 'not dry = false');
  assert.equal(condition('(verb == "a") == true'), 'verb = "a"');
  assert.equal(condition('(verb in ("a")) != true'), 'not verb = "a"');
  assert.equal(condition('false == (verb : "a*")'), 'not verb wildcard~ "a*"');
  assert.equal(condition('cidrMatch(ip, "10.0.0.0/8") == false'), 'not ip in 10.0.0.0/8');
});

test('a function that tests a field is a test', () => {
  assert.equal(condition('startsWith(verb, "ge")'), 'verb wildcard "ge*"');
  assert.equal(condition('endsWith~(verb, "ET")'), 'verb wildcard~ "*ET"');
  assert.equal(condition('stringContains(verb, "e*")'), 'verb wildcard "*e**"');
  assert.equal(condition('STARTSWITH(verb, "ge")'), 'verb wildcard "ge*"');
  assert.equal(condition('startsWith(verb, null)'), 'false');
  assert.equal(condition('cidrMatch(ip, "10.0.0.0/8", "::1")'), '(ip in 10.0.0.0/8 or ip = "::1")');
  assert.equal(condition('wildcard(verb, "a*", "b")'), '(verb wildcard "a*" or verb = "b")');
  assert.equal(condition('wildcard~(verb, "a*")'), 'verb wildcard~ "a*"');
  assert.equal(condition('matchesRe2(verb, "^g|(?i)t$")'), 'verb re2 "^g|(?i)t$"');
  assert.equal(condition('matchesRe2(verb, "(?i)a", "b|c")'), 'verb re2 "(?:(?i)a)|(?:b|c)"');
  assert.equal(condition('matchesRe2(verb, null)'), 'false');
});

test('what is no test of a field holds as an expression', () => {
  assert.equal(condition('length(verb) > 3'), 'holds (length(verb) > 3)');
  assert.equal(condition('3 < length(verb)'), 'holds (length(verb) > 3)');
  assert.equal(condition('length(verb) != 3'), 'not holds (length(verb) == 3)');
  assert.equal(condition('matchesRe2(string(code), "^4")'), 'holds (string(code) re2 "^4")');
  assert.equal(condition('code + 1 == 5'), 'holds ((code + 1) == 5)');
  assert.equal(condition('-code < 5'), 'holds (negate(code) < 5)');
  assert.equal(condition('code / 2.0 == 1'), 'holds ((code / 2f) == 1)');
  assert.equal(condition('add(code, 1) == 5'), 'holds ((code + 1) == 5)');
  assert.equal(condition('startsWith("getall", verb)'), 'holds startsWith("getall", verb)');
  assert.equal(condition('substring(verb, 1) in ("a", "b")'), 'holds (substring(verb, 1) in ["a", "b"])');
  assert.equal(
    condition('substring(verb, 1) like ("a*", "b")'),
    'holds ((substring(verb, 1) wildcard "a*") or (substring(verb, 1) = "b"))',
  );
  assert.equal(condition('substring(verb, 1) : "a"'), 'holds (substring(verb, 1) =~ "a")');
  assert.equal(
    condition('string(verb == "a" and dry) == "true"'),
    'holds (string({(verb = "a" and dry = true)}) == "true")',
  );
  assert.equal(condition('concat(verb, ":", code) == "get:200"'), 'holds (concat(verb, ":", code) == "get:200")');
});

test('a category is a condition on event.category', () => {
  assert.equal(query('process where verb == "a"'), '(event.category = "process" and verb = "a")');
  assert.equal(query('"any" where true'), 'event.category = "any"');
  assert.equal(query('any where true'), 'true');
});

test('a field that no event has is of any type, so that a rule for other data loads', () => {
  assert.equal(condition('process.pid + 1 > 5'), 'holds ((process.pid + 1) > 5)');
  assert.equal(condition('process.pid == 4 and process.pid'), '(process.pid = "4" and process.pid = true)');
  assert.equal(condition('length(process.pid) > 1'), 'holds (length(process.pid) > 1)');
  assert.equal(condition('cidrMatch(destination.ip, "10.0.0.0/8")'), 'destination.ip = "10.0.0.0/8"');
  assert.equal(
    condition('destination.ip : "10.*" or startsWith~(process.pid, "1")'),
    '(destination.ip wildcard~ "10.*" or process.pid wildcard~ "1*")',
  );
});

test('an optional field that nobody knows has no value', () => {
  assert.equal(condition('?nobody == null'), 'true');
  assert.equal(condition('?nobody != null or ?nobody == "a" or ?nobody : "a*" or ?nobody in ("a")'), 'false');
  assert.equal(condition('not ?nobody == "a"'), 'true');
  assert.equal(condition('?nobody or ?nobody > 1 or startsWith(?nobody, "a") or ?nobody + 1 == 2'), 'false');
  assert.equal(condition('concat(?nobody, "a") == null'), 'true');
  assert.equal(condition('?verb == "a"'), 'verb = "a"');
});

test('a sequence: keys of all items first, then those of each', () => {
  const { items, until, maxspanMicros } = sequence(`
    sequence by user.name, ?nobody with maxspan=1m
      [any where verb == "a"] by ip
      [process where true] by ?code with runs=3
    until [any where verb == "c"] by ip`);
  assert.equal(maxspanMicros, 60_000_000);
  assert.deepEqual(
    [...items, until].map((item) => [
      item && written(item.predicate),
      item?.by.map(({ field: { name }, optional }) => (optional ? `?${name}` : name)).join(' '),
      item?.runs,
    ]),
    [
      ['verb = "a"', 'user.name ?nobody ip', 1],
      ['event.category = "process"', 'user.name ?nobody ?code', 3],
      ['verb = "c"', 'user.name ?nobody ip', 1],
    ],
  );
  assert.equal(items[0]?.by[1]?.field.neverSet, true);
  assert.equal(items[0]?.by[0]?.field, FIELDS.get('user.name'));
});

test('a sequence without keys, span and end', () => {
  const plain = sequence('sequence [any where true] [any where true]');
  assert.deepEqual(Object.keys(plain), ['items']);
  assert.deepEqual(plain.items[0]?.by, []);
});
