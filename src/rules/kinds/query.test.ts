import { expect, test } from '@jest/globals';
import { anonymousRequest, type RequestChanges } from '../../../test/support/events.ts';
import { expectPresent } from '../../../test/support/expect.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { HOUR } from '../limits.ts';
import { queryKind } from './query.ts';

const { rule, slots } = compiledRule(ruleDocument());
const occurrences = queryKind.occurrences(rule, slots.createMemo(), sha256Hashes, anonymousRequest({}));
const [occurrence] = occurrences;
expectPresent(occurrence);

const keyOf = (changes: RequestChanges) => queryKind.suppressionKey(occurrence, anonymousRequest(changes));
const pods = { resource: 'pods', namespace: 'default' };

test('a request that the query selects fires once, whatever is remembered', () => {
  expect(occurrence).toEqual({ terms: [], term: undefined, cut: 0 });
  expect(occurrences).toHaveLength(1);
  expect(queryKind.fires(rule, occurrence, 1, { lastSighting: () => 1 })).toBe(true);
});

test('repeats by the same user, last hop and object are one group, for an hour', () => {
  const same = keyOf({ event: { objectRef: pods } });
  const joining: readonly RequestChanges[] = [
    { event: { objectRef: { ...pods, apiVersion: 'v2', uid: 'u' } } },
    { event: { objectRef: pods, verb: 'get', requestURI: '/other' }, userAgent: 'curl', id: 'other' },
    { event: { objectRef: pods }, sourceIPs: ['1.2.3.4', '203.0.113.7'] },
  ];
  for (const changes of joining)
    expect([JSON.stringify(changes), keyOf(changes)]).toEqual([JSON.stringify(changes), same]);
  const others: readonly RequestChanges[] = [
    { event: { objectRef: pods }, username: 'eve' },
    { event: { objectRef: pods }, sourceIPs: ['203.0.113.7', '1.2.3.4'] },
    { event: { objectRef: { ...pods, resource: 'secrets' } } },
    { event: { objectRef: { ...pods, namespace: 'other' } } },
    { event: { objectRef: { ...pods, name: 'p' } } },
    { event: { objectRef: { ...pods, subresource: 'exec' } } },
    { event: { objectRef: { ...pods, apiGroup: 'apps' } } },
    { event: { objectRef: { resource: 'default', namespace: 'pods' } } },
  ];
  const keys = others.map(keyOf);
  expect(new Set([same, ...keys]).size).toBe(others.length + 1);
  expect(queryKind.suppressionWindow(ruleDocument())).toBe(HOUR);
});

test('a request without an object is grouped by its path, without its query', () => {
  const path = (requestURI: string) => {
    const { objectRef: _, ...event } = anonymousRequest({ event: { requestURI } }).event;
    return queryKind.suppressionKey(occurrence, { ...anonymousRequest(), event });
  };
  expect(path('/version?a=1')).toBe(path('/version?b=2'));
  expect(path('/version')).not.toBe(path('/healthz'));
});

test('an event that says nothing has a group, and a name cannot make two groups one', () => {
  expect(queryKind.suppressionKey(occurrence, { ...anonymousRequest(), event: {} })).toBe('[null,null,null]');
  expect(keyOf({ username: 'a","b' })).not.toBe(keyOf({ username: 'a' }));
});

test('the reason is the title and what happened', () => {
  expect(queryKind.reason(rule, occurrence, 'eve get secrets')).toBe('Anonymous request: eve get secrets');
});

test('where repeats are grouped by fields, an event with several values is in a group for each; in EQL it is one event', () => {
  const suppression = { by: ['source.ip', 'user.name'], windowMicros: HOUR, missingFields: 'suppress' } as const;
  const groups = (changes: RequestChanges, document = ruleDocument({ suppression })) => {
    const compiled = compiledRule(document);
    const memo = compiled.slots.createMemo();
    const event = anonymousRequest(changes);
    memo.reset(event);
    return compiled.rule.kind.occurrences(compiled.rule, memo, sha256Hashes, event);
  };
  const several = { username: 'eve', sourceIPs: ['10.0.0.1', '10.0.0.2'] };
  expect(groups(several).map(({ suppressedBy }) => suppressedBy)).toEqual([
    ['10.0.0.2', 'eve'],
    ['10.0.0.1', 'eve'],
  ]);
  expect(groups({ ...several, username: '' }).map(({ suppressedBy }) => suppressedBy?.[1])).toEqual([null, null]);
  expect(groups({ username: 'eve' })).toEqual([{ terms: [], term: undefined, cut: 0 }]);
  const eql = ruleDocument({ type: 'eql', language: 'eql', query: 'any where true', suppression });
  expect(groups(several, eql)).toEqual([{ terms: [], term: undefined, cut: 0 }]);
  const sourceIPs = Array.from({ length: 130 }, (_, i) => `10.0.0.${i}`);
  expect(groups({ sourceIPs }).at(-1)?.cut).toBe(30);
});
