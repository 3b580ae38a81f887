import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { expectPresent } from '../../../test/support/expect.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import type { ThresholdDocument } from '../document.ts';
import { COMBINATION_CAP, MINUTE, ROW_VALUE_CAP } from '../limits.ts';
import { byTime, type Row } from '../row.ts';
import { thresholdKind } from './threshold.ts';

const WINDOW = 5 * MINUTE;

function ruleWith(threshold: Partial<ThresholdDocument>) {
  const defaults = { fields: ['user.name'], value: 3, cardinality: [], windowMicros: WINDOW };
  return compiledRule(ruleDocument({ type: 'threshold', title: 'Many', threshold: { ...defaults, ...threshold } }));
}

function occurrences(threshold: Partial<ThresholdDocument>, changes: RequestChanges) {
  const { rule, slots } = ruleWith(threshold);
  const memo = slots.createMemo();
  const event = anonymousRequest(changes);
  memo.reset(event);
  return thresholdKind.occurrences(rule, memo, sha256Hashes, event);
}

const row = (minute: number, column: readonly string[] = [], used = false): Row => ({
  key: `row-${minute}`,
  at: NOON + minute * MINUTE,
  order: 0,
  auditID: `request-${minute}`,
  requestKey: `key-${minute}`,
  label: '',
  items: [],
  columns: [column],
  used,
});

/** The minutes of the rows that make the fire of the last one given. */
function fireOf(threshold: Partial<ThresholdDocument>, ...rows: readonly Row[]) {
  const added = rows.at(-1);
  expectPresent(added);
  const [fire] = thresholdKind.windowed?.fires(ruleWith(threshold).rule, [...rows].sort(byTime), added) ?? [];
  return fire && { minutes: fire.rows.map(({ at }) => (at - NOON) / MINUTE), results: fire.results };
}

test('an event is in the group of its values, and one that lacks a field is in none', () => {
  const [one, ...others] = occurrences({}, { username: 'eve' });
  expect([one?.terms, others]).toEqual([[{ field: 'user.name', value: 'eve' }], []]);
  expect(occurrences({}, { username: 'eve' })[0]?.row?.group).toBe(one?.row?.group);
  expect(occurrences({}, { username: 'bob' })[0]?.row?.group).not.toBe(one?.row?.group);
  expect(occurrences({ fields: ['user.name', 'user_agent.original'] }, { userAgent: null })).toEqual([]);
});

test('without fields all events are one group', () => {
  const groups = ['eve', 'bob'].map((username) => occurrences({ fields: [] }, { username })[0]);
  expect(groups[0]?.terms).toEqual([]);
  expect(groups[0]?.row?.group).toBe(groups[1]?.row?.group);
});

test('an event with several values is in one group for each combination, up to the cap', () => {
  const fields = ['source.ip', 'user.name'];
  const found = occurrences({ fields }, { sourceIPs: ['10.0.0.1', '10.0.0.2'], username: 'eve' });
  expect(found.map(({ terms }) => terms.map(({ value }) => value))).toEqual([
    ['10.0.0.2', 'eve'],
    ['10.0.0.1', 'eve'],
  ]);
  const sourceIPs = Array.from({ length: COMBINATION_CAP + 20 }, (_, i) => `10.0.0.${i}`);
  const many = occurrences({ fields }, { sourceIPs });
  expect([many.length, many.at(-1)?.cut, many.at(-1)?.row]).toEqual([COMBINATION_CAP + 1, 20, undefined]);
});

test('a row keeps the values that are counted, each bounded, and of many the last', () => {
  const cardinality = [{ field: 'user_agent.original', value: 2 }];
  const columns = (changes: RequestChanges) => occurrences({ cardinality }, changes)[0]?.row?.columns;
  expect(columns({ userAgent: 'curl' })).toEqual([['curl']]);
  expect(columns({ userAgent: null })).toEqual([[]]);
  expect(columns({ userAgent: 'x'.repeat(500) })?.[0]?.[0] ?? '').toMatch(/^#.{43}$/);
  const sourceIPs = Array.from({ length: 40 }, (_, i) => `10.0.0.${i}`);
  const [addresses] =
    occurrences({ cardinality: [{ field: 'source.ip', value: 2 }] }, { sourceIPs })[0]?.row?.columns ?? [];
  expect([addresses?.length, addresses?.[0]]).toEqual([ROW_VALUE_CAP, '10.0.0.39']);
});

test('enough events within the window fire, both ends of it included', () => {
  expect(fireOf({}, row(0), row(1))).toBeUndefined();
  expect(fireOf({}, row(0), row(1), row(5))).toEqual({
    minutes: [0, 1, 5],
    results: [{ field: 'count', value: '3' }],
  });
  expect(fireOf({}, row(0), row(1), { ...row(5), at: NOON + WINDOW + 1 })).toBeUndefined();
  expect(fireOf({ value: 1 }, row(0))?.minutes).toEqual([0]);
});

test('all of the window is counted, not only as much as it takes', () => {
  expect(fireOf({ value: 2 }, row(0), row(1), row(2), row(3))?.minutes).toEqual([0, 1, 2, 3]);
});

test('what a fire has used is not counted again', () => {
  expect(fireOf({}, row(0, [], true), row(1, [], true), row(2))).toBeUndefined();
  expect(fireOf({ value: 2 }, row(0, [], true), row(1), row(2))?.minutes).toEqual([1, 2]);
});

test('an event that comes late completes the earliest window that it is in', () => {
  expect(fireOf({}, row(2), row(4), row(6), row(8), row(1))?.minutes).toEqual([1, 2, 4]);
  expect(fireOf({}, row(0), row(4), row(9), row(8))?.minutes).toEqual([4, 8, 9]);
  expect(fireOf({}, row(6), row(7), row(8), row(0))).toBeUndefined(); // a window without it is not its business
});

test('different values are counted over the window, each of several values of an event', () => {
  const cardinality = [{ field: 'source.ip', value: 3 }];
  const of = (...rows: readonly Row[]) => fireOf({ value: 2, cardinality }, ...rows);
  expect(of(row(0, ['a']), row(1, ['b']), row(2, ['b']))).toBeUndefined();
  expect(of(row(0, ['a']), row(1, ['b']), row(2, ['c']))?.results).toEqual([
    { field: 'count', value: '3' },
    { field: 'cardinality(source.ip)', value: '3' },
  ]);
  expect(of(row(0, ['a', 'b']), row(1, ['c', 'a']))?.minutes).toEqual([0, 1]);
  expect(of(row(0, ['a', 'b']), row(6, ['c']), row(7, ['d']))).toBeUndefined(); // what has left the window
});

test('whether there can be a fire is known from the number of rows', () => {
  const { rule } = ruleWith({});
  const mayFire = (...rows: readonly Row[]) => thresholdKind.windowed?.mayFire(rule, rows);
  expect([mayFire(row(0), row(1)), mayFire(row(0), row(1), row(99))]).toEqual([false, true]);
  expect(mayFire(row(0), row(1, [], true), row(2))).toBe(false);
});

test('the reason says how many events of what, within what, and what the last one was', () => {
  const cardinality = [{ field: 'source.ip', value: 2 }];
  const { rule } = ruleWith({ cardinality });
  const rows = [row(0, ['a']), row(1, ['b']), row(2, ['b'])];
  const added = rows.at(-1);
  expectPresent(added);
  const [fire] = thresholdKind.windowed?.fires(rule, rows, added) ?? [];
  const terms = [{ field: 'user.name', value: 'eve' }];
  expect(thresholdKind.reason(rule, { terms, term: undefined, cut: 0 }, 'eve list pods, forbidden', fire)).toBe(
    'Many: 3 events of user "eve" within 5m, 2 different source IP; the last: eve list pods, forbidden',
  );
});
