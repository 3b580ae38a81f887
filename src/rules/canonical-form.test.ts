import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../test/support/expect.ts';
import { resolveField } from '../ecs/fields.ts';
import { canonicalForm } from './canonical-form.ts';

function formOf(form: string, name: string) {
  const field = resolveField(name);
  expectPresent(field);
  return canonicalForm(form, field);
}

function canonical(form: string, name: string, value: string): string {
  const found = formOf(form, name);
  expectKind(found, 'ok');
  return found.canonicalise(value);
}

function refusal(form: string, name: string): string {
  const found = formOf(form, name);
  return found.kind === 'invalid' ? `${found.message}; ${found.hint}` : 'no problem';
}

test('addresses become their networks, each family with its own length', () => {
  const network = (value: string, form = '/24, /64') => canonical(form, 'source.ip', value);
  expect(network('203.0.113.77')).toBe('203.0.113.0/24');
  expect(network('::ffff:203.0.113.9')).toBe('203.0.113.0/24'); // the IPv4 address that it stands for
  expect(network('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  expect(network('10.1.2.3', '/8,/48')).toBe('10.0.0.0/8');
  expect(network('2001:DB8::1', '/32 , /128')).toBe('2001:db8::1/128');
  expect(network('10.1.2.3', '/0, /0')).toBe('0.0.0.0/0');
  expect(network('no address')).toBe('no address');
});

test('text in lower case, and the product of a user agent', () => {
  expect(canonical('lowercase', 'user.name', 'Eve@Example.org')).toBe('eve@example.org');
  expect(canonical('lowercase', 'user_agent.original', 'Helm/3')).toBe('helm/3');
  expect(canonical('product', 'user_agent.original', 'Helm/3.17.0')).toBe('Helm');
});

test('what does not suit the field is refused, with what does', () => {
  expect(refusal('prodct', 'user_agent.original')).toMatch(/unknown form; did you mean product\?/);
  expect(refusal('upper', 'user_agent.original')).toMatch(/unknown form; write product or lowercase/);
  expect(refusal('product', 'user.name')).toMatch(/but this is user\.name; write lowercase/);
  expect(refusal('/24, /64', 'user.name')).toMatch(/user\.name holds text; write lowercase/);
  expect(refusal('product', 'source.ip')).toMatch(
    /product applies to text, but source\.ip holds addresses; write "\/24, \/64"/,
  );
  expect(refusal('/24', 'source.ip')).toMatch(/expected two prefix lengths, IPv4 first; write "\/24, \/64"/);
  expect(refusal('/64, /24', 'source.ip')).toMatch(/IPv4 prefix has at most 32 bits, found \/64/);
  expect(refusal('/24, /129', 'source.ip')).toMatch(/IPv6 prefix has at most 128 bits, found \/129/);
  expect(refusal('lowercase', 'kubernetes.audit.responseStatus.code')).toMatch(/type integer.*; remove this form/);
});
