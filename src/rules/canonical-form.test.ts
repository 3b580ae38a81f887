import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveField } from '../ecs/fields.ts';
import { canonicalForm } from './canonical-form.ts';

function formOf(form: string, name: string) {
  const field = resolveField(name);
  assert.ok(field !== undefined, name);
  return canonicalForm(form, field);
}

function canonical(form: string, name: string, value: string): string {
  const found = formOf(form, name);
  assert.ok(found.kind === 'ok', found.kind === 'invalid' ? found.message : '');
  return found.canonicalise(value);
}

function refusal(form: string, name: string): string {
  const found = formOf(form, name);
  return found.kind === 'invalid' ? `${found.message}; ${found.hint}` : 'no problem';
}

test('addresses become their networks, each family with its own length', () => {
  const network = (value: string, form = '/24, /64') => canonical(form, 'source.ip', value);
  assert.equal(network('203.0.113.77'), '203.0.113.0/24');
  assert.equal(network('::ffff:203.0.113.9'), '203.0.113.0/24', 'the IPv4 address that it stands for');
  assert.equal(network('2001:db8:1:2:3::4'), '2001:db8:1:2::/64');
  assert.equal(network('10.1.2.3', '/8,/48'), '10.0.0.0/8');
  assert.equal(network('2001:DB8::1', '/32 , /128'), '2001:db8::1/128');
  assert.equal(network('10.1.2.3', '/0, /0'), '0.0.0.0/0');
  assert.equal(network('no address'), 'no address');
});

test('text in lower case, and the product of a user agent', () => {
  assert.equal(canonical('lowercase', 'user.name', 'Eve@Example.org'), 'eve@example.org');
  assert.equal(canonical('lowercase', 'user_agent.original', 'Helm/3'), 'helm/3');
  assert.equal(canonical('product', 'user_agent.original', 'Helm/3.17.0'), 'Helm');
});

test('what does not suit the field is refused, with what does', () => {
  assert.match(refusal('prodct', 'user_agent.original'), /no such form; did you mean product\?/);
  assert.match(refusal('upper', 'user_agent.original'), /no such form; write product or lowercase/);
  assert.match(refusal('product', 'user.name'), /holds no user agents; write lowercase/);
  assert.match(refusal('/24, /64', 'user.name'), /user\.name holds text; write lowercase/);
  assert.match(
    refusal('product', 'source.ip'),
    /source\.ip holds addresses, and product is for text; write "\/24, \/64"/,
  );
  assert.match(refusal('/24', 'source.ip'), /expected two prefix lengths, that of IPv4 first; write "\/24, \/64"/);
  assert.match(refusal('/64, /24', 'source.ip'), /IPv4 address has 32 bits, and \/64 is longer/);
  assert.match(refusal('/24, /129', 'source.ip'), /IPv6 address has 128 bits, and \/129 is longer/);
  assert.match(refusal('lowercase', 'kubernetes.audit.responseStatus.code'), /type integer.*; leave it out/);
});
