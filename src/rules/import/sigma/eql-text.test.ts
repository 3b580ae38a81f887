import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { resolveField } from '../../../ecs/fields.ts';
import { parseEql } from '../../../query/eql/parse.ts';
import { toEventQuery, toSequenceQuery } from './eql-text.ts';
import { searchField } from './field-mapping.ts';
import type { Search, SearchField } from './search.ts';
import { parseText } from './sigma-text.ts';

function named(sigma: string): SearchField {
  return searchField(sigma) ?? fail(sigma);
}

function is(sigma: string, ...texts: readonly string[]): Search {
  return { kind: 'text', field: named(sigma), patterns: texts.map(parseText), cased: false };
}

/** The query, which is one that can be read again. */
function written(search: Search): string {
  const query = toEventQuery(search);
  expect(parseEql(query, { resolveField }).kind).toBe('event');
  return query;
}

test('a long condition is broken at its operators, a long list at its values', () => {
  const uris = Array.from({ length: 5 }, (_, index) => `*/bin/program-${index}*`);
  const search: Search = {
    kind: 'and',
    operands: [
      { kind: 'or', operands: [is('requestURI', ...uris), is('userAgent', 'curl*')] },
      { kind: 'not', operand: is('user.username', ...uris) },
      { kind: 'not', operand: { kind: 'and', operands: [is('verb', 'get'), is('objectRef.resource', ...uris)] } },
    ],
  };
  expect(written(search)).toBe(`any where
  (
    kubernetes.audit.requestURI : (
      "*/bin/program-0*",
      "*/bin/program-1*",
      "*/bin/program-2*",
      "*/bin/program-3*",
      "*/bin/program-4*"
    ) or
    kubernetes.audit.userAgent : "curl*"
  ) and
  not kubernetes.audit.user.username : (
    "*/bin/program-0*",
    "*/bin/program-1*",
    "*/bin/program-2*",
    "*/bin/program-3*",
    "*/bin/program-4*"
  ) and
  not (
    kubernetes.audit.verb : "get" and
    kubernetes.audit.objectRef.resource : (
      "*/bin/program-0*",
      "*/bin/program-1*",
      "*/bin/program-2*",
      "*/bin/program-3*",
      "*/bin/program-4*"
    )
  )`);
});

test('several tests of one value keep together', () => {
  const search: Search = {
    kind: 'and',
    operands: [is('verb', 'get'), { kind: 'not', operand: is('userAgent', 'a', 'b\\*') }],
  };
  expect(written(search)).toBe(`any where
  kubernetes.audit.verb : "get" and
  not (kubernetes.audit.userAgent : "a" or kubernetes.audit.userAgent in~ ("b*"))`);
});

test('a call with a long text stays a call', () => {
  const text = 'x'.repeat(120);
  expect(written(is('userAgent', `*${text}\\**`))).toBe(
    `any where\n  stringContains~(kubernetes.audit.userAgent, "${text}*")`,
  );
});

test.each(['"', '\\', 'a\nb', '\u0000', '\u001b', 'é😀', "'", '"""', '`', '//', '/*'])(
  'texts with all that a text may hold are read back as they are: %j',
  (text) => {
    const result = parseEql(toEventQuery(is('userAgent', text.replaceAll('\\', '\\\\').replaceAll('*', '\\*'))), {
      resolveField,
    });
    if (result.kind !== 'event' || result.predicate.kind !== 'any') fail(text);
    const { test: found } = result.predicate;
    expect(found.kind === 'equals' && found.value).toBe(text);
  },
);

test.each(['annotations.a.b/c-d', 'requestObject.spec.in', 'requestObject.a`b', 'annotations.x y', 'requestObject.0'])(
  'names with what EQL does not take bare, or takes for a word of its own, stand in backticks: %s',
  (name) => {
    const result = parseEql(toEventQuery(is(name, 'x')), { resolveField });
    if (result.kind !== 'event' || result.predicate.kind !== 'any') fail(name);
    expect(result.predicate.field.name).toBe(`kubernetes.audit.${name}`);
  },
);

test('a long step of a sequence stands on lines of its own', () => {
  const long = {
    kind: 'and',
    operands: [is('verb', 'get'), is('objectRef.resource', 'secrets'), is('level', 'Metadata')],
  } as const;
  const query = toSequenceQuery(
    [
      { search: long, by: [named('user.username')] },
      { search: is('verb', 'list'), by: [named('user.username')] },
    ],
    [],
    '5m',
  );
  expect(query).toBe(`sequence with maxspan=5m
  [any where
    kubernetes.audit.verb : "get" and
    kubernetes.audit.objectRef.resource : "secrets" and
    kubernetes.audit.level : "Metadata"
  ] by kubernetes.audit.user.username
  [any where kubernetes.audit.verb : "list"] by kubernetes.audit.user.username`);
  expect(parseEql(query, { resolveField }).kind).toBe('sequence');
});
