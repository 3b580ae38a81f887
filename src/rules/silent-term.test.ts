import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSilentTerm, parseSilentTerm, type SilentTerm } from './silent-term.ts';

test('what is written is read again', () => {
  const plain: SilentTerm = { at: 1, request: 'r', what: 'eve list pods', by: 'backfill' };
  for (const taught of [plain, { ...plain, values: ['curl/8', 'a "b"'] }]) {
    assert.deepEqual(parseSilentTerm(formatSilentTerm(taught)), taught);
  }
});

test('of what is something else as much is read as there is', () => {
  const nothing: SilentTerm = { at: 0, request: '', what: '', by: 'learning' };
  assert.deepEqual(parseSilentTerm('{"at":5,"request":"r"}'), { ...nothing, at: 5, request: 'r' });
  for (const text of ['', 'null', '[]', '{', '{"at":"x","by":"evil","what":1}']) {
    assert.deepEqual(parseSilentTerm(text), nothing, text);
  }
  assert.deepEqual(parseSilentTerm('{"values":["a",1]}').values, ['a']);
});
