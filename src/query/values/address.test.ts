import { expect, test } from '@jest/globals';
import { addressKey, addressRange } from './address.ts';

test('all the ways to write an address have one key', () => {
  expect(addressKey('10.0.0.1')).toBe('00000000000000000000ffff0a000001');
  expect(addressKey('::ffff:10.0.0.1')).toBe(addressKey('10.0.0.1'));
  expect(addressKey('::FFFF:a00:1')).toBe(addressKey('10.0.0.1'));
  expect(addressKey('2001:db8:0:0:0:0:0:1')).toBe(addressKey('2001:DB8::1'));
  expect(addressKey('255.255.255.255')).toBe('00000000000000000000ffffffffffff');
});

test('the keys are in the order of the addresses', () => {
  const keys = ['::1', '9.255.0.1', '10.0.0.1', '10.0.0.2', '2001:db8::1'].map((text) => addressKey(text) ?? '');
  expect([...keys].sort()).toEqual(keys);
});

test('what is no address has no key', () => {
  const texts = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '0x7f.0.0.1',
    '1..2.3',
    ' 1.2.3.4',
    '1.2.3.4 ',
    'a.b.c.d',
  ];
  for (const text of [...texts, ':', ':::', '1::2::3', 'fe80::1%eth0', 'localhost', '1.2.3.4/8', ':'.repeat(1000)]) {
    expect([text, addressKey(text)]).toEqual([text, undefined]);
  }
});

test('a prefix has its first and last address', () => {
  expect(addressRange('10.1.2.3/8')).toEqual({
    first: addressKey('10.0.0.0'),
    last: addressKey('10.255.255.255'),
  });
  expect(addressRange('10.1.2.3/30')).toEqual({ first: addressKey('10.1.2.0'), last: addressKey('10.1.2.3') });
  expect(addressRange('10.1.2.3/32')).toEqual({ first: addressKey('10.1.2.3'), last: addressKey('10.1.2.3') });
  expect(addressRange('0.0.0.0/0')).toEqual({ first: addressKey('0.0.0.0'), last: addressKey('255.255.255.255') });
  expect(addressRange('2001:db8::/33')).toEqual({
    first: addressKey('2001:db8::'),
    last: addressKey('2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'),
  });
  expect(addressRange('::/0')).toEqual({ first: '0'.repeat(32), last: 'f'.repeat(32) });
});

test.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '::/129', '/8', '10/8', '10.0.0.0/8/8', '10.0.0.0/-1'])(
  'what is no prefix has no range: %j',
  (text) => {
    expect(addressRange(text)).toBeUndefined();
  },
);
