import { expect, test } from '@jest/globals';
import { formatSilentTerm, parseSilentTerm, type SilentTerm } from './silent-term.ts';

test('what is written is read again', () => {
  const plain: SilentTerm = { at: 1, request: 'r', what: 'eve list pods', by: 'backfill' };
  for (const taught of [plain, { ...plain, values: ['curl/8', 'a "b"'] }]) {
    expect(parseSilentTerm(formatSilentTerm(taught))).toEqual(taught);
  }
});

test('of what is something else as much is read as there is', () => {
  const nothing: SilentTerm = { at: 0, request: '', what: '', by: 'learning' };
  expect(parseSilentTerm('{"at":5,"request":"r"}')).toEqual({ ...nothing, at: 5, request: 'r' });
  for (const text of ['', 'null', '[]', '{', '{"at":"x","by":"evil","what":1}']) {
    expect([text, parseSilentTerm(text)]).toEqual([text, nothing]);
  }
  expect(parseSilentTerm('{"values":["a",1]}').values).toEqual(['a']);
});
