import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { fail } from '../../../test/support/fail.ts';
import type { Field, FieldType } from '../../ecs/field.ts';
import { nearest } from '../nearest.ts';
import type { Expression, Predicate, Test } from '../predicate/predicate.ts';
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
  if (result.kind === 'invalid') fail(result.problems.map((one) => formatProblem(one, source)).join('\n'));
  expectKind(result, 'event');
  return written(result.predicate);
}

function written(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'any':
      return `${predicate.field.name} ${test1(predicate.test)}`;
    case 'exists':
      return `exists ${predicate.field.name}`;
    case 'and':
    case 'or':
      return `(${predicate.operands.map(written).join(` ${predicate.kind} `)})`;
    case 'not':
      return `not ${written(predicate.operand)}`;
    case 'constant':
      return String(predicate.value);
    case 'holds':
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
  expectKind(result, 'sequence');
  return result.sequence;
}

test('a comparison of a field with a constant is a test of its values', () => {
  expect(condition('verb == "get"')).toBe('verb = "get"');
  expect(condition('verb == "g*t?"')).toBe('verb = "g*t?"');
  expect(condition('code == 403')).toBe('code = 403');
  expect(condition('code == "403"')).toBe('code = 403');
  expect(condition('code >= -1.5')).toBe('code >= -1.5');
  expect(condition('verb > "m"')).toBe('verb > "m"');
  expect(condition('verb == 5 or verb == true')).toBe('(verb = "5" or verb = "true")');
  expect(condition('dry == true')).toBe('dry = true');
  expect(condition('dry == false')).toBe('dry = false');
  expect(condition('ip == "10.0.0.1"')).toBe('ip = "10.0.0.1"');
  expect(condition('ip == "10.0.0.0/8"')).toBe('ip in 10.0.0.0/8');
  expect(condition('@timestamp < "2026-01-01"')).toBe('@timestamp < 1767225600000000');
  expect(condition('@timestamp == 1767225600000')).toBe(
    '(@timestamp >= 1767225600000000 and @timestamp <= 1767225600000999)',
  );
});

test('the constant may stand on the left', () => {
  expect(condition('"get" == verb')).toBe('verb = "get"');
  expect(condition('5 < code')).toBe('code > 5');
  expect(condition('5 >= code and 1 <= code')).toBe('(code <= 5 and code >= 1)');
  expect(condition('null != verb')).toBe('exists verb');
});

test('not is never moved inwards, so that it is true of what is absent', () => {
  expect(condition('verb != "get"')).toBe('not verb = "get"');
  expect(condition('not code > 5')).toBe('not code > 5');
  expect(condition('not (code > 5 and verb == "get")')).toBe('not (code > 5 and verb = "get")');
  expect(condition('verb not in ("a", "b")')).toBe('not (verb = "a" or verb = "b")');
  expect(condition('not verb != "get"')).toBe('verb = "get"');
});

test('a comparison with null asks whether there is a value', () => {
  expect(condition('verb == null')).toBe('not exists verb');
  expect(condition('verb != null')).toBe('exists verb');
  expect(condition('code < null')).toBe('false');
  expect(condition('length(verb) == null')).toBe('holds isNull(length(verb))');
  expect(condition('length(verb) != null')).toBe('not holds isNull(length(verb))');
});

test('constants are calculated', () => {
  expect(condition('true')).toBe('true');
  expect(condition('null')).toBe('false');
  expect(condition('1 + 2 * 3 == 7')).toBe('true');
  expect(condition('code == 1 + 2 * 3')).toBe('code = 7');
  expect(condition('code == 7 / 2')).toBe('code = 3');
  expect(condition('code == -7 / 2')).toBe('code = -3');
  expect(condition('code > 7 / 2.0')).toBe('code > 3.5');
  expect(condition('code == 7 % 4 - 1')).toBe('code = 2');
  expect(condition('code == 1 / 0')).toBe('not exists code');
  expect(condition('code + null == null')).toBe('true');
  expect(condition('code == length("four")')).toBe('code = 4');
  expect(condition('"a" == "A"')).toBe('false');
  expect(condition('"a" : "A*"')).toBe('true');
  expect(condition('2 in (1, 2) and "b" not in ("a")')).toBe('true');
  expect(condition('null == null and not null == 1 and null != 1')).toBe('true');
  expect(condition('verb == "a" and 1 < 2')).toBe('verb = "a"');
});

test('text is matched without case by `:` and the operators with a tilde', () => {
  expect(condition('verb : "Get"')).toBe('verb =~ "Get"');
  expect(condition('verb : "G*"')).toBe('verb wildcard~ "G*"');
  expect(condition('verb like "g**t"')).toBe('verb wildcard "g*t"');
  expect(condition('verb like "g?t*"')).toBe('verb like [{"literal":"g"},"one",{"literal":"t"},"any"]');
  expect(condition('verb like~ "get"')).toBe('verb =~ "get"');
  expect(condition('verb like "a\\\\*"')).toBe('verb wildcard "a\\\\*"');
  expect(condition('verb in~ ("G*", "p")')).toBe('(verb =~ "G*" or verb =~ "p")');
  expect(condition('verb : ("a", "b*")')).toBe('(verb =~ "a" or verb wildcard~ "b*")');
  expect(condition('verb regex "g.t"')).toBe('verb lucene "g.t"');
  expect(condition('verb regex~ ("get", "p[ou]t")')).toBe('(verb =~ "get" or verb lucene~ "p[ou]t")');
  expect(condition('verb regex ("g.t", "get", "p.t")')).toBe('(verb = "get" or verb lucene "g.t|p.t")');
});

test('a list of values', () => {
  expect(condition('code in (200, "403", null)')).toBe('(code = 200 or code = 403)');
  expect(condition('ip in ("10.0.0.0/8", "::1")')).toBe('(ip in 10.0.0.0/8 or ip = "::1")');
  expect(condition('verb in (null)')).toBe('false');
  expect(condition('verb in (concat("a", "b"), "c")')).toBe('(verb = "ab" or verb = "c")');
});

test('a name with unusual characters stands in backticks, whole or in part', () => {
  expect(condition('`notes.io/pod-name` == "a" and notes.`io/pod-name` == "b"')).toBe(
    '(notes.io/pod-name = "a" and notes.io/pod-name = "b")',
  );
});

test('a boolean field is a condition, and a condition may be compared with true and false', () => {
  expect(condition('dry')).toBe('dry = true');
  expect(condition('not dry')).toBe('not dry = true');
  expect(condition('dry != false')).toBe('not dry = false');
  expect(condition('(verb == "a") == true')).toBe('verb = "a"');
  expect(condition('(verb in ("a")) != true')).toBe('not verb = "a"');
  expect(condition('false == (verb : "a*")')).toBe('not verb wildcard~ "a*"');
  expect(condition('cidrMatch(ip, "10.0.0.0/8") == false')).toBe('not ip in 10.0.0.0/8');
});

test('a function that tests a field is a test', () => {
  expect(condition('startsWith(verb, "ge")')).toBe('verb wildcard "ge*"');
  expect(condition('endsWith~(verb, "ET")')).toBe('verb wildcard~ "*ET"');
  expect(condition('stringContains(verb, "e*")')).toBe('verb wildcard "*e**"');
  expect(condition('STARTSWITH(verb, "ge")')).toBe('verb wildcard "ge*"');
  expect(condition('startsWith(verb, null)')).toBe('false');
  expect(condition('cidrMatch(ip, "10.0.0.0/8", "::1")')).toBe('(ip in 10.0.0.0/8 or ip = "::1")');
  expect(condition('wildcard(verb, "a*", "b")')).toBe('(verb wildcard "a*" or verb = "b")');
  expect(condition('wildcard~(verb, "a*")')).toBe('verb wildcard~ "a*"');
  expect(condition('matchesRe2(verb, "^g|(?i)t$")')).toBe('verb re2 "^g|(?i)t$"');
  expect(condition('matchesRe2(verb, "(?i)a", "b|c")')).toBe('verb re2 "(?:(?i)a)|(?:b|c)"');
  expect(condition('matchesRe2(verb, null)')).toBe('false');
});

test('what is no test of a field holds as an expression', () => {
  expect(condition('length(verb) > 3')).toBe('holds (length(verb) > 3)');
  expect(condition('3 < length(verb)')).toBe('holds (length(verb) > 3)');
  expect(condition('length(verb) != 3')).toBe('not holds (length(verb) == 3)');
  expect(condition('matchesRe2(string(code), "^4")')).toBe('holds (string(code) re2 "^4")');
  expect(condition('code + 1 == 5')).toBe('holds ((code + 1) == 5)');
  expect(condition('-code < 5')).toBe('holds (negate(code) < 5)');
  expect(condition('code / 2.0 == 1')).toBe('holds ((code / 2f) == 1)');
  expect(condition('add(code, 1) == 5')).toBe('holds ((code + 1) == 5)');
  expect(condition('startsWith("getall", verb)')).toBe('holds startsWith("getall", verb)');
  expect(condition('substring(verb, 1) in ("a", "b")')).toBe('holds (substring(verb, 1) in ["a", "b"])');
  expect(condition('substring(verb, 1) like ("a*", "b")')).toBe(
    'holds ((substring(verb, 1) wildcard "a*") or (substring(verb, 1) = "b"))',
  );
  expect(condition('substring(verb, 1) : "a"')).toBe('holds (substring(verb, 1) =~ "a")');
  expect(condition('string(verb == "a" and dry) == "true"')).toBe(
    'holds (string({(verb = "a" and dry = true)}) == "true")',
  );
  expect(condition('concat(verb, ":", code) == "get:200"')).toBe('holds (concat(verb, ":", code) == "get:200")');
});

test('a category is a condition on event.category', () => {
  expect(query('process where verb == "a"')).toBe('(event.category = "process" and verb = "a")');
  expect(query('"any" where true')).toBe('event.category = "any"');
  expect(query('any where true')).toBe('true');
});

test('a field that no event has is of any type, so that a rule for other data loads', () => {
  expect(condition('process.pid + 1 > 5')).toBe('holds ((process.pid + 1) > 5)');
  expect(condition('process.pid == 4 and process.pid')).toBe('(process.pid = "4" and process.pid = true)');
  expect(condition('length(process.pid) > 1')).toBe('holds (length(process.pid) > 1)');
  expect(condition('cidrMatch(destination.ip, "10.0.0.0/8")')).toBe('destination.ip = "10.0.0.0/8"');
  expect(condition('destination.ip : "10.*" or startsWith~(process.pid, "1")')).toBe(
    '(destination.ip wildcard~ "10.*" or process.pid wildcard~ "1*")',
  );
});

test('an optional field that nobody knows has no value', () => {
  expect(condition('?nobody == null')).toBe('true');
  expect(condition('?nobody != null or ?nobody == "a" or ?nobody : "a*" or ?nobody in ("a")')).toBe('false');
  expect(condition('not ?nobody == "a"')).toBe('true');
  expect(condition('?nobody or ?nobody > 1 or startsWith(?nobody, "a") or ?nobody + 1 == 2')).toBe('false');
  expect(condition('concat(?nobody, "a") == null')).toBe('true');
  expect(condition('?verb == "a"')).toBe('verb = "a"');
});

test('a sequence: keys of all items first, then those of each', () => {
  const { items, until, maxspanMicros } = sequence(`
    sequence by user.name, ?nobody with maxspan=1m
      [any where verb == "a"] by ip
      [process where true] by ?code with runs=3
    until [any where verb == "c"] by ip`);
  expect(maxspanMicros).toBe(60_000_000);
  expect(
    [...items, until].map((item) => [
      item && written(item.predicate),
      item?.by.map(({ field: { name }, optional }) => (optional ? `?${name}` : name)).join(' '),
      item?.runs,
    ]),
  ).toEqual([
    ['verb = "a"', 'user.name ?nobody ip', 1],
    ['event.category = "process"', 'user.name ?nobody ?code', 3],
    ['verb = "c"', 'user.name ?nobody ip', 1],
  ]);
  expect(items[0]?.by[1]?.field.neverSet).toBe(true);
  expect(items[0]?.by[0]?.field).toBe(FIELDS.get('user.name'));
});

test('a sequence without keys, span and end', () => {
  const plain = sequence('sequence [any where true] [any where true]');
  expect(Object.keys(plain)).toEqual(['items']);
  expect(plain.items[0]?.by).toEqual([]);
});
