import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import type { Field, FieldType } from '../../ecs/field.ts';
import { nearest } from '../nearest.ts';
import { formatProblem } from '../problem.ts';
import { parseEql } from './parse.ts';

function field(name: string, type: FieldType): Field {
  return { name, type, doc: 'A field.', read: () => undefined };
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
    field('event.category', 'keyword'),
  ].map((known) => [known.name, known]),
);

const RESOLVER = {
  resolveField: (name: string) => FIELDS.get(name),
  suggestField: (name: string) => nearest(name, FIELDS.keys()),
};

/** The problems as a person sees them. */
function problems(source: string): string {
  const result = parseEql(source, RESOLVER);
  expectKind(result, 'invalid');
  return result.problems.map((problem) => formatProblem(problem, source)).join('\n');
}

/** What is wrong with `any where …`, and the hint, in one line each. */
function wrong(source: string): string {
  const result = parseEql(`any where ${source}`, RESOLVER);
  expectKind(result, 'invalid');
  return result.problems.map(({ column, message, hint }) => `${column - 10}: ${message} (${hint})`).join('\n');
}

test('every item has as many keys', () => {
  expect(problems('sequence [any where true] by ip [any where true] by ip, code\nuntil [any where true]')).toBe(
    [
      'line 1, column 53: this item has 2 join keys of its own, but the first has 1',
      '  sequence [any where true] by ip [any where true] by ip, code',
      '                                                      ^',
      '  hint: give every item the same number of fields after `by`, in the same order',
      'line 2, column 7: this item has 0 join keys of its own, but the first has 1',
      '  until [any where true]',
      '        ^',
      '  hint: give every item the same number of fields after `by`, in the same order',
    ].join('\n'),
  );
});

test('all that is wrong with names, types and values is reported, in the order of the text', () => {
  expect(problems('any where user.nmae == "a" and code : "5"\n  or vreb == 1')).toBe(
    [
      'line 1, column 11: unknown field `user.nmae`',
      '  any where user.nmae == "a" and code : "5"',
      '            ^',
      '  hint: did you mean user.name?',
      'line 1, column 32: `:` compares text, but this is a number',
      '  any where user.nmae == "a" and code : "5"',
      '                                 ^',
      '  hint: write ==',
      'line 2, column 6: unknown field `vreb`',
      '    or vreb == 1',
      '       ^',
      '  hint: did you mean verb?',
    ].join('\n'),
  );
});

test('unknown fields', () => {
  expect(wrong('zzzzzz == 1')).toBe(
    '1: unknown field `zzzzzz` (for a text write "zzzzzz", for an optional field ?zzzzzz)',
  );
  expect(wrong('notes.io/pod-name == "a"').split('\n')[0]).toBe(
    '1: unknown field `notes.io` (put the name in backticks: `notes.io/pod-name`)',
  );
  expect(problems('sequence by usr.name [any where true] [any where true]')).toMatch(
    /column 13: unknown field `usr.name`/,
  );
});

test.each<readonly [string, RegExp]>([
  ['verb == user.name', /^6: a field cannot be compared with another field/],
  ['length(verb) > code', /^14: a field cannot be compared with another field/],
  ['verb in (user.name, "a")', /^10: expected a constant in this list/],
  ['verb in~ (user.name)', /^11: expected a constant in this list/],
  ['code + count == 1', /^1: `\+`/],
  ['verb + 1 == 2', /^1: `\+` takes numbers, but this is text \(convert it with number/],
  ['code + verb in ("a")', /^8: `\+` takes numbers, but this is true or false \(put the expression before/],
  [
    'verb/b-c.d == 1',
    /^1: `\/` takes numbers, but this is text \(if this is a field name, put it in backticks: `verb\/b-c.d`\)$/,
  ],
  ['-"a" == 1', /^2: `-` takes numbers/],
  ['@timestamp + 1 > 2', /but this is a date/],
  ['verb', /^1: expected a condition, but verb is not a boolean \(write verb != null/],
  ['"a"', /^1: expected a condition, but this is text/],
  ['code + 1', /^1: expected a condition, but this is a number/],
  ['length(verb)', /^1: expected a condition, but length returns a number/],
  ['not code', /^5: expected a condition/],
  ['length(verb) == true', /expected a condition, but length returns a number/],
  ['length(verb) == "5"', /^14: a number and text cannot be compared/],
  ['code == "many"', /^6: `many` is not a number, but code holds numbers/],
  ['code in (1, "many")', /^13: `many` is not a number/],
  ['ip == "host"', /`host` is not an IP address/],
  ['ip > "10.0.0.0/8"', /is not an IP address/],
  ['ip : "10.*"', /^1: `:` compares text, but this is an IP address \(write ==, or cidrMatch/],
  ['dry == "maybe"', /`maybe` is neither true nor false/],
  ['dry < true', /dry is a boolean and has no order/],
  ['startsWith(verb, "a") < true', /true and false have no order/],
  ['@timestamp > "now-5m"', /date math \(`now-5m`\) is not supported/],
  ['verb : 5', /^8: `:` compares with text, but this is a number/],
  ['verb in~ (1)', /^11: `in~` compares with text, but this is a number \(write in,/],
  ['code in~ ("1")', /^1: `in~` compares text, but this is a number \(write in\)/],
  ['verb regex "a("', /^15: /],
  ['verb regex """(a"""', /^\d+: /],
])('what Elasticsearch refuses by its types is refused: %s', (source, expected) => {
  expect(wrong(source)).toMatch(expected);
});

test.each<readonly [string, RegExp]>([
  ['startWith(verb, "a")', /^1: unknown function `startWith` \(did you mean startsWith\?\)/],
  ['zzzzzzzzz(verb)', /^1: unknown function `zzzzzzzzz` \(functions are .*length/],
  ['match(verb, "a.*")', /^1: the function `match` is not supported, here or in Elasticsearch \(write field regex/],
  ['arrayContains(verb, "a")', /^1: the function `arrayContains` is not supported, here or in Elasticsearch/],
  ['startsWith(verb)', /^1: startsWith takes 2 arguments?.*, not 1 \(write startsWith\(/],
  ['startsWith(verb, "a", "b")', /^1: startsWith takes .* not 3/],
  ['length(verb, 1) == 1', /^1: length takes 1 argument, not 2/],
  ['length~(verb) == 1', /^1: length has no case-insensitive form/],
  ['length(code) == 1', /^8: the .* of length must be text, but this is a number/],
  ['startsWith(verb, 5)', /^18: the .* of startsWith must be text, but this is a number/],
  ['cidrMatch(verb, "10.0.0.0/8")', /^11: the .* of cidrMatch must be of type ip, but this is text \(source.ip/],
  ['cidrMatch(ip, "10.0.0.0/99")', /^15: the .* must be a prefix such as 10.0.0.0\/8, but `10.0.0.0\/99` is not/],
  ['cidrMatch(ip)', /^1: cidrMatch takes 2 or more arguments, not 1/],
  ['wildcard(verb)', /^1: wildcard takes a field and at least one pattern/],
  ['length(concat(nobody, usr.name)) == 1', /^15: unknown field `nobody`.*\n23: unknown field `usr.name`/],
])('functions are called as they are declared: %s', (source, expected) => {
  expect(wrong(source)).toMatch(expected);
});

test('a mistake in a regular expression has its place', () => {
  expect(wrong('verb regex ("a.", "b{2", "c.")')).toMatch(/^(2[0-3]): /);
  expect(wrong('verb regex~ ("a.", """x.(""", "c.")')).toMatch(/^26: the expression ends too early/);
  expect(wrong('verb regex ("a.", "x.*y.{4999}")')).toMatch(/^20: the regular expression is too complex/);
});

test('a query has at most 20 conditions with regular expressions', () => {
  const query = (count: number) => `any where ${'verb regex "a.*" or '.repeat(count)}dry`;
  expect(parseEql(query(20), RESOLVER).kind).toBe('event');
  expect(problems(query(25))).toMatch(
    /^line 1, column 422: the query has more than 20 conditions with regular expressions\n[^\n]*\n[^\n]*\n {2}hint: put several patterns in one list, for example field regex \("a\.\*", "b\.\*"\)$/,
  );
});

test('at most 20 problems are reported', () => {
  const result = parseEql(`any where ${'zzz == 1 or '.repeat(50)}true`, RESOLVER);
  expect(result.kind === 'invalid' && result.problems.length).toBe(20);
});
