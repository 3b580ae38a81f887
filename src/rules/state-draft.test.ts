import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual([draft.has('s', 'a'), draft.has('s', 'b'), draft.has('t', 'a')], [true, false, false]);
  assert.deepEqual(
    [draft.score('z', 'x'), draft.score('z', 'y'), draft.score('other', 'x')],
    [5, undefined, undefined],
  );
  assert.deepEqual([draft.size('z'), draft.size('other')], [7, 0]);
  assert.deepEqual([draft.field('h', 'f'), draft.field('h', 'g'), draft.field('i', 'f')], ['1', undefined, undefined]);
  assert.equal(draft.countAbove('n', 8), 1);
  assert.equal(draft.countAbove('n', 7), 2);
  assert.deepEqual(draft.entries('o', 'oldest'), [{ member: 'r', score: 1 }]);
  assert.deepEqual(draft.entries('n', 'newest').length, 2);
  assert.deepEqual(draft.writes(byName), [], 'reading changes nothing');
});

test('a hash that was loaded as a whole shows all of its fields, with what was changed since', () => {
  const draft = new StateDraft();
  const entries = [
    ['a', '1'],
    ['b', '2'],
  ] as const;
  draft.load([{ kind: 'hash', key: 'h' }], [{ kind: 'hash', entries }]);
  assert.deepEqual([...draft.fields('h')], entries);
  draft.setField('h', 'c', '3');
  draft.removeField('h', 'a');
  assert.deepEqual(Object.fromEntries(draft.fields('h')), { b: '2', c: '3' });
  assert.deepEqual([...draft.fields('other')], []);
});

test('results that are not there yet are not loaded', () => {
  const draft = new StateDraft();
  draft.load([{ kind: 'size', key: 'z' }], []);
  assert.equal(draft.size('z'), 0);
});

test('what is added to a set is there at once, and is written once with the longest time to keep', () => {
  const draft = loaded();
  draft.add('s', 'c', 10);
  draft.add('s', 'b', 30);
  draft.add('s', 'c', 20);
  assert.ok(draft.has('s', 'c'));
  assert.deepEqual(draft.writes(byName), [{ kind: 'addMembers', key: 's', members: ['c', 'b'], keepMs: 30 }]);
});

test('a score is raised and never lowered, and the size follows', () => {
  const draft = loaded();
  draft.raise('z', 'x', 4, 10);
  assert.deepEqual([draft.score('z', 'x'), draft.writes(byName).length], [5, 0]);
  draft.raise('z', 'x', 6, 10);
  draft.raise('z', 'new', 1, 5);
  draft.raise('z', 'new', 2);
  assert.deepEqual([draft.score('z', 'x'), draft.score('z', 'new'), draft.size('z')], [6, 2, 8]);
  assert.deepEqual(draft.writes(byName), [
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
  assert.deepEqual([draft.score('z', 'x'), draft.size('z')], [undefined, 6]);
  assert.deepEqual(draft.writes(byName), [{ kind: 'removeScores', key: 'z', members: ['x'] }]);
  draft.raise('z', 'x', 9);
  assert.deepEqual([draft.score('z', 'x'), draft.size('z')], [9, 7]);
  assert.deepEqual(
    draft.writes(byName).map(({ kind }) => kind),
    ['setScores'],
  );
});

test('only the highest of several prunings counts', () => {
  const draft = new StateDraft();
  draft.prune('z', 5);
  draft.prune('z', 9);
  draft.prune('z', 7);
  assert.deepEqual(draft.writes(byName), [{ kind: 'pruneScores', key: 'z', below: 9 }]);
});

test('the last value of a field is written once, and a field that is removed is only removed', () => {
  const draft = loaded();
  draft.setField('h', 'f', '2', 10);
  draft.setField('h', 'f', '3', 5);
  draft.setField('h', '__proto__', 'p');
  draft.setField('h', 'g', 'x');
  draft.removeField('h', 'g');
  assert.deepEqual([draft.field('h', 'f'), draft.field('h', 'g')], ['3', undefined]);
  const [set, remove] = draft.writes(byName);
  assert.ok(set?.kind === 'setFields');
  assert.deepEqual(Object.entries(set.fields), [
    ['f', '3'],
    ['__proto__', 'p'],
  ]);
  assert.equal(set.keepMs, 10);
  assert.deepEqual(remove, { kind: 'removeFields', key: 'h', fields: ['g'] });
});

test('a counter is summed without being read', () => {
  const draft = new StateDraft();
  draft.count('h', 'n', 2);
  draft.count('h', 'n', 3);
  draft.count('h', 'm', 1);
  assert.deepEqual(draft.writes(byName), [
    { kind: 'addToField', key: 'h', field: 'n', by: 5 },
    { kind: 'addToField', key: 'h', field: 'm', by: 1 },
  ]);
});

test('a hash that goes is empty at once, and what is set afterwards is written after it', () => {
  const draft = loaded();
  draft.setField('h', 'g', 'x');
  draft.removeHash('h');
  assert.equal(draft.field('h', 'f'), undefined);
  draft.setField('h', 'f', 'new');
  assert.deepEqual(draft.writes(byName), [
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
  assert.equal(draft.writes(byName).length, 3);
  draft.markDue('s', 'a', 0);
  assert.equal(draft.writes(byName).length, 4);
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
  assert.deepEqual(
    draft.writes(writeRank).map((write) => ('key' in write ? write.key : `due:${write.sink}`)),
    [
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
    ],
  );
});
