import { expect, test } from '@jest/globals';
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
  expect(eqlRule(`sequence ${CREATE} ${LIST}`).rule.kind).toBe(sequenceKind);
  expect(eqlRule('any where true').rule.kind.windowed).toBeUndefined();
});

test('the span is that of the query, else that of the rule, else six minutes', () => {
  const span = (query: string, changes: Partial<RuleDocument> = {}) =>
    sequenceKind.windowed?.windowMicros(eqlRule(query, changes).rule);
  expect(span(`sequence with maxspan=30s ${CREATE} ${LIST}`, { windowMicros: MINUTE })).toBe(30 * SECOND);
  expect(span(`sequence ${CREATE} ${LIST}`, { windowMicros: MINUTE })).toBe(MINUTE);
  expect(span(`sequence ${CREATE} ${LIST}`)).toBe(6 * MINUTE);
});

test('an event has the items that it matches, until among them', () => {
  const query = `sequence by user.name ${CREATE} [any where true] until ${LIST}`;
  expect(itemsOf(query, create())).toEqual([[0, 1]]);
  expect(itemsOf(query, {})).toEqual([[1, 2]]);
  expect(itemsOf(`sequence ${CREATE} ${CREATE}`, {})).toEqual([]);
});

test('events are in one group if they agree in the join fields, also under other names', () => {
  const query = `sequence ${CREATE} by user.name ${LIST} by user_agent.original`;
  const [first, second, other] = [
    occurrences(query, create({ username: 'eve' })),
    occurrences(query, { userAgent: 'eve' }),
    occurrences(query, { userAgent: 'bob' }),
  ].map(([occurrence]) => occurrence);
  expect(first?.terms).toEqual([{ field: 'user.name', value: 'eve' }]);
  expect(second?.terms).toEqual([{ field: 'user_agent.original', value: 'eve' }]);
  expect(first?.row?.group).toBe(second?.row?.group);
  expect(second?.row?.group).not.toBe(other?.row?.group);
});

test('an event belongs to the group of each of its items', () => {
  const query = `sequence ${CREATE} by user.name [any where true] by user_agent.original`;
  expect(itemsOf(query, create({ username: 'a', userAgent: 'b' }))).toEqual([[0], [1]]);
  expect(itemsOf(query, create({ username: 'a', userAgent: 'a' }))).toEqual([[0, 1]]);
});

test('an event that lacks a join field takes no part, unless the field is optional: then absent joins absent', () => {
  const by = (field: string) => `sequence by user.name, ${field} ${CREATE} ${LIST}`;
  expect(itemsOf(by('user_agent.original'), { userAgent: null })).toEqual([]);
  expect(itemsOf(by('?user_agent.original'), { userAgent: null })).toEqual([[1]]);
  const [absent] = occurrences(by('?user_agent.original'), { userAgent: null });
  const [present] = occurrences(by('?user_agent.original'), { userAgent: 'null' });
  expect(absent?.terms).toEqual([{ field: 'user.name', value: 'system:anonymous' }]);
  expect(absent?.row?.group).not.toBe(present?.row?.group);
});

test('several values of a join field: one group for each combination, up to the cap', () => {
  const query = `sequence by source.ip, user.name ${CREATE} ${LIST}`;
  const sourceIPs = Array.from({ length: COMBINATION_CAP + 5 }, (_, i) => `10.0.0.${i}`);
  expect(occurrences(query, { sourceIPs: sourceIPs.slice(0, 2) })).toHaveLength(2);
  const found = occurrences(query, { sourceIPs });
  expect([found.length, found.at(-1)?.cut]).toEqual([COMBINATION_CAP + 1, 5]);
});

test('a row keeps the values that repeats are grouped by', () => {
  const suppression = { by: ['user_agent.original'], windowMicros: MINUTE, missingFields: 'suppress' } as const;
  const { rule, slots } = eqlRule(`sequence ${CREATE} ${LIST}`, { suppression });
  const memo = slots.createMemo();
  const event = anonymousRequest({ userAgent: 'curl' });
  memo.reset(event);
  expect(sequenceKind.occurrences(rule, memo, sha256Hashes, event)[0]?.row?.columns).toEqual([['curl']]);
});

test('a fire takes an event for each item', () => {
  const { rule } = eqlRule(`sequence ${CREATE} ${LIST} ${LIST}`);
  const mayFire = (...items: readonly (readonly number[])[]) =>
    sequenceKind.windowed?.mayFire(
      rule,
      items.map((each) => ({ items: each, used: false })),
    );
  expect([mayFire([0], [1]), mayFire([0], [1, 2])]).toEqual([false, true]);
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
  expect(reason(['a', 'b'])).toBe('Two: within 1m of user "eve": a, then b');
  expect(reason(['a', 'b'], { sequenceOrder: 'any' })).toBe('Two: within 1m of user "eve": a and b');
  expect(reason(['a', 'b', 'c', 'd', 'e', 'f'])).toBe(
    'Two: within 1m of user "eve": a, then b, then 2 more, then e, then f',
  );
});
