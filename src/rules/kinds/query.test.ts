import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, type RequestChanges } from '../../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { HOUR } from '../limits.ts';
import { queryKind } from './query.ts';

const { rule, slots } = compiledRule(ruleDocument());
const occurrences = queryKind.occurrences(rule, slots.createMemo(), sha256Hashes, anonymousRequest({}));
const [occurrence] = occurrences;
assert.ok(occurrence !== undefined);

const keyOf = (changes: RequestChanges) => queryKind.suppressionKey(occurrence, anonymousRequest(changes));
const pods = { resource: 'pods', namespace: 'default' };

test('a request that the query selects fires once, whatever is remembered', () => {
  assert.deepEqual(occurrence, { terms: [], term: undefined, cut: 0 });
  assert.equal(occurrences.length, 1);
  assert.equal(queryKind.fires(rule, occurrence, 1, { lastSighting: () => 1 }), true);
});

test('repeats by the same user, last hop and object are one group, for an hour', () => {
  const same = keyOf({ event: { objectRef: pods } });
  const joining: readonly RequestChanges[] = [
    { event: { objectRef: { ...pods, apiVersion: 'v2', uid: 'u' } } },
    { event: { objectRef: pods, verb: 'get', requestURI: '/other' }, userAgent: 'curl', id: 'other' },
    { event: { objectRef: pods }, sourceIPs: ['1.2.3.4', '203.0.113.7'] },
  ];
  for (const changes of joining) assert.equal(keyOf(changes), same, JSON.stringify(changes));
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
  assert.equal(new Set([same, ...keys]).size, others.length + 1);
  assert.equal(queryKind.suppressionWindow(ruleDocument()), HOUR);
});

test('a request without an object is grouped by its path, without its query', () => {
  const path = (requestURI: string) => {
    const { objectRef: _, ...event } = anonymousRequest({ event: { requestURI } }).event;
    return queryKind.suppressionKey(occurrence, { ...anonymousRequest(), event });
  };
  assert.equal(path('/version?a=1'), path('/version?b=2'));
  assert.notEqual(path('/version'), path('/healthz'));
});

test('an event that says nothing has a group, and a name cannot make two groups one', () => {
  assert.equal(queryKind.suppressionKey(occurrence, { ...anonymousRequest(), event: {} }), '[null,null,null]');
  assert.notEqual(keyOf({ username: 'a","b' }), keyOf({ username: 'a' }));
});

test('the reason is the title and what happened', () => {
  assert.equal(queryKind.reason(rule, occurrence, 'eve get secrets'), 'Anonymous request: eve get secrets');
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
  assert.deepEqual(
    groups(several).map(({ suppressed }) => suppressed),
    [
      ['10.0.0.2', 'eve'],
      ['10.0.0.1', 'eve'],
    ],
  );
  assert.deepEqual(
    groups({ ...several, username: '' }).map(({ suppressed }) => suppressed?.[1]),
    [null, null],
  );
  assert.deepEqual(groups({ username: 'eve' }), [{ terms: [], term: undefined, cut: 0 }]);
  const eql = ruleDocument({ type: 'eql', language: 'eql', query: 'any where true', suppression });
  assert.deepEqual(groups(several, eql), [{ terms: [], term: undefined, cut: 0 }]);
  const sourceIPs = Array.from({ length: 130 }, (_, i) => `10.0.0.${i}`);
  assert.equal(groups({ sourceIPs }).at(-1)?.cut, 30);
});
