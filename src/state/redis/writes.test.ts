import { expect, test } from '@jest/globals';
import { clusterKeys } from './keys.ts';
import { commitArguments } from './writes.ts';

const keys = clusterKeys('fs:', 'c');

test('writes become one flat list, with each key declared once', () => {
  const { keys: names, writes } = commitArguments(keys, [
    { kind: 'addMembers', key: 'a', members: ['x', 'y'], keepMs: 5 },
    { kind: 'setScores', key: 'b', mode: 'raise', entries: [{ member: 'm', score: 3 }] },
    { kind: 'removeKey', key: 'a' },
    { kind: 'markDue', sink: 's', alertId: 'id', delayMs: 7 },
  ]);
  expect(names).toEqual(['fs:{c}:tok', 'fs:{c}:a', 'fs:{c}:b', 'fs:{c}:due:s']);
  expect(writes).toEqual([
    ...['SADD', '', 2, 5, 2, 'x', 'y'],
    ...['ZADD', 'GT', 3, 'never', 2, 3, 'm'],
    ...['DEL', '', 2, '-', 0],
    ...['DUE', '', 4, 'never', 2, 'id', 7],
  ]);
});

test('skips an empty write', () => {
  const { writes } = commitArguments(keys, [
    { kind: 'addMembers', key: 'a', members: [] },
    { kind: 'setScores', key: 'a', mode: 'set', entries: [] },
    { kind: 'removeScores', key: 'a', members: [] },
    { kind: 'setFields', key: 'a', mode: 'set', fields: {} },
    { kind: 'removeFields', key: 'a', fields: [] },
  ]);
  expect(writes).toEqual([]);
});
