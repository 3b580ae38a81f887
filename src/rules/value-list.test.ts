import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { resolveField } from '../ecs/fields.ts';
import { createFieldSlots } from '../query/slots.ts';
import type { ValueListDocument } from './document.ts';
import { compileValueList } from './value-list.ts';

const AGENT = 'user_agent.original';

function holds(list: Partial<ValueListDocument>, changes: RequestChanges): boolean {
  const slots = createFieldSlots();
  const whole = { field: AGENT, type: 'keyword', values: [], excluded: false, ...list } as const;
  const compiled = compileValueList(whole, resolveField(whole.field) ?? assert.fail(), slots);
  assert.ok(compiled.kind === 'ok', JSON.stringify(compiled));
  const memo = slots.createMemo();
  memo.reset(anonymousRequest(changes));
  return compiled.matches(memo);
}

test('a list of texts holds for a value that is in it as it is', () => {
  const values = ['curl/8.9.1', 'kubectl'];
  assert.ok(holds({ values }, { userAgent: 'kubectl' }));
  assert.ok(!holds({ values }, { userAgent: 'Kubectl' }));
  assert.ok(!holds({ values }, { userAgent: 'kubectl ' }));
  assert.ok(holds({ values, type: 'text' }, { userAgent: 'KUBECTL' }));
  assert.ok(!holds({ values: [] }, { userAgent: 'kubectl' }));
  assert.ok(holds({ field: 'kubernetes.audit.responseStatus.code', values: ['200'] }, {}), 'a number by its text');
});

test('an excluded list holds where no value is in it, also where there is none', () => {
  const values = ['kubectl'];
  assert.ok(!holds({ values, excluded: true }, { userAgent: 'kubectl' }));
  assert.ok(holds({ values, excluded: true }, { userAgent: 'curl' }));
  assert.ok(!holds({ values }, { userAgent: null }));
  assert.ok(holds({ values, excluded: true }, { userAgent: null }));
  assert.ok(holds({ values: [], excluded: true }, { userAgent: 'curl' }));
});

test('of an array one value is enough, and without an excluded one all are', () => {
  const field = 'kubernetes.audit.user.groups';
  const changes = { event: { user: { username: 'eve', groups: ['a', 'b'] } } };
  assert.ok(holds({ field, values: ['b'] }, changes));
  assert.ok(!holds({ field, values: ['b'], excluded: true }, changes));
  assert.ok(holds({ field, values: ['c'], excluded: true }, changes));
});

test('addresses are compared as such: single ones, prefixes, ranges with both ends, of both families', () => {
  const values = ['10.0.0.0/8', '192.0.2.10-192.0.2.20', '203.0.113.7', '2001:db8::/32', '192.0.2.15 - 192.0.2.30'];
  const from = (ip: string) => holds({ field: 'source.ip', type: 'ip_range', values }, { sourceIPs: [ip] });
  const inside = ['10.255.255.255', '192.0.2.10', '192.0.2.30', '203.0.113.7', '::ffff:203.0.113.7', '2001:db8:1::1'];
  for (const ip of inside) assert.ok(from(ip), ip);
  for (const ip of ['9.255.255.255', '11.0.0.0', '192.0.2.9', '192.0.2.31', '203.0.113.8', '2001:db9::']) {
    assert.ok(!from(ip), ip);
  }
  assert.ok(holds({ field: 'source.ip', values: ['10.0.0.1'], excluded: true }, { sourceIPs: [] }));
});

test('100,000 values are looked up, not tried', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  const list = { field: 'source.ip', type: 'ip', values: many } as const;
  assert.ok(holds(list, { sourceIPs: ['10.1.134.159'] }), 'the last');
  assert.ok(!holds(list, { sourceIPs: ['10.1.134.160'] }), 'the one after it');
  assert.ok(holds({ values: many }, { userAgent: '10.0.1.0' }));
});

test('a list that several rules name is one, and each rule compares it in its own way', () => {
  const values = ['10.0.0.1', 'KUBECTL'];
  assert.ok(!holds({ values }, { userAgent: 'kubectl' }));
  assert.ok(holds({ values, type: 'text' }, { userAgent: 'kubectl' }));
  assert.ok(!holds({ values, excluded: true }, { userAgent: 'KUBECTL' }));
  assert.throws(() => holds({ values, field: 'source.ip' }, {}), /value 2 of the list/);
  assert.ok(holds({ values }, { userAgent: 'KUBECTL' }));
  const addresses = { type: 'ip', values: ['10.0.0.1'] } as const;
  assert.ok(holds({ ...addresses, field: 'source.ip' }, { sourceIPs: ['::ffff:10.0.0.1'] }));
  assert.ok(holds(addresses, { userAgent: '10.0.0.1' }) && !holds(addresses, { userAgent: '::ffff:10.0.0.1' }));
});

test('patterns: an asterisk is any text, a question mark one character, escaped they are themselves', () => {
  const agent = (pattern: string, userAgent: string) => holds({ type: 'wildcard', values: [pattern] }, { userAgent });
  assert.ok(agent('kube*/v1', 'kubectl/v1'));
  assert.ok(!agent('kube*/v1', 'xkubectl/v1'));
  assert.ok(agent('a\\*b', 'a*b') && !agent('a\\*b', 'axb'));
  assert.ok(agent('a\\\\*', 'a\\x'));
  assert.ok(agent('k?s', 'k8s') && agent('k?s', 'k😀s') && !agent('k?s', 'ks') && !agent('k?s', 'k88s'));
  assert.ok(agent('a\\?', 'a?') && !agent('a\\?', 'ab'));
  assert.ok(holds({ type: 'wildcard', values: ['x', 'cu*'] }, { userAgent: 'curl' }));
});

test('what cannot be compared is refused, with the value', () => {
  const refused = (field: string, list: Partial<ValueListDocument>) => {
    const whole = { field, type: 'keyword', values: [], excluded: false, ...list } as const;
    const result = compileValueList(whole, resolveField(field) ?? assert.fail(), createFieldSlots());
    return result.kind === 'invalid' ? [result.index, result.message] : assert.fail('it compiled');
  };
  for (const wrong of ['10.0.0.256', '10.0.0.0/33', '10.0.0.9-10.0.0.1', 'a-b', '10.0.0.1-', '']) {
    const [index, message] = refused('source.ip', { values: ['10.0.0.1', wrong] });
    assert.equal(index, 1, wrong);
    assert.match(String(message), /^expected an address, a prefix or a range, found ".*" \(value 2 of the list\)$/);
  }
  assert.match(String(refused('user.name', { type: 'ip_range' })[1]), /^user\.name holds no addresses/);
  assert.match(String(refused('@timestamp', {})[1]), /^@timestamp holds a time/);
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
  assert.ok(!matches(excepted));
  assert.ok(matches({ ...excepted, userAgent: 'wget' }));
  assert.ok(matches({ ...excepted, sourceIPs: ['10.1.1.1'] }));
  assert.ok(matches({ ...excepted, event: { verb: 'get' } }));
});
