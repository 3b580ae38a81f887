import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey, addressRange } from './address.ts';

test('all the ways to write an address have one key', () => {
  assert.equal(addressKey('10.0.0.1'), '00000000000000000000ffff0a000001');
  assert.equal(addressKey('::ffff:10.0.0.1'), addressKey('10.0.0.1'));
  assert.equal(addressKey('::FFFF:a00:1'), addressKey('10.0.0.1'));
  assert.equal(addressKey('2001:db8:0:0:0:0:0:1'), addressKey('2001:DB8::1'));
  assert.equal(addressKey('255.255.255.255'), '00000000000000000000ffffffffffff');
});

test('the keys are in the order of the addresses', () => {
  const keys = ['::1', '9.255.0.1', '10.0.0.1', '10.0.0.2', '2001:db8::1'].map((text) => addressKey(text) ?? '');
  assert.deepEqual([...keys].sort(), keys);
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
    assert.equal(addressKey(text), undefined, text);
  }
});

test('a prefix has its first and last address', () => {
  assert.deepEqual(addressRange('10.1.2.3/8'), {
    first: addressKey('10.0.0.0'),
    last: addressKey('10.255.255.255'),
  });
  assert.deepEqual(addressRange('10.1.2.3/30'), { first: addressKey('10.1.2.0'), last: addressKey('10.1.2.3') });
  assert.deepEqual(addressRange('10.1.2.3/32'), { first: addressKey('10.1.2.3'), last: addressKey('10.1.2.3') });
  assert.deepEqual(addressRange('0.0.0.0/0'), { first: addressKey('0.0.0.0'), last: addressKey('255.255.255.255') });
  assert.deepEqual(addressRange('2001:db8::/33'), {
    first: addressKey('2001:db8::'),
    last: addressKey('2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'),
  });
  assert.deepEqual(addressRange('::/0'), { first: '0'.repeat(32), last: 'f'.repeat(32) });
});

test('what is no prefix has no range', () => {
  for (const text of ['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '::/129', '/8', '10/8', '10.0.0.0/8/8', '10.0.0.0/-1']) {
    assert.equal(addressRange(text), undefined, text);
  }
});
