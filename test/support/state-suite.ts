import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ScoredMember, StateRead, StateWrite } from '../../src/rules/state.ts';
import { expectKind } from './expect.ts';
import { entriesOf, fieldsOf, hashOf, read, type State, type StateUnderTest, write } from './state-access.ts';
import { describeQueue } from './state-suite-queue.ts';
import { describeLeases, describeSteps } from './state-suite-steps.ts';

export interface OpenState {
  readonly state: State;
  /** Moves the store's clock, where it is the test's own; else the suite waits. */
  readonly advance?: (ms: number) => void;
  readonly close: () => Promise<void>;
}

/** Strings that a store must keep as they are. */
const HOSTILE = [
  '',
  ' ',
  'a\0b',
  '😀\n\r\t',
  "'; DROP TABLE keys; --",
  '__proto__',
  '{x}',
  '{x',
  '*',
  '￿',
  '1e3',
  '-inf',
];

let clusters = 0;

const entry = (member: string, score: number): ScoredMember => ({ member, score });

/** Every promise of the ports Store and AlertQueue, for one store. */
export function describeState(name: string, open: () => Promise<OpenState>): void {
  describe(name, () => {
    let opened: OpenState;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    const it: StateUnderTest = {
      state: () => opened.state,
      pass: async (ms) => (opened.advance === undefined ? sleep(ms) : opened.advance(ms)),
      newCluster: () => `cluster-${++clusters}`,
    };
    describe('reads and writes', () => describeCollections(it));
    describe('expiry', () => describeExpiry(it));
    describe('steps', () => describeSteps(it));
    describe('leases', () => describeLeases(it));
    describe('due queues', () => describeQueue(it));
  });
}

function describeCollections({ state, newCluster }: StateUnderTest): void {
  test('a key that is not there reads as empty, and every result is parallel to what was asked', async () => {
    const results = await read(
      state(),
      newCluster(),
      { kind: 'members', key: 'a', members: ['x', 'y'] },
      { kind: 'members', key: 'a', members: [] },
      { kind: 'scores', key: 'b', members: ['x'] },
      { kind: 'newest', key: 'b', above: 0, limit: 5 },
      { kind: 'oldest', key: 'b', limit: 5 },
      { kind: 'size', key: 'b' },
      { kind: 'fields', key: 'c', fields: ['x', 'y'] },
      { kind: 'fields', key: 'c', fields: [] },
      { kind: 'hash', key: 'c' },
    );
    expect(results).toEqual([
      { kind: 'members', present: [false, false] },
      { kind: 'members', present: [] },
      { kind: 'scores', scores: [undefined] },
      { kind: 'newest', entries: [] },
      { kind: 'oldest', entries: [] },
      { kind: 'size', size: 0 },
      { kind: 'fields', values: [undefined, undefined] },
      { kind: 'fields', values: [] },
      { kind: 'hash', entries: [] },
    ]);
  });

  test('addMembers adds, and members says which are there', async () => {
    const cluster = newCluster();
    await write(state(), cluster, { kind: 'addMembers', key: 's', members: ['a', 'b', 'a'] });
    await write(state(), cluster, { kind: 'addMembers', key: 's', members: ['b', 'c'] });
    const members = ['c', 'x', 'a', 'b'];
    const [result] = await read(state(), cluster, { kind: 'members', key: 's', members });
    expect(result).toEqual({ kind: 'members', present: [true, false, true, true] });
  });

  test('setScores: set overwrites, raise adds and only ever raises, absent leaves what is there', async () => {
    const cluster = newCluster();
    const put = (mode: 'set' | 'raise' | 'absent', ...entries: ScoredMember[]) =>
      write(state(), cluster, { kind: 'setScores', key: 'z', mode, entries });
    await put('set', entry('a', 10), entry('b', 10), entry('c', 10));
    await put('set', entry('a', 5));
    await put('raise', entry('b', 5), entry('c', 15), entry('d', 1));
    await put('absent', entry('c', 99), entry('e', 2));
    const expected = [entry('d', 1), entry('e', 2), entry('a', 5), entry('b', 10), entry('c', 15)];
    expect(await entriesOf(state(), cluster, 'z')).toEqual(expected);
  });

  test('newest and oldest: bounds, limits, ties in the order of bytes, scores of microseconds exactly', async () => {
    const cluster = newCluster();
    const micros = 1_790_000_000_123_457;
    const entries = [
      entry('b', micros),
      entry('a', micros),
      entry('é', micros),
      entry('old', 7),
      entry('new', micros + 1),
    ];
    await write(state(), cluster, { kind: 'setScores', key: 'z', mode: 'set', entries });
    const results = await read(
      state(),
      cluster,
      { kind: 'newest', key: 'z', above: 7, limit: 3 },
      { kind: 'newest', key: 'z', above: micros, limit: 9 },
      { kind: 'newest', key: 'z', above: Number.NEGATIVE_INFINITY, limit: 9 },
      { kind: 'newest', key: 'z', above: 7, limit: 0 },
      { kind: 'oldest', key: 'z', limit: 2 },
      { kind: 'size', key: 'z' },
      { kind: 'scores', key: 'z', members: ['new', 'none', 'old'] },
    );
    expect(results).toEqual([
      { kind: 'newest', entries: [entry('new', micros + 1), entry('é', micros), entry('b', micros)] },
      { kind: 'newest', entries: [entry('new', micros + 1)] },
      { kind: 'newest', entries: [entries[4], entries[2], entries[0], entries[1], entries[3]] },
      { kind: 'newest', entries: [] },
      { kind: 'oldest', entries: [entry('old', 7), entry('a', micros)] },
      { kind: 'size', size: 5 },
      { kind: 'scores', scores: [micros + 1, undefined, 7] },
    ]);
  });

  test('removeScores and pruneScores remove what they name, and no more', async () => {
    const cluster = newCluster();
    const entries = [entry('a', 1), entry('b', 2), entry('c', 3), entry('d', 4)];
    await write(
      state(),
      cluster,
      { kind: 'setScores', key: 'z', mode: 'set', entries },
      { kind: 'removeScores', key: 'z', members: ['d', 'none'] },
      { kind: 'pruneScores', key: 'z', below: 2 },
      { kind: 'removeScores', key: 'not there', members: ['a'] },
    );
    expect(await entriesOf(state(), cluster, 'z')).toEqual([entry('b', 2), entry('c', 3)]);
  });

  test('setFields: set overwrites, absent leaves; removeFields and removeKey remove', async () => {
    const cluster = newCluster();
    await write(
      state(),
      cluster,
      { kind: 'setFields', key: 'h', mode: 'set', fields: { a: '1', b: '1' } },
      { kind: 'setFields', key: 'h', mode: 'set', fields: { b: '2' } },
      { kind: 'setFields', key: 'h', mode: 'absent', fields: { a: '9', c: '3' } },
    );
    expect(await fieldsOf(state(), cluster, 'h', 'a', 'b', 'c', 'd')).toEqual(['1', '2', '3', undefined]);
    await write(state(), cluster, { kind: 'removeFields', key: 'h', fields: ['b', 'none'] });
    expect(await fieldsOf(state(), cluster, 'h', 'a', 'b', 'c')).toEqual(['1', undefined, '3']);
    const whole = new Map([
      ['a', '1'],
      ['c', '3'],
    ]);
    expect(await hashOf(state(), cluster, 'h')).toEqual(whole);
    await write(state(), cluster, { kind: 'removeKey', key: 'h' }, { kind: 'removeKey', key: 'none' });
    expect(await fieldsOf(state(), cluster, 'h', 'a', 'b', 'c')).toEqual([undefined, undefined, undefined]);
    expect(await hashOf(state(), cluster, 'h')).toEqual(new Map());
  });

  test('addToField counts from 0, also down, and where there is no integer', async () => {
    const cluster = newCluster();
    const add = (field: string, by: number): StateWrite => ({ kind: 'addToField', key: 'h', field, by });
    await write(state(), cluster, { kind: 'setFields', key: 'h', mode: 'set', fields: { text: 'abc', empty: '' } });
    await write(state(), cluster, add('n', 5), add('n', -7), add('text', 3), add('empty', 1), add('big', 2 ** 53 - 1));
    expect(await fieldsOf(state(), cluster, 'h', 'n', 'text', 'empty', 'big')).toEqual([
      '-2',
      '3',
      '1',
      '9007199254740991',
    ]);
  });

  test('writes are applied in their order', async () => {
    const cluster = newCluster();
    await write(
      state(),
      cluster,
      { kind: 'setFields', key: 'h', mode: 'set', fields: { a: '1', b: '1' } },
      { kind: 'removeKey', key: 'h' },
      { kind: 'addToField', key: 'h', field: 'a', by: 1 },
      { kind: 'setScores', key: 'z', mode: 'set', entries: [entry('m', 5)] },
      { kind: 'pruneScores', key: 'z', below: 9 },
      { kind: 'setScores', key: 'z', mode: 'absent', entries: [entry('m', 3)] },
    );
    expect(await fieldsOf(state(), cluster, 'h', 'a', 'b')).toEqual(['1', undefined]);
    expect(await entriesOf(state(), cluster, 'z')).toEqual([entry('m', 3)]);
  });

  test.each(HOSTILE)('any string can be a member, a field, a value, a key: %j', async (key) => {
    const cluster = newCluster();
    const fields = Object.fromEntries(HOSTILE.map((text, i) => [text, `${i}${key}`]));
    await write(
      state(),
      cluster,
      { kind: 'addMembers', key: `s${key}`, members: HOSTILE },
      { kind: 'setScores', key: `z${key}`, mode: 'set', entries: HOSTILE.map((text) => entry(text, 1)) },
      { kind: 'setFields', key: `h${key}`, mode: 'set', fields },
    );
    const results = await read(
      state(),
      cluster,
      { kind: 'members', key: `s${key}`, members: [...HOSTILE, 'a', 'a\0'] },
      { kind: 'scores', key: `z${key}`, members: [...HOSTILE, 'a'] },
      { kind: 'fields', key: `h${key}`, fields: [...HOSTILE, 'a'] },
      { kind: 'oldest', key: `z${key}`, limit: 99 },
    );
    const inBytes = HOSTILE.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(results).toEqual([
      { kind: 'members', present: [...HOSTILE.map(() => true), false, false] },
      { kind: 'scores', scores: [...HOSTILE.map(() => 1), undefined] },
      { kind: 'fields', values: [...HOSTILE.map((_text, i) => `${i}${key}`), undefined] },
      { kind: 'oldest', entries: inBytes.map((text) => entry(text, 1)) },
    ]);
    const whole = await hashOf(state(), cluster, `h${key}`);
    expect(whole).toEqual(new Map(HOSTILE.map((text, i) => [text, `${i}${key}`])));
  });

  test('lists of 20,000 are applied and read whole', async () => {
    const cluster = newCluster();
    const members = Array.from({ length: 20_000 }, (_item, i) => `member-${i}`);
    const fields = Object.fromEntries(members.map((member) => [member, member]));
    await write(
      state(),
      cluster,
      { kind: 'addMembers', key: 's', members },
      { kind: 'setScores', key: 'z', mode: 'set', entries: members.map(entry) },
      { kind: 'setFields', key: 'h', mode: 'set', fields },
    );
    const [set, sorted, scores, hash] = await read(
      state(),
      cluster,
      { kind: 'members', key: 's', members },
      { kind: 'oldest', key: 'z', limit: 20_000 },
      { kind: 'scores', key: 'z', members },
      { kind: 'fields', key: 'h', fields: members },
    );
    expectKind(set, 'members');
    expect(set.present.every(Boolean)).toBe(true);
    expect(set.present.length).toBe(20_000);
    expect(sorted).toEqual({ kind: 'oldest', entries: members.map(entry) });
    expect(scores).toEqual({ kind: 'scores', scores: members.map((_member, i) => i) });
    expect(hash).toEqual({ kind: 'fields', values: members });
    await write(
      state(),
      cluster,
      { kind: 'removeScores', key: 'z', members: members.slice(1) },
      { kind: 'removeFields', key: 'h', fields: members.slice(1) },
    );
    expect(await entriesOf(state(), cluster, 'z')).toEqual([entry('member-0', 0)]);
    expect(await fieldsOf(state(), cluster, 'h', 'member-0', 'member-1')).toEqual(['member-0', undefined]);
  });
}

function describeExpiry({ state, pass, newCluster }: StateUnderTest): void {
  const add = (key: string, keepMs?: number): StateWrite => ({
    kind: 'addMembers',
    key,
    members: ['m'],
    ...(keepMs === undefined ? {} : { keepMs }),
  });

  async function present(cluster: string, ...keys: string[]): Promise<readonly boolean[]> {
    const reads = keys.map((key): StateRead => ({ kind: 'members', key, members: ['m'] }));
    const results = await read(state(), cluster, ...reads);
    return results.map((result) => result.kind === 'members' && result.present[0] === true);
  }

  test('a key lives at least keepMs, never shorter than promised before, and for ever if it was once written without', async () => {
    const cluster = newCluster();
    await write(state(), cluster, add('short', 200), add('longer', 200), add('not shorter', 60_000), add('kept', 200));
    await write(state(), cluster, add('longer', 60_000), add('not shorter', 200), add('kept'), add('ever'));
    await write(state(), cluster, add('kept', 200), add('ever', 200));
    const keys = ['short', 'longer', 'not shorter', 'kept', 'ever'];
    expect(await present(cluster, ...keys)).toEqual([true, true, true, true, true]);
    await pass(300);
    expect(await present(cluster, ...keys)).toEqual([false, true, true, true, true]);
  });

  test('every kind of key expires as a whole, and begins anew', async () => {
    const cluster = newCluster();
    const keepMs = 200;
    await write(
      state(),
      cluster,
      { kind: 'setScores', key: 'z', mode: 'set', entries: [entry('a', 1)], keepMs },
      { kind: 'setFields', key: 'h', mode: 'set', fields: { a: '1' }, keepMs },
      { kind: 'addToField', key: 'n', field: 'a', by: 4, keepMs },
    );
    await pass(300);
    await write(
      state(),
      cluster,
      { kind: 'setScores', key: 'z', mode: 'absent', entries: [entry('b', 2)] },
      { kind: 'setFields', key: 'h', mode: 'absent', fields: { b: '2' } },
      { kind: 'addToField', key: 'n', field: 'b', by: 1 },
    );
    expect(await entriesOf(state(), cluster, 'z')).toEqual([entry('b', 2)]);
    expect(await fieldsOf(state(), cluster, 'h', 'a', 'b')).toEqual([undefined, '2']);
    expect(await fieldsOf(state(), cluster, 'n', 'a', 'b')).toEqual([undefined, '1']);
  });

  test('a key that has lost its last entry is gone: the next one under its name may expire', async () => {
    const cluster = newCluster();
    const keepMs = 200;
    await write(
      state(),
      cluster,
      { kind: 'setScores', key: 'z', mode: 'set', entries: [entry('a', 1)] },
      { kind: 'removeScores', key: 'z', members: ['a'] },
      { kind: 'setScores', key: 'z', mode: 'set', entries: [entry('b', 1)], keepMs },
      { kind: 'setFields', key: 'h', mode: 'set', fields: { a: '1' } },
      { kind: 'removeFields', key: 'h', fields: ['a'] },
      { kind: 'setFields', key: 'h', mode: 'set', fields: { b: '1' }, keepMs },
      { kind: 'setFields', key: 'k', mode: 'set', fields: { a: '1' } },
      { kind: 'removeKey', key: 'k' },
      { kind: 'setFields', key: 'k', mode: 'set', fields: { a: '1' }, keepMs },
    );
    await pass(300);
    expect(await entriesOf(state(), cluster, 'z')).toEqual([]);
    expect(await fieldsOf(state(), cluster, 'h', 'b')).toEqual([undefined]);
    expect(await fieldsOf(state(), cluster, 'k', 'a')).toEqual([undefined]);
  });
}
