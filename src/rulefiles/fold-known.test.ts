import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import { resolveField } from '../ecs/fields.ts';
import { parseKql } from '../query/kql/parse.ts';
import { FALSE, TRUE } from '../query/predicate/simplify.ts';
import { foldKnown } from './fold-known.ts';

function folded(query: string) {
  const parsed = parseKql(query, { resolveField });
  return foldKnown(parsed.kind === 'ok' ? parsed.predicate : fail(query));
}

test('a condition on a field that never has a value does not hold, its negation does', () => {
  expect(folded('not process.name: a')).toEqual(TRUE);
  expect(folded('process.name: a or user.name: b')).toEqual(folded('user.name: b'));
});

test.each(['process.name: a', 'process.name: *', 'user.name: a and process.name: a', 'process.pid > 1'])(
  'a condition on a field that never has a value does not hold, its negation does: %s',
  (query) => {
    expect(folded(query)).toEqual(FALSE);
  },
);

test('a field that always has the same value is compared at once', () => {
  expect(folded('event.dataset: "kubernetes.audit_logs"')).toEqual(TRUE);
  expect(folded('event.dataset: aws.*')).toEqual(FALSE);
  expect(folded('data_stream.dataset: * and user.name: a')).toEqual(folded('user.name: a'));
});
