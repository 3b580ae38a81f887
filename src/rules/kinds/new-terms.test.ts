import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../../test/support/events.ts';
import { expectPresent } from '../../../test/support/expect.ts';
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
  expect(occurrences(['user_agent.original'], { userAgent: 'a "b"' })).toEqual([
    { terms: [{ field: 'user_agent.original', value: 'a "b"' }], term: '["a \\"b\\""]', cut: 0 },
  ]);
});

test('a request that lacks any of the fields, or has it empty, is none', () => {
  expect(values(['user_agent.original'], { userAgent: null })).toEqual([]);
  expect(values(['user_agent.original'], { userAgent: '' })).toEqual([]);
  expect(values(['user.name', 'user_agent.original'], { userAgent: null })).toEqual([]);
  expect(values(['source.ip', 'user.name'], { sourceIPs: [] })).toEqual([]);
  expect(values(['process.name'], {})).toEqual([]);
});

test('arrays give each combination once, in the order of the fields, the last value first', () => {
  const sourceIPs = ['10.0.0.1', '10.0.0.2', '10.0.0.1'];
  expect(values(['source.ip'], { sourceIPs })).toEqual([['10.0.0.1'], ['10.0.0.2']]); // the true last hop
  const groups = { event: { user: { username: 'eve', groups: ['a', 'b'] } }, sourceIPs: ['10.0.0.1', '10.0.0.2'] };
  expect(values(['kubernetes.audit.user.groups', 'source.ip'], groups)).toEqual([
    ['b', '10.0.0.2'],
    ['b', '10.0.0.1'],
    ['a', '10.0.0.2'],
    ['a', '10.0.0.1'],
  ]);
});

test('numbers and booleans are terms by their text', () => {
  expect(values(['kubernetes.audit.responseStatus.code'], {})).toEqual([['200']]);
});

test('beyond 100 combinations the rest is one cut, and the last values are not in it', () => {
  const ips = (n: number) => Array.from({ length: n }, (_, i) => `10.0.0.${i}`);
  const exact = occurrences(['source.ip'], { sourceIPs: ips(100) });
  expect(exact).toHaveLength(100);
  expect(exact.every(({ cut }) => cut === 0)).toBe(true);

  const over = occurrences(['source.ip'], { sourceIPs: ips(103) });
  expect(over).toHaveLength(101);
  expect(over[0]?.term).toBe('["10.0.0.102"]');
  expect(over[100]).toEqual({ terms: [], term: undefined, cut: 3 });

  const groups = Array.from({ length: 20 }, (_, i) => `g${i}`);
  const product = occurrences(['kubernetes.audit.user.groups', 'source.ip'], {
    sourceIPs: ips(11),
    event: { user: { username: 'eve', groups } },
  });
  expect(product).toHaveLength(101);
  expect(product[100]?.cut).toBe(120);
  expect(product[0]?.term).toBe('["g19","10.0.0.10"]');
  expect(new Set(product.map(({ term }) => term)).size).toBe(101); // no combination twice
});

test('a term above 128 bytes is its hash; at 128 it is itself; the alert shows the value', () => {
  const brackets = '[""]'.length;
  const fits = 'x'.repeat(TERM_MAX_BYTES - brackets);
  expect(occurrences(['user_agent.original'], { userAgent: fits })[0]?.term).toBe(`["${fits}"]`);
  const [long] = occurrences(['user_agent.original'], { userAgent: `${fits}y` });
  expect(long?.term).toBe(`#${sha256Hashes.full(`["${fits}y"]`)}`);
  expect(long?.terms[0]?.value).toBe(`${fits}y`);
  const [bytes] = occurrences(['user_agent.original'], { userAgent: 'é'.repeat(63) });
  expect(bytes?.term ?? '').toMatch(/^#[\w-]{43}$/); // bytes, not characters
});

test('values that only look alike when joined are different terms', () => {
  const terms = ['a", "b', 'a'].map((userAgent) => occurrences(['user_agent.original'], { userAgent })[0]?.term);
  expect(new Set([...terms, '["a","b"]']).size).toBe(3);
});

test('it fires on a term never seen, and on one last seen more than a window ago, to the microsecond', () => {
  const { rule } = ruleOver('user_agent.original');
  const occurrence = { terms: [], term: '["a"]', cut: 0 };
  const after = (last: number | undefined) => newTermsKind.fires(rule, occurrence, NOON, { lastSighting: () => last });
  expect(after(undefined)).toBe(true);
  expect(after(NOON - 7 * DAY)).toBe(false); // exactly one window ago is known
  expect(after(NOON - 7 * DAY - 1)).toBe(true);
  expect(after(NOON)).toBe(false);
  expect(after(NOON + DAY)).toBe(false); // an event that comes late
});

test('it asks the memory of its own rule for its own term', () => {
  const { rule } = ruleOver('user_agent.original');
  const lastSighting = (memoryKey: string, term: string) =>
    memoryKey === rule.memoryKey && term === '["a"]' ? NOON : undefined;
  const fires = (term: string) => newTermsKind.fires(rule, { terms: [], term, cut: 0 }, NOON, { lastSighting });
  expect([fires('["a"]'), fires('["b"]')]).toEqual([false, true]);
});

test('repeats are grouped by the terms for the history window', () => {
  const fields = ['user.name', 'user_agent.original'];
  const [one] = occurrences(fields, { userAgent: 'a' });
  const [other] = occurrences(fields, { userAgent: 'b' });
  expectPresent(one);
  expectPresent(other);
  expect(newTermsKind.suppressionKey(one, anonymousRequest())).toBe('["system:anonymous","a"]');
  expect(newTermsKind.suppressionKey(one, anonymousRequest())).not.toBe(
    newTermsKind.suppressionKey(other, anonymousRequest()),
  );
  expect(newTermsKind.suppressionWindow(ruleDocument({ newTerms: { windowMicros: 3 * DAY } }))).toBe(3 * DAY);
});

test('the reason names the fields in words, the values, and the window', () => {
  const { rule } = ruleOver('user_agent.original', 'source.ip', 'event.action');
  const [occurrence] = occurrences(['user_agent.original', 'source.ip', 'event.action'], {});
  expectPresent(occurrence);
  expect(newTermsKind.reason(rule, occurrence, 'what happened')).toBe(
    'user agent "masscan/1.3", source IP "203.0.113.7", event.action "list" not seen in 7d: what happened',
  );
});

test('a value is remembered in the form that the rule names, and told as it was', () => {
  const { rule, found } = canonicalOccurrences({ userAgent: 'curl/8.5.0', sourceIPs: ['10.0.0.7'] });
  const [occurrence] = found;
  expectPresent(occurrence);
  expect(found.length).toBe(1);
  expect(occurrence.term).toBe('["curl","10.0.0.0/24"]');
  expect(occurrence.terms.map(({ value }) => value)).toEqual(['curl/8.5.0', '10.0.0.7']);
  expect(newTermsKind.suppressionKey(occurrence, anonymousRequest())).toBe('["curl","10.0.0.0/24"]');
  expect(newTermsKind.reason(rule, occurrence, 'it')).toBe(
    'user agent "curl/8.5.0" (as curl), source IP "10.0.0.7" (as 10.0.0.0/24) not seen in 7d: it',
  );
});

test('values of an array that are remembered as one are one term, told by the last of them', () => {
  const sourceIPs = ['10.0.0.7', '10.0.1.1', '10.0.0.9'];
  const { found } = canonicalOccurrences({ userAgent: 'curl/8.5.0', sourceIPs });
  expect(found.map(({ term, terms }) => [term, terms[1]?.value])).toEqual([
    ['["curl","10.0.0.0/24"]', '10.0.0.9'],
    ['["curl","10.0.1.0/24"]', '10.0.1.1'],
  ]);
});
