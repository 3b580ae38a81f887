import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import type { Field, FieldType } from '../../ecs/field.ts';
import { nearest } from '../nearest.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { formatProblem } from '../problem.ts';
import { MAXIMUM_QUERY_LENGTH, parseKql } from './parse.ts';

function field(name: string, type: FieldType): Field {
  return { name, type, doc: 'A field.', read: () => undefined };
}

const VERB = field('kubernetes.audit.verb', 'keyword');
const USER = field('user.name', 'keyword');
const IP = field('source.ip', 'ip');
const CODE = field('code', 'integer');
const FIELDS = new Map([VERB, USER, IP, CODE].map((known) => [known.name, known]));

const RESOLVER = {
  resolveField: (name: string) => FIELDS.get(name),
  suggestField: (name: string) => nearest(name, FIELDS.keys()),
};

function parse(query: string): Predicate {
  const result = parseKql(query, RESOLVER);
  expectKind(result, 'ok');
  expectKind(result, 'ok');
  return result.predicate;
}

/** The problems as a person sees them. */
function problems(query: string): string {
  const result = parseKql(query, RESOLVER);
  expectKind(result, 'invalid');
  return result.problems.map((problem) => formatProblem(problem, query)).join('\n');
}

function lines(...text: readonly string[]): string {
  return text.join('\n');
}

test('a condition is a test of the values of a field', () => {
  expect(parse('user.name:alice')).toEqual({ kind: 'any', field: USER, test: { kind: 'equals', value: 'alice' } });
  expect(parse('user.name:a*z')).toEqual({ kind: 'any', field: USER, test: { kind: 'wildcard', parts: ['a', 'z'] } });
  expect(parse('user.name:*')).toEqual({ kind: 'exists', field: USER });
  expect(parse('code:403')).toEqual({ kind: 'any', field: CODE, test: { kind: 'equals', value: 403 } });
  expect(parse('code <= 5')).toEqual({ kind: 'any', field: CODE, test: { kind: 'range', operator: '<=', value: 5 } });
  expect(parse('source.ip:10.0.0.0/8')).toEqual({
    kind: 'any',
    field: IP,
    test: { kind: 'cidr', cidr: '10.0.0.0/8' },
  });
});

test('`not` binds closer than `and`, `and` closer than `or`', () => {
  const one: Predicate = { kind: 'any', field: CODE, test: { kind: 'equals', value: 1 } };
  const two: Predicate = { kind: 'any', field: CODE, test: { kind: 'equals', value: 2 } };
  const three: Predicate = { kind: 'any', field: CODE, test: { kind: 'equals', value: 3 } };
  const expected: Predicate = {
    kind: 'or',
    operands: [{ kind: 'and', operands: [{ kind: 'not', operand: one }, two] }, three],
  };
  expect(parse('not code:1 and code:2 or code:3')).toEqual(expected);
  expect(parse('NOT code:1 And code:2 oR code:3')).toEqual(expected);
  expect(parse('code:(not 1 and 2 or 3)')).toEqual(expected);
  expect(parse('not(code:1)and(code:2)or(code:3)')).toEqual(expected);
});

test('an empty query is true of everything', () => {
  expect(parse('')).toEqual({ kind: 'constant', value: true });
  expect(parse(' \n')).toEqual({ kind: 'constant', value: true });
});

test('all unknown fields are reported, each with its place and a suggestion', () => {
  expect(problems('user.nmae:alice and verb:create\n  and xyzzy:1')).toBe(
    lines(
      'line 1, column 1: unknown field `user.nmae`',
      '  user.nmae:alice and verb:create',
      '  ^',
      '  hint: did you mean user.name?',
      'line 1, column 21: unknown field `verb`',
      '  user.nmae:alice and verb:create',
      '                      ^',
      '  hint: did you mean kubernetes.audit.verb?',
      'line 2, column 7: unknown field `xyzzy`',
      '    and xyzzy:1',
      '        ^',
    ),
  );
});

test('a mistake of meaning does not hide the mistake of syntax behind it', () => {
  expect(problems('code:x and user.name:"a')).toMatch(/is not a number(?:.|\n)*never closed/);
});

test('an open parenthesis is shown where it opens', () => {
  expect(problems('user.name:a and (code:1 or\n code:2')).toBe(
    lines(
      'line 1, column 17: this `(` is never closed',
      '  user.name:a and (code:1 or',
      '                  ^',
      '  hint: add the closing `)`',
    ),
  );
});

test('a colon in a value is shown with two ways out', () => {
  expect(problems('user.name:system:anonymous')).toBe(
    lines(
      'line 1, column 17: a `:` in a value must be quoted or escaped',
      '  user.name:system:anonymous',
      '                  ^',
      '  hint: write "system:anonymous" or system\\:anonymous',
    ),
  );
});

test('a missing value is shown at the sign before it', () => {
  expect(problems('user.name:')).toBe(
    lines(
      'line 1, column 10: `:` has no value to its right',
      '  user.name:',
      '           ^',
      '  hint: write a value, or * for any value',
    ),
  );
});

test.each<readonly [string, string]>([
  ['user.name = alice', 'write user.name:alice'],
  ['user.name=alice', 'write user.name:alice'],
  ['user.name == "alice"', 'write user.name:"alice"'],
  ['user.name != alice', 'write not user.name:alice'],
  ['user.name in ("a", "b")', 'write user.name:("a" or "b")'],
  ['!user.name:alice', 'write not user.name'],
  ['-user.name:alice', 'write not user.name'],
  ['code:1 && code:2', 'write and instead'],
  ['code:1 || code:2', 'write or instead'],
  ['code:1 code:2', 'write `and` or `or` before code'],
  ['alice code:2', 'write field:value, and `and` or `or` before code'],
  ['code:>=5', 'write field >= value'],
  ['code => 5', 'write `>=`'],
  ["user.name:'alice'", 'write "alice"; or, if the quotes are part of the text, "\'alice\'"'],
  ['user.name:{first:a}', 'write the full name of each inner field'],
  ['user.*:a', 'name each field'],
  ['alice', 'write field:value'],
  ['user.name:"a\\"', 'write \\\\" at the end'],
  ['user.name:a\\d', 'write \\\\ for a backslash'],
  ['source.ip:nowhere', 'write an address such as 10.0.0.1'],
])('what other languages write is answered with what KQL writes: %s', (query, hint) => {
  expect(problems(query)).toContain(`hint: ${hint}`);
});

test('a query has a greatest length and a greatest depth, and the depth of `not` costs nothing', () => {
  expect(problems('('.repeat(60_000))).toMatch(/nested more than 100 deep/);
  expect(problems(`code:${'('.repeat(101)}1${')'.repeat(101)}`)).toMatch(/nested more than 100 deep/);
  expect(problems(' '.repeat(MAXIMUM_QUERY_LENGTH + 1))).toMatch(/has 65537 characters/);
  parse(`code:${'('.repeat(100)}1${')'.repeat(100)}`);
  parse(`${'not '.repeat(16_000)}code:1`);
});

test('at most 20 problems are reported', () => {
  const result = parseKql(Array.from({ length: 500 }, () => 'nowhere:1').join(' or '), RESOLVER);
  expectKind(result, 'invalid');
  expect(result.problems).toHaveLength(20);
});
