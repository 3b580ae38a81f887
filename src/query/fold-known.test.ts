import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveField } from '../ecs/fields.ts';
import { foldKnown } from './fold-known.ts';
import { parseKql } from './kql/parse.ts';
import { FALSE, TRUE } from './simplify.ts';

function folded(query: string) {
  const parsed = parseKql(query, { resolveField });
  return foldKnown(parsed.kind === 'ok' ? parsed.predicate : assert.fail(query));
}

test('a condition on a field that never has a value does not hold, its negation does', () => {
  for (const query of ['process.name: a', 'process.name: *', 'user.name: a and process.name: a', 'process.pid > 1']) {
    assert.deepEqual(folded(query), FALSE, query);
  }
  assert.deepEqual(folded('not process.name: a'), TRUE);
  assert.deepEqual(folded('process.name: a or user.name: b'), folded('user.name: b'));
});

test('a field that always has the same value is compared at once', () => {
  assert.deepEqual(folded('event.dataset: "kubernetes.audit_logs"'), TRUE);
  assert.deepEqual(folded('event.dataset: aws.*'), FALSE);
  assert.deepEqual(folded('data_stream.dataset: * and user.name: a'), folded('user.name: a'));
});
