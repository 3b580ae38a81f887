import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import { StateDraft } from './state-draft.ts';
import { stateKeys, writeRank } from './state-keys.ts';

const byName = () => 0;

function loaded(): StateDraft {
  const draft = new StateDraft();
  draft.load(
    [
      { kind: 'members', key: 's', members: ['a', 'b'] },
      { kind: 'scores', key: 'z', members: ['x', 'y'] },
      { kind: 'size', key: 'z' },
      { kind: 'fields', key: 'h', fields: ['f', 'g'] },
      { kind: 'newest', key: 'n', above: 0, limit: 2 },
      { kind: 'oldest', key: 'o', limit: 1 },
    ],
    [
      { kind: 'members', present: [true, false] },
      { kind: 'scores', scores: [5, undefined] },
      { kind: 'size', size: 7 },
      { kind: 'fields', values: ['1', undefined] },
      {
        kind: 'newest',
        entries: [
          { member: 'p', score: 9 },
          { member: 'q', score: 8 },
        ],
      },
      { kind: 'oldest', entries: [{ member: 'r', score: 1 }] },
    ],
  );
  return draft;
}

test('it shows what was loaded, and for what was not, what an empty state would', () => {
  const draft = loaded();
  expect([draft.has('s', 'a'), draft.has('s', 'b'), draft.has('t', 'a')]).toEqual([true, false, false]);
  expect([draft.score('z', 'x'), draft.score('z', 'y'), draft.score('other', 'x')]).toEqual([5, undefined, undefined]);
  expect([draft.size('z'), draft.size('other')]).toEqual([7, 0]);
  expect([draft.field('h', 'f'), draft.field('h', 'g'), draft.field('i', 'f')]).toEqual(['1', undefined, undefined]);
  expect(draft.countAbove('n', 8)).toBe(1);
  expect(draft.countAbove('n', 7)).toBe(2);
  expect(draft.entries('o', 'oldest')).toEqual([{ member: 'r', score: 1 }]);
  expect(draft.entries('n', 'newest').length).toEqual(2);
  expect(draft.writes(byName)).toEqual([]); // reading changes nothing
});

test('a hash that was loaded as a whole shows all of its fields, with what was changed since', () => {
  const draft = new StateDraft();
  const entries = [
    ['a', '1'],
    ['b', '2'],
  ] as const;
  draft.load([{ kind: 'hash', key: 'h' }], [{ kind: 'hash', entries }]);
  expect([...draft.fields('h')]).toEqual(entries);
  draft.setField('h', 'c', '3');
  draft.removeField('h', 'a');
  expect(Object.fromEntries(draft.fields('h'))).toEqual({ b: '2', c: '3' });
  expect([...draft.fields('other')]).toEqual([]);
});

test('results that are not there yet are not loaded', () => {
  const draft = new StateDraft();
  draft.load([{ kind: 'size', key: 'z' }], []);
  expect(draft.size('z')).toBe(0);
});

test('what is added to a set is there at once, and is written once with the longest time to keep', () => {
  const draft = loaded();
  draft.add('s', 'c', 10);
  draft.add('s', 'b', 30);
  draft.add('s', 'c', 20);
  expect(draft.has('s', 'c')).toBe(true);
  expect(draft.writes(byName)).toEqual([{ kind: 'addMembers', key: 's', members: ['c', 'b'], keepMs: 30 }]);
});

test('a score is raised and never lowered, and the size follows', () => {
  const draft = loaded();
  draft.raise('z', 'x', 4, 10);
  expect([draft.score('z', 'x'), draft.writes(byName).length]).toEqual([5, 0]);
  draft.raise('z', 'x', 6, 10);
  draft.raise('z', 'new', 1, 5);
  draft.raise('z', 'new', 2);
  expect([draft.score('z', 'x'), draft.score('z', 'new'), draft.size('z')]).toEqual([6, 2, 8]);
  expect(draft.writes(byName)).toEqual([
    {
      kind: 'setScores',
      key: 'z',
      mode: 'raise',
      entries: [
        { member: 'x', score: 6 },
        { member: 'new', score: 2 },
      ],
      keepMs: 10,
    },
  ]);
});

test('a member that is removed and comes back is not removed', () => {
  const draft = loaded();
  draft.remove('z', 'x');
  expect([draft.score('z', 'x'), draft.size('z')]).toEqual([undefined, 6]);
  expect(draft.writes(byName)).toEqual([{ kind: 'removeScores', key: 'z', members: ['x'] }]);
  draft.raise('z', 'x', 9);
  expect([draft.score('z', 'x'), draft.size('z')]).toEqual([9, 7]);
  expect(draft.writes(byName).map(({ kind }) => kind)).toEqual(['setScores']);
});

test('only the highest of several prunings counts', () => {
  const draft = new StateDraft();
  draft.prune('z', 5);
  draft.prune('z', 9);
  draft.prune('z', 7);
  expect(draft.writes(byName)).toEqual([{ kind: 'pruneScores', key: 'z', below: 9 }]);
});

test('the last value of a field is written once, and a field that is removed is only removed', () => {
  const draft = loaded();
  draft.setField('h', 'f', '2', 10);
  draft.setField('h', 'f', '3', 5);
  draft.setField('h', '__proto__', 'p');
  draft.setField('h', 'g', 'x');
  draft.removeField('h', 'g');
  expect([draft.field('h', 'f'), draft.field('h', 'g')]).toEqual(['3', undefined]);
  const [set, remove] = draft.writes(byName);
  expectKind(set, 'setFields');
  expect(Object.entries(set.fields)).toEqual([
    ['f', '3'],
    ['__proto__', 'p'],
  ]);
  expect(set.keepMs).toBe(10);
  expect(remove).toEqual({ kind: 'removeFields', key: 'h', fields: ['g'] });
});

test('a counter is summed without being read', () => {
  const draft = new StateDraft();
  draft.count('h', 'n', 2);
  draft.count('h', 'n', 3);
  draft.count('h', 'm', 1);
  expect(draft.writes(byName)).toEqual([
    { kind: 'addToField', key: 'h', field: 'n', by: 5 },
    { kind: 'addToField', key: 'h', field: 'm', by: 1 },
  ]);
});

test('a hash that goes is empty at once, and what is set afterwards is written after it', () => {
  const draft = loaded();
  draft.setField('h', 'g', 'x');
  draft.removeHash('h');
  expect(draft.field('h', 'f')).toBeUndefined();
  draft.setField('h', 'f', 'new');
  expect(draft.writes(byName)).toEqual([
    { kind: 'removeKey', key: 'h' },
    { kind: 'setFields', key: 'h', mode: 'set', fields: { f: 'new' } },
  ]);
});

test('an alert is marked once for each sink, unless a later mark is sooner', () => {
  const draft = new StateDraft();
  draft.markDue('s', 'a', 10);
  draft.markDue('s', 'a', 10);
  draft.markDue('t', 'a', 10);
  draft.markDue('s', 'b', 10);
  expect(draft.writes(byName)).toHaveLength(3);
  draft.markDue('s', 'a', 0);
  expect(draft.writes(byName)).toHaveLength(4);
});

test('the alert and what leads to it are written before what was learned, and that before what was counted', () => {
  const draft = new StateDraft();
  draft.setField(stateKeys.cluster, 'hwm', '1');
  draft.add(stateKeys.done(1), 'd', 1);
  draft.count(stateKeys.rule('s'), 'matches', 1);
  draft.setField(stateKeys.silent('s'), 't', '1');
  draft.raise(stateKeys.terms('s'), 't', 1);
  draft.markDue('sink', 'id', 0);
  draft.raise(stateKeys.opensOf('r'), 'id', 1);
  draft.raise(stateKeys.opens, 'id', 1);
  draft.setField(stateKeys.live, 'k', 'id');
  draft.raise(stateKeys.alerts, 'id', 1);
  draft.setField(stateKeys.alert('id'), 'spec', '{}');
  expect(draft.writes(writeRank).map((write) => ('key' in write ? write.key : `due:${write.sink}`))).toEqual([
    'alert:id',
    'alerts',
    'live',
    'opens:r',
    'opens',
    'due:sink',
    'terms:s',
    'silent:s',
    'rule:s',
    'done:1',
    'cluster',
  ]);
});
