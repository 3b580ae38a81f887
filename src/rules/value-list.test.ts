import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectKind } from '../../test/support/expect.ts';
import { fail } from '../../test/support/fail.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { resolveField } from '../ecs/fields.ts';
import { createFieldSlots } from '../query/match/slots.ts';
import type { ValueListDocument } from './document.ts';
import { compileValueList } from './value-list.ts';

const AGENT = 'user_agent.original';

function holds(list: Partial<ValueListDocument>, changes: RequestChanges): boolean {
  const slots = createFieldSlots();
  const whole = { field: AGENT, type: 'keyword', values: [], excluded: false, ...list } as const;
  const compiled = compileValueList(whole, resolveField(whole.field) ?? fail(), slots);
  expectKind(compiled, 'ok');
  const memo = slots.createMemo();
  memo.reset(anonymousRequest(changes));
  return compiled.matches(memo);
}

test('a list of texts holds for a value that is in it as it is', () => {
  const values = ['curl/8.9.1', 'kubectl'];
  expect(holds({ values }, { userAgent: 'kubectl' })).toBe(true);
  expect(holds({ values }, { userAgent: 'Kubectl' })).toBe(false);
  expect(holds({ values }, { userAgent: 'kubectl ' })).toBe(false);
  expect(holds({ values, type: 'text' }, { userAgent: 'KUBECTL' })).toBe(true);
  expect(holds({ values: [] }, { userAgent: 'kubectl' })).toBe(false);
  expect(holds({ field: 'kubernetes.audit.responseStatus.code', values: ['200'] }, {})).toBe(true); // a number by its text
});

test('an excluded list holds where no value is in it, also where there is none', () => {
  const values = ['kubectl'];
  expect(holds({ values, excluded: true }, { userAgent: 'kubectl' })).toBe(false);
  expect(holds({ values, excluded: true }, { userAgent: 'curl' })).toBe(true);
  expect(holds({ values }, { userAgent: null })).toBe(false);
  expect(holds({ values, excluded: true }, { userAgent: null })).toBe(true);
  expect(holds({ values: [], excluded: true }, { userAgent: 'curl' })).toBe(true);
});

test('of an array one value is enough, and without an excluded one all are', () => {
  const field = 'kubernetes.audit.user.groups';
  const changes = { event: { user: { username: 'eve', groups: ['a', 'b'] } } };
  expect(holds({ field, values: ['b'] }, changes)).toBe(true);
  expect(holds({ field, values: ['b'], excluded: true }, changes)).toBe(false);
  expect(holds({ field, values: ['c'], excluded: true }, changes)).toBe(true);
});

test('addresses are compared as such: single ones, prefixes, ranges with both ends, of both families', () => {
  const values = ['10.0.0.0/8', '192.0.2.10-192.0.2.20', '203.0.113.7', '2001:db8::/32', '192.0.2.15 - 192.0.2.30'];
  const from = (ip: string) => holds({ field: 'source.ip', type: 'ip_range', values }, { sourceIPs: [ip] });
  const inside = ['10.255.255.255', '192.0.2.10', '192.0.2.30', '203.0.113.7', '::ffff:203.0.113.7', '2001:db8:1::1'];
  for (const ip of inside) expect([ip, from(ip)]).toEqual([ip, true]);
  for (const ip of ['9.255.255.255', '11.0.0.0', '192.0.2.9', '192.0.2.31', '203.0.113.8', '2001:db9::']) {
    expect([ip, from(ip)]).toEqual([ip, false]);
  }
  expect(holds({ field: 'source.ip', values: ['10.0.0.1'], excluded: true }, { sourceIPs: [] })).toBe(true);
});

test('100,000 values are looked up, not tried', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  const list = { field: 'source.ip', type: 'ip', values: many } as const;
  expect(holds(list, { sourceIPs: ['10.1.134.159'] })).toBe(true); // the last
  expect(holds(list, { sourceIPs: ['10.1.134.160'] })).toBe(false); // the one after it
  expect(holds({ values: many }, { userAgent: '10.0.1.0' })).toBe(true);
});

test('a list that several rules name is one, and each rule compares it in its own way', () => {
  const values = ['10.0.0.1', 'KUBECTL'];
  expect(holds({ values }, { userAgent: 'kubectl' })).toBe(false);
  expect(holds({ values, type: 'text' }, { userAgent: 'kubectl' })).toBe(true);
  expect(holds({ values, excluded: true }, { userAgent: 'KUBECTL' })).toBe(false);
  expect(() => holds({ values, field: 'source.ip' }, {})).toThrow(/value 2 of the list/);
  expect(holds({ values }, { userAgent: 'KUBECTL' })).toBe(true);
  const addresses = { type: 'ip', values: ['10.0.0.1'] } as const;
  expect(holds({ ...addresses, field: 'source.ip' }, { sourceIPs: ['::ffff:10.0.0.1'] })).toBe(true);
  expect(holds(addresses, { userAgent: '10.0.0.1' })).toBe(true);
  expect(holds(addresses, { userAgent: '::ffff:10.0.0.1' })).toBe(false);
});

test('patterns: an asterisk is any text, a question mark one character, escaped they are themselves', () => {
  const agent = (pattern: string, userAgent: string) => holds({ type: 'wildcard', values: [pattern] }, { userAgent });
  expect(agent('kube*/v1', 'kubectl/v1')).toBe(true);
  expect(agent('kube*/v1', 'xkubectl/v1')).toBe(false);
  expect(agent('a\\*b', 'a*b')).toBe(true);
  expect(agent('a\\*b', 'axb')).toBe(false);
  expect(agent('a\\\\*', 'a\\x')).toBe(true);
  expect(agent('k?s', 'k8s')).toBe(true);
  expect(agent('k?s', 'k😀s')).toBe(true);
  expect(agent('k?s', 'ks')).toBe(false);
  expect(agent('k?s', 'k88s')).toBe(false);
  expect(agent('a\\?', 'a?')).toBe(true);
  expect(agent('a\\?', 'ab')).toBe(false);
  expect(holds({ type: 'wildcard', values: ['x', 'cu*'] }, { userAgent: 'curl' })).toBe(true);
});

test('what cannot be compared is refused, with the value', () => {
  const refused = (field: string, list: Partial<ValueListDocument>) => {
    const whole = { field, type: 'keyword', values: [], excluded: false, ...list } as const;
    const result = compileValueList(whole, resolveField(field) ?? fail(), createFieldSlots());
    return result.kind === 'invalid' ? [result.index, result.message] : fail('it compiled');
  };
  for (const wrong of ['10.0.0.256', '10.0.0.0/33', '10.0.0.9-10.0.0.1', 'a-b', '10.0.0.1-', '']) {
    const [index, message] = refused('source.ip', { values: ['10.0.0.1', wrong] });
    expect([wrong, index]).toEqual([wrong, 1]);
    expect(String(message)).toMatch(/^expected an address, a prefix or a range, found ".*" \(value 2 of the list\)$/);
  }
  expect(String(refused('user.name', { type: 'ip_range' })[1])).toMatch(/^user\.name holds no addresses/);
  expect(String(refused('@timestamp', {})[1])).toMatch(/^@timestamp holds a time/);
});

test('an exception with lists selects what its query and all of its lists hold for', () => {
  const lists = [
    { field: AGENT, type: 'keyword', values: ['curl', 'kubectl'], excluded: false },
    { field: 'source.ip', type: 'ip', values: ['10.0.0.0/8'], excluded: true },
  ] as const;
  const exceptions = [{ query: 'event.action: list', language: 'kuery', reason: 'known', lists }] as const;
  const { rule, slots } = compiledRule(ruleDocument({ exceptions }));
  const memo = slots.createMemo();
  const matches = (changes: RequestChanges) => {
    const event = anonymousRequest(changes);
    memo.reset(event);
    return rule.matches(event, memo);
  };
  const excepted = { userAgent: 'curl', sourceIPs: ['203.0.113.7'], at: NOON };
  expect(matches(excepted)).toBe(false);
  expect(matches({ ...excepted, userAgent: 'wget' })).toBe(true);
  expect(matches({ ...excepted, sourceIPs: ['10.1.1.1'] })).toBe(true);
  expect(matches({ ...excepted, event: { verb: 'get' } })).toBe(true);
});
