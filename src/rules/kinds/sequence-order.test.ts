import { expect, test } from '@jest/globals';
import type { CompiledSequence } from '../compiled-rule.ts';
import { byTime, type Row } from '../row.ts';
import { firesInAnyOrder } from './sequence-any.ts';
import { firesInOrder } from './sequence-order.ts';

/** A sequence over items a, b, c…, for example `abb`; the item `u` is its `until`. */
function sequence(steps: string, { span = 100, until = false } = {}): CompiledSequence {
  const items = [...new Set(steps)].sort();
  return {
    items: [...items, ...(until ? ['u'] : [])].map(() => ({
      predicate: { kind: 'constant', value: true } as const,
      matches: () => true,
      by: [],
    })),
    steps: [...steps].map((item) => items.indexOf(item)),
    until: until ? items.length : undefined,
    spanMicros: span,
  };
}

type Machine = (sequence: CompiledSequence, rows: readonly Row[], added: Row) => ReturnType<typeof firesInOrder>;

/**
 * Takes in events in the order given, and gives the sequences found, each at the event that made it.
 * @param events for example `a1 ab2 u3`: the items that an event matches, and when it was
 */
function found(steps: string, events: string, options = {}, machine: Machine = firesInOrder): string {
  const { unrecorded = [], ...shape } = options as { unrecorded?: readonly string[]; span?: number; until?: boolean };
  const compiled = sequence(steps, shape);
  const letters = [...[...new Set(steps)].sort(), 'u'].join('');
  let rows: Row[] = [];
  const all: string[] = [];
  for (const [order, event] of events.split(' ').entries()) {
    const [, items = '', at = ''] = /^([a-z]+)(\d+)$/.exec(event) ?? [];
    const row: Row = {
      key: `${order}`,
      at: Number(at),
      order,
      auditID: event,
      requestKey: '',
      label: '',
      items: [...items].map((item) => letters.indexOf(item)),
      columns: [],
      used: false,
    };
    rows = [...rows, row].sort(byTime);
    for (const fire of machine(compiled, rows, row)) {
      all.push(`(${fire.rows.map(({ auditID }) => auditID).join(' ')})`);
      if (unrecorded.includes(event)) continue;
      rows = rows.map((each) => (fire.uses.some(({ key }) => key === each.key) ? { ...each, used: true } : each));
    }
  }
  return all.join(' ');
}

test('the items one after another, with anything between them', () => {
  expect(found('ab', 'a1 b2')).toBe('(a1 b2)');
  expect(found('ab', 'b1 a2')).toBe('');
  expect(found('abc', 'a1 c2 b3 c4')).toBe('(a1 b3 c4)');
  expect(found('aba', 'a1 b2 a3')).toBe('(a1 b2 a3)');
});

test('of what is pending at one step the newest goes on, and the older ones go with it', () => {
  expect(found('ab', 'a1 a2 b3 b4')).toBe('(a2 b3)');
  expect(found('abc', 'a1 b2 b3 c4 c5')).toBe('(a1 b2 c4)'); // b3 finds nothing to take
  expect(found('abc', 'a1 b2 a3 b4 c5 c6')).toBe('(a3 b4 c5)');
});

test('what is pending at other steps goes on when one is complete', () => {
  expect(found('abc', 'a1 b2 a3 c4 b5 c6')).toBe('(a1 b2 c4) (a3 b5 c6)');
  expect(found('abc', 'a1 b1 a2 c3 b4 c5')).toBe('(a1 b1 c3) (a2 b4 c5)');
});

test('no event is two of one sequence, and one that completes may begin the next', () => {
  expect(found('ab', 'ab1')).toBe('');
  expect(found('ab', 'ab1 ab2 ab3')).toBe('(ab1 ab2) (ab2 ab3)');
  expect(found('aa', 'a1 a2 a3')).toBe('(a1 a2) (a2 a3)');
});

test('an item that runs takes as many events as it says', () => {
  expect(found('aaab', 'a1 a2 b3 a4 a5 b6')).toBe('(a2 a4 a5 b6)');
  expect(found('aaab', 'a1 a2 a3 a4 b5')).toBe('(a2 a3 a4 b5)');
  expect(found('aaa', 'a1 a2 a3 a4')).toBe('(a1 a2 a3) (a2 a3 a4)');
});

test('the last event is no further from the first than the span', () => {
  expect(found('ab', 'a1 b11', { span: 10 })).toBe('(a1 b11)');
  expect(found('ab', 'a1 b12', { span: 10 })).toBe('');
  expect(found('abc', 'a1 b6 c12', { span: 10 })).toBe(''); // it is the first that counts
  expect(found('ab', 'a1 a5 b12', { span: 10 })).toBe('(a5 b12)');
});

test('until ends what is under way, also what its own event has joined, and nothing that is complete', () => {
  const until = true;
  expect(found('ab', 'a1 u2 b3', { until })).toBe('');
  expect(found('ab', 'u1 a2 b3 u4', { until })).toBe('(a2 b3)');
  expect(found('ab', 'a1 u2 a3 b4', { until })).toBe('(a3 b4)');
  expect(found('ab', 'au1 b2', { until })).toBe('');
  expect(found('ab', 'a1 bu2', { until })).toBe('(a1 bu2)');
});

test('events of the same time come in the order of arrival', () => {
  expect(found('ab', 'a1 b1')).toBe('(a1 b1)');
  expect(found('ab', 'b1 a1')).toBe('');
});

test('an event that comes late completes what it belongs to, at the event that was the last', () => {
  expect(found('ab', 'b2 a1')).toBe('(a1 b2)');
  expect(found('abc', 'a1 c3 b2')).toBe('(a1 b2 c3)');
  expect(found('abc', 'c3 b2 a1')).toBe('(a1 b2 c3)');
  expect(found('aa', 'a1 a3 a2')).toBe('(a1 a3) (a1 a2)'); // a3 was the last of one already
  expect(found('ab', 'ab1 ab9 ab5', { span: 4 })).toBe('(ab1 ab5) (ab5 ab9)'); // several at once
});

test('what has fired does not fire again, however its events are found to belong together later', () => {
  expect(found('ab', 'a1 b3 a2')).toBe('(a1 b3)');
  expect(found('ab', 'a1 b4 b3 a2')).toBe('(a1 b4) (a1 b3)'); // in the order of time b3 completes, and is the one alert more
});

test('until that comes late takes back nothing', () => {
  expect(found('ab', 'a1 b3 u2', { until: true })).toBe('(a1 b3)');
});

test('without a record of its alert a sequence is completed again by the next event of its last item', () => {
  const unrecorded = ['b2'];
  expect(found('ab', 'a1 b2 b3 b4', { unrecorded })).toBe('(a1 b2) (a1 b3)');
  expect(found('ab', 'a1 b2 a3 b4', { unrecorded })).toBe('(a1 b2) (a3 b4)');
});

const anyOrder = (steps: string, events: string, span = 100) => found(steps, events, { span }, firesInAnyOrder);

test('in any order: each item by another event, within the span', () => {
  expect(anyOrder('ab', 'b1 a2')).toBe('(b1 a2)');
  expect(anyOrder('ab', 'ab1')).toBe('');
  expect(anyOrder('ab', 'ab1 a2')).toBe('(ab1 a2)');
  expect(anyOrder('abc', 'ab1 c2 ab3')).toBe('(ab1 c2 ab3)');
  expect(anyOrder('abc', 'abc1 ab2 a3')).toBe('(abc1 ab2 a3)'); // a choice may have to be made anew
  expect(anyOrder('abc', 'ab1 ab2 ab3')).toBe('');
  expect(anyOrder('ab', 'a1 b11', 10)).toBe('(a1 b11)');
  expect(anyOrder('ab', 'a1 b12', 10)).toBe('');
  expect(anyOrder('aab', 'a1 b2 a3')).toBe('(a1 b2 a3)'); // an item that runs
});

test('in any order: what a fire has used is not used again, and the newest are used first', () => {
  expect(anyOrder('ab', 'a1 b2 b3')).toBe('(a1 b2)');
  expect(anyOrder('ab', 'a1 a2 b3 b4')).toBe('(a2 b3) (a1 b4)');
  expect(anyOrder('ab', 'b9 a1 b5', 4)).toBe('(a1 b5)'); // one that comes late
});
