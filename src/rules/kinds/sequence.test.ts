import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, type RequestChanges } from '../../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import type { RuleDocument } from '../document.ts';
import { COMBINATION_CAP, MINUTE, SECOND } from '../limits.ts';
import type { Row } from '../row.ts';
import { sequenceKind } from './sequence.ts';

const CREATE = '[any where event.action == "create"]';
const LIST = '[any where event.action == "list"]';

const eqlRule = (query: string, changes: Partial<RuleDocument> = {}) =>
  compiledRule(ruleDocument({ type: 'eql', language: 'eql', title: 'Two', query, ...changes }));

function occurrences(query: string, changes: RequestChanges) {
  const { rule, slots } = eqlRule(query);
  const memo = slots.createMemo();
  const event = anonymousRequest(changes);
  memo.reset(event);
  return sequenceKind.occurrences(rule, memo, sha256Hashes, event);
}

/** The items that the event matches in each of its groups. */
const itemsOf = (query: string, changes: RequestChanges) => occurrences(query, changes).map(({ row }) => row?.items);

const create = (changes: RequestChanges = {}) => ({ ...changes, event: { ...changes.event, verb: 'create' } });

test('a rule of type eql is a sequence where its query is one, and else judges each event by itself', () => {
  assert.equal(eqlRule(`sequence ${CREATE} ${LIST}`).rule.kind, sequenceKind);
  assert.equal(eqlRule('any where true').rule.kind.windowed, undefined);
});

test('the span is that of the query, else that of the rule, else six minutes', () => {
  const span = (query: string, changes: Partial<RuleDocument> = {}) =>
    sequenceKind.windowed?.windowMicros(eqlRule(query, changes).rule);
  assert.equal(span(`sequence with maxspan=30s ${CREATE} ${LIST}`, { windowMicros: MINUTE }), 30 * SECOND);
  assert.equal(span(`sequence ${CREATE} ${LIST}`, { windowMicros: MINUTE }), MINUTE);
  assert.equal(span(`sequence ${CREATE} ${LIST}`), 6 * MINUTE);
});

test('an event has the items that it matches, until among them', () => {
  const query = `sequence by user.name ${CREATE} [any where true] until ${LIST}`;
  assert.deepEqual(itemsOf(query, create()), [[0, 1]]);
  assert.deepEqual(itemsOf(query, {}), [[1, 2]]);
  assert.deepEqual(itemsOf(`sequence ${CREATE} ${CREATE}`, {}), []);
});

test('events are in one group if they agree in the join fields, also under other names', () => {
  const query = `sequence ${CREATE} by user.name ${LIST} by user_agent.original`;
  const [first, second, other] = [
    occurrences(query, create({ username: 'eve' })),
    occurrences(query, { userAgent: 'eve' }),
    occurrences(query, { userAgent: 'bob' }),
  ].map(([occurrence]) => occurrence);
  assert.deepEqual(first?.terms, [{ field: 'user.name', value: 'eve' }]);
  assert.deepEqual(second?.terms, [{ field: 'user_agent.original', value: 'eve' }]);
  assert.equal(first?.row?.group, second?.row?.group);
  assert.notEqual(second?.row?.group, other?.row?.group);
});

test('an event belongs to the group of each of its items', () => {
  const query = `sequence ${CREATE} by user.name [any where true] by user_agent.original`;
  assert.deepEqual(itemsOf(query, create({ username: 'a', userAgent: 'b' })), [[0], [1]]);
  assert.deepEqual(itemsOf(query, create({ username: 'a', userAgent: 'a' })), [[0, 1]]);
});

test('an event that lacks a join field takes no part, unless the field is optional: then absent joins absent', () => {
  const by = (field: string) => `sequence by user.name, ${field} ${CREATE} ${LIST}`;
  assert.deepEqual(itemsOf(by('user_agent.original'), { userAgent: null }), []);
  assert.deepEqual(itemsOf(by('?user_agent.original'), { userAgent: null }), [[1]]);
  const [absent] = occurrences(by('?user_agent.original'), { userAgent: null });
  const [present] = occurrences(by('?user_agent.original'), { userAgent: 'null' });
  assert.deepEqual(absent?.terms, [{ field: 'user.name', value: 'system:anonymous' }]);
  assert.notEqual(absent?.row?.group, present?.row?.group);
});

test('several values of a join field: one group for each combination, up to the cap', () => {
  const query = `sequence by source.ip, user.name ${CREATE} ${LIST}`;
  const sourceIPs = Array.from({ length: COMBINATION_CAP + 5 }, (_, i) => `10.0.0.${i}`);
  assert.equal(occurrences(query, { sourceIPs: sourceIPs.slice(0, 2) }).length, 2);
  const found = occurrences(query, { sourceIPs });
  assert.deepEqual([found.length, found.at(-1)?.cut], [COMBINATION_CAP + 1, 5]);
});

test('a row keeps the values that repeats are grouped by', () => {
  const suppression = { by: ['user_agent.original'], windowMicros: MINUTE, missingFields: 'suppress' } as const;
  const { rule, slots } = eqlRule(`sequence ${CREATE} ${LIST}`, { suppression });
  const memo = slots.createMemo();
  const event = anonymousRequest({ userAgent: 'curl' });
  memo.reset(event);
  assert.deepEqual(sequenceKind.occurrences(rule, memo, sha256Hashes, event)[0]?.row?.columns, [['curl']]);
});

test('a fire takes an event for each item', () => {
  const { rule } = eqlRule(`sequence ${CREATE} ${LIST} ${LIST}`);
  const mayFire = (...items: readonly (readonly number[])[]) =>
    sequenceKind.windowed?.mayFire(
      rule,
      items.map((each) => ({ items: each, used: false })),
    );
  assert.deepEqual([mayFire([0], [1]), mayFire([0], [1, 2])], [false, true]);
});

test('the reason names the events, of many the first and the last', () => {
  const terms = [{ field: 'user.name', value: 'eve' }];
  const reason = (labels: readonly string[], changes: Partial<RuleDocument> = {}) => {
    const rows = labels.map((label, order): Row => {
      return { key: '', at: 0, order, auditID: '', requestKey: '', label, items: [], columns: [], used: false };
    });
    const { rule } = eqlRule(`sequence by user.name with maxspan=1m ${CREATE} ${LIST}`, changes);
    return sequenceKind.reason(rule, { terms, term: undefined, cut: 0 }, 'what', { rows, uses: [], results: [] });
  };
  assert.equal(reason(['a', 'b']), 'Two: within 1m of user "eve": a, then b');
  assert.equal(reason(['a', 'b'], { sequenceOrder: 'any' }), 'Two: within 1m of user "eve": a and b');
  assert.equal(
    reason(['a', 'b', 'c', 'd', 'e', 'f']),
    'Two: within 1m of user "eve": a, then b, then 2 more, then e, then f',
  );
});
