import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../test/support/expect.ts';
import type { Field } from '../ecs/field.ts';
import { parseKql } from '../query/kql/parse.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import { projectOnto } from './project-onto.ts';

const FIELDS = new Map<string, Field>();
for (const name of ['f', 'g', 'h']) {
  FIELDS.set(name, { name, type: 'keyword', doc: 'A field.', read: () => undefined });
}

function parse(query: string): Predicate {
  const result = parseKql(query, { resolveField: (name) => FIELDS.get(name) });
  expectKind(result, 'ok');
  return result.predicate;
}

function required(query: string): Predicate | undefined {
  const field = FIELDS.get('f');
  expectPresent(field);
  return projectOnto(parse(query), field);
}

test.each([
  ['f:a', 'f:a'],
  ['f:*', 'f:*'],
  ['not f:a', 'not f:a'],
  ['f:a and g:b', 'f:a'],
  ['f:a and g:b and not f:c', 'f:a and not f:c'],
  ['(f:a and g:b) or (f:c and h:d)', 'f:a or f:c'],
  ['not (f:a or g:b)', 'not f:a'],
  ['not (f:a and f:b)', 'not f:a or not f:b'],
  ['g:x and not (h:y or not f:a)', 'f:a'],
])('%s requires %s', (query, expected) => {
  expect(required(query)).toEqual(parse(expected));
});

test.each(['g:a', 'f:a or g:b', '(f:a and g:b) or h:d', 'not (f:a and g:b)', '*', '* or f:a'])(
  '%s requires nothing of f',
  (query) => {
    expect(required(query)).toBeUndefined();
  },
);

test('an expression requires nothing', () => {
  const field = FIELDS.get('f');
  expectPresent(field);
  const exists: Predicate = { kind: 'exists', field };
  const holds: Predicate = { kind: 'holds', expression: { kind: 'field', field } };
  expect(projectOnto({ kind: 'and', operands: [exists, holds] }, field)).toEqual(exists);
  expect(projectOnto({ kind: 'or', operands: [exists, holds] }, field)).toBeUndefined();
  expect(projectOnto({ kind: 'not', operand: holds }, field)).toBeUndefined();
});

test('a query that is never true requires a false constant', () => {
  expect(required('not *')).toEqual({ kind: 'constant', value: false });
});
