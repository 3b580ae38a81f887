import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { DAY, TERM_MAX_BYTES } from '../limits.ts';
import { newTermsKind } from './new-terms.ts';

function ruleOver(...fields: readonly string[]) {
  return compiledRule(ruleDocument({ newTerms: { fields } }));
}

/** The occurrences of a rule that remembers user agents by product and addresses by network. */
function canonicalOccurrences(changes: RequestChanges) {
  const normalize = { 'user_agent.original': 'product', 'source.ip': '/24, /64' };
  const { rule, slots } = compiledRule(ruleDocument({ newTerms: { fields: Object.keys(normalize), normalize } }));
  const memo = slots.createMemo();
  memo.reset(anonymousRequest(changes));
  return { rule, found: newTermsKind.occurrences(rule, memo, sha256Hashes, anonymousRequest(changes)) };
}

/** The occurrences of a rule over these fields on a request. */
function occurrences(fields: readonly string[], changes: RequestChanges) {
  const { rule, slots } = ruleOver(...fields);
  const memo = slots.createMemo();
  const event = anonymousRequest(changes);
  memo.reset(event);
  return newTermsKind.occurrences(rule, memo, sha256Hashes, event);
}

function values(fields: readonly string[], changes: RequestChanges) {
  return occurrences(fields, changes).map(({ terms }) => terms.map(({ value }) => value));
}

test('one value of one field is one term, its JSON array text', () => {
  assert.deepEqual(occurrences(['user_agent.original'], { userAgent: 'a "b"' }), [
    { terms: [{ field: 'user_agent.original', value: 'a "b"' }], term: '["a \\"b\\""]', cut: 0 },
  ]);
});

test('a request that lacks any of the fields, or has it empty, is none', () => {
  assert.deepEqual(values(['user_agent.original'], { userAgent: null }), []);
  assert.deepEqual(values(['user_agent.original'], { userAgent: '' }), []);
  assert.deepEqual(values(['user.name', 'user_agent.original'], { userAgent: null }), []);
  assert.deepEqual(values(['source.ip', 'user.name'], { sourceIPs: [] }), []);
  assert.deepEqual(values(['process.name'], {}), []);
});

test('arrays give each combination once, in the order of the fields, the last value first', () => {
  const sourceIPs = ['10.0.0.1', '10.0.0.2', '10.0.0.1'];
  assert.deepEqual(values(['source.ip'], { sourceIPs }), [['10.0.0.1'], ['10.0.0.2']], 'the true last hop');
  const groups = { event: { user: { username: 'eve', groups: ['a', 'b'] } }, sourceIPs: ['10.0.0.1', '10.0.0.2'] };
  assert.deepEqual(values(['kubernetes.audit.user.groups', 'source.ip'], groups), [
    ['b', '10.0.0.2'],
    ['b', '10.0.0.1'],
    ['a', '10.0.0.2'],
    ['a', '10.0.0.1'],
  ]);
});

test('numbers and booleans are terms by their text', () => {
  assert.deepEqual(values(['kubernetes.audit.responseStatus.code'], {}), [['200']]);
});

test('beyond 100 combinations the rest is one cut, and the last values are not in it', () => {
  const ips = (n: number) => Array.from({ length: n }, (_, i) => `10.0.0.${i}`);
  const exact = occurrences(['source.ip'], { sourceIPs: ips(100) });
  assert.equal(exact.length, 100);
  assert.ok(exact.every(({ cut }) => cut === 0));

  const over = occurrences(['source.ip'], { sourceIPs: ips(103) });
  assert.equal(over.length, 101);
  assert.equal(over[0]?.term, '["10.0.0.102"]');
  assert.deepEqual(over[100], { terms: [], term: undefined, cut: 3 });

  const groups = Array.from({ length: 20 }, (_, i) => `g${i}`);
  const product = occurrences(['kubernetes.audit.user.groups', 'source.ip'], {
    sourceIPs: ips(11),
    event: { user: { username: 'eve', groups } },
  });
  assert.equal(product.length, 101);
  assert.equal(product[100]?.cut, 120);
  assert.equal(product[0]?.term, '["g19","10.0.0.10"]');
  assert.equal(new Set(product.map(({ term }) => term)).size, 101, 'no combination twice');
});

test('a term above 128 bytes is its hash; at 128 it is itself; the alert shows the value', () => {
  const brackets = '[""]'.length;
  const fits = 'x'.repeat(TERM_MAX_BYTES - brackets);
  assert.equal(occurrences(['user_agent.original'], { userAgent: fits })[0]?.term, `["${fits}"]`);
  const [long] = occurrences(['user_agent.original'], { userAgent: `${fits}y` });
  assert.equal(long?.term, `#${sha256Hashes.full(`["${fits}y"]`)}`);
  assert.equal(long?.terms[0]?.value, `${fits}y`);
  const [bytes] = occurrences(['user_agent.original'], { userAgent: 'é'.repeat(63) });
  assert.match(bytes?.term ?? '', /^#[\w-]{43}$/, 'bytes, not characters');
});

test('values that only look alike when joined are different terms', () => {
  const terms = ['a", "b', 'a'].map((userAgent) => occurrences(['user_agent.original'], { userAgent })[0]?.term);
  assert.equal(new Set([...terms, '["a","b"]']).size, 3);
});

test('it fires on a term never seen, and on one last seen more than a window ago, to the microsecond', () => {
  const { rule } = ruleOver('user_agent.original');
  const occurrence = { terms: [], term: '["a"]', cut: 0 };
  const after = (last: number | undefined) => newTermsKind.fires(rule, occurrence, NOON, { lastSighting: () => last });
  assert.equal(after(undefined), true);
  assert.equal(after(NOON - 7 * DAY), false, 'exactly one window ago is known');
  assert.equal(after(NOON - 7 * DAY - 1), true);
  assert.equal(after(NOON), false);
  assert.equal(after(NOON + DAY), false, 'an event that comes late');
});

test('it asks the memory of its own rule for its own term', () => {
  const { rule } = ruleOver('user_agent.original');
  const lastSighting = (state: string, term: string) => (state === rule.state && term === '["a"]' ? NOON : undefined);
  const fires = (term: string) => newTermsKind.fires(rule, { terms: [], term, cut: 0 }, NOON, { lastSighting });
  assert.deepEqual([fires('["a"]'), fires('["b"]')], [false, true]);
});

test('repeats are grouped by the terms for the history window', () => {
  const fields = ['user.name', 'user_agent.original'];
  const [one] = occurrences(fields, { userAgent: 'a' });
  const [other] = occurrences(fields, { userAgent: 'b' });
  assert.ok(one !== undefined && other !== undefined);
  assert.equal(newTermsKind.suppressionKey(one, anonymousRequest()), '["system:anonymous","a"]');
  assert.notEqual(
    newTermsKind.suppressionKey(one, anonymousRequest()),
    newTermsKind.suppressionKey(other, anonymousRequest()),
  );
  assert.equal(newTermsKind.suppressionWindow(ruleDocument({ newTerms: { windowMicros: 3 * DAY } })), 3 * DAY);
});

test('the reason names the fields in words, the values, and the window', () => {
  const { rule } = ruleOver('user_agent.original', 'source.ip', 'event.action');
  const [occurrence] = occurrences(['user_agent.original', 'source.ip', 'event.action'], {});
  assert.ok(occurrence !== undefined);
  assert.equal(
    newTermsKind.reason(rule, occurrence, 'what happened'),
    'user agent "masscan/1.3", source IP "203.0.113.7", event.action "list" not seen in 7d: what happened',
  );
});

test('a value is remembered in the form that the rule names, and told as it was', () => {
  const { rule, found } = canonicalOccurrences({ userAgent: 'curl/8.5.0', sourceIPs: ['10.0.0.7'] });
  const [occurrence] = found;
  assert.ok(occurrence !== undefined && found.length === 1);
  assert.equal(occurrence.term, '["curl","10.0.0.0/24"]');
  assert.deepEqual(
    occurrence.terms.map(({ value }) => value),
    ['curl/8.5.0', '10.0.0.7'],
  );
  assert.equal(newTermsKind.suppressionKey(occurrence, anonymousRequest()), '["curl","10.0.0.0/24"]');
  assert.equal(
    newTermsKind.reason(rule, occurrence, 'it'),
    'user agent "curl/8.5.0" (as curl), source IP "10.0.0.7" (as 10.0.0.0/24) not seen in 7d: it',
  );
});

test('values of an array that are remembered as one are one term, told by the last of them', () => {
  const sourceIPs = ['10.0.0.7', '10.0.1.1', '10.0.0.9'];
  const { found } = canonicalOccurrences({ userAgent: 'curl/8.5.0', sourceIPs });
  assert.deepEqual(
    found.map(({ term, terms }) => [term, terms[1]?.value]),
    [
      ['["curl","10.0.0.0/24"]', '10.0.0.9'],
      ['["curl","10.0.1.0/24"]', '10.0.1.1'],
    ],
  );
});
