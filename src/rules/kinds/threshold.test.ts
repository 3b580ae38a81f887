import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
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
  assert.ok(added !== undefined);
  const [fire] = thresholdKind.windowed?.fires(ruleWith(threshold).rule, [...rows].sort(byTime), added) ?? [];
  return fire && { minutes: fire.rows.map(({ at }) => (at - NOON) / MINUTE), results: fire.results };
}

test('an event is in the group of its values, and one that lacks a field is in none', () => {
  const [one, ...others] = occurrences({}, { username: 'eve' });
  assert.deepEqual([one?.terms, others], [[{ field: 'user.name', value: 'eve' }], []]);
  assert.equal(occurrences({}, { username: 'eve' })[0]?.row?.group, one?.row?.group);
  assert.notEqual(occurrences({}, { username: 'bob' })[0]?.row?.group, one?.row?.group);
  assert.deepEqual(occurrences({ fields: ['user.name', 'user_agent.original'] }, { userAgent: null }), []);
});

test('without fields all events are one group', () => {
  const groups = ['eve', 'bob'].map((username) => occurrences({ fields: [] }, { username })[0]);
  assert.deepEqual(groups[0]?.terms, []);
  assert.equal(groups[0]?.row?.group, groups[1]?.row?.group);
});

test('an event with several values is in one group for each combination, up to the cap', () => {
  const fields = ['source.ip', 'user.name'];
  const found = occurrences({ fields }, { sourceIPs: ['10.0.0.1', '10.0.0.2'], username: 'eve' });
  assert.deepEqual(
    found.map(({ terms }) => terms.map(({ value }) => value)),
    [
      ['10.0.0.2', 'eve'],
      ['10.0.0.1', 'eve'],
    ],
  );
  const sourceIPs = Array.from({ length: COMBINATION_CAP + 20 }, (_, i) => `10.0.0.${i}`);
  const many = occurrences({ fields }, { sourceIPs });
  assert.deepEqual([many.length, many.at(-1)?.cut, many.at(-1)?.row], [COMBINATION_CAP + 1, 20, undefined]);
});

test('a row keeps the values that are counted, each bounded, and of many the last', () => {
  const cardinality = [{ field: 'user_agent.original', value: 2 }];
  const columns = (changes: RequestChanges) => occurrences({ cardinality }, changes)[0]?.row?.columns;
  assert.deepEqual(columns({ userAgent: 'curl' }), [['curl']]);
  assert.deepEqual(columns({ userAgent: null }), [[]]);
  assert.match(columns({ userAgent: 'x'.repeat(500) })?.[0]?.[0] ?? '', /^#.{43}$/);
  const sourceIPs = Array.from({ length: 40 }, (_, i) => `10.0.0.${i}`);
  const [addresses] =
    occurrences({ cardinality: [{ field: 'source.ip', value: 2 }] }, { sourceIPs })[0]?.row?.columns ?? [];
  assert.deepEqual([addresses?.length, addresses?.[0]], [ROW_VALUE_CAP, '10.0.0.39']);
});

test('enough events within the window fire, both ends of it included', () => {
  assert.equal(fireOf({}, row(0), row(1)), undefined);
  assert.deepEqual(fireOf({}, row(0), row(1), row(5)), {
    minutes: [0, 1, 5],
    results: [{ field: 'count', value: '3' }],
  });
  assert.equal(fireOf({}, row(0), row(1), { ...row(5), at: NOON + WINDOW + 1 }), undefined);
  assert.deepEqual(fireOf({ value: 1 }, row(0))?.minutes, [0]);
});

test('all of the window is counted, not only as much as it takes', () => {
  assert.deepEqual(fireOf({ value: 2 }, row(0), row(1), row(2), row(3))?.minutes, [0, 1, 2, 3]);
});

test('what a fire has used is not counted again', () => {
  assert.equal(fireOf({}, row(0, [], true), row(1, [], true), row(2)), undefined);
  assert.deepEqual(fireOf({ value: 2 }, row(0, [], true), row(1), row(2))?.minutes, [1, 2]);
});

test('an event that comes late completes the earliest window that it is in', () => {
  assert.deepEqual(fireOf({}, row(2), row(4), row(6), row(8), row(1))?.minutes, [1, 2, 4]);
  assert.deepEqual(fireOf({}, row(0), row(4), row(9), row(8))?.minutes, [4, 8, 9]);
  assert.equal(fireOf({}, row(6), row(7), row(8), row(0)), undefined, 'a window without it is not its business');
});

test('different values are counted over the window, each of several values of an event', () => {
  const cardinality = [{ field: 'source.ip', value: 3 }];
  const of = (...rows: readonly Row[]) => fireOf({ value: 2, cardinality }, ...rows);
  assert.equal(of(row(0, ['a']), row(1, ['b']), row(2, ['b'])), undefined);
  assert.deepEqual(of(row(0, ['a']), row(1, ['b']), row(2, ['c']))?.results, [
    { field: 'count', value: '3' },
    { field: 'cardinality(source.ip)', value: '3' },
  ]);
  assert.deepEqual(of(row(0, ['a', 'b']), row(1, ['c', 'a']))?.minutes, [0, 1]);
  assert.equal(of(row(0, ['a', 'b']), row(6, ['c']), row(7, ['d'])), undefined, 'what has left the window');
});

test('whether there can be a fire is known from the number of rows', () => {
  const { rule } = ruleWith({});
  const mayFire = (...rows: readonly Row[]) => thresholdKind.windowed?.mayFire(rule, rows);
  assert.deepEqual([mayFire(row(0), row(1)), mayFire(row(0), row(1), row(99))], [false, true]);
  assert.equal(mayFire(row(0), row(1, [], true), row(2)), false);
});

test('the reason says how many events of what, within what, and what the last one was', () => {
  const cardinality = [{ field: 'source.ip', value: 2 }];
  const { rule } = ruleWith({ cardinality });
  const rows = [row(0, ['a']), row(1, ['b']), row(2, ['b'])];
  const added = rows.at(-1);
  assert.ok(added !== undefined);
  const [fire] = thresholdKind.windowed?.fires(rule, rows, added) ?? [];
  const terms = [{ field: 'user.name', value: 'eve' }];
  assert.equal(
    thresholdKind.reason(rule, { terms, term: undefined, cut: 0 }, 'eve list pods, forbidden', fire),
    'Many: 3 events of user "eve" within 5m, 2 different source IP; the last: eve list pods, forbidden',
  );
});
