import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const NAMES = [
  'kubernetes.audit.verb',
  'kubernetes.audit.objectRef.resource',
  'user.name',
  'source.ip',
  'event.action',
];

test('slips of the hand are undone: lost, added, changed and swapped letters', () => {
  assert.equal(nearest('user.nam', NAMES), 'user.name');
  assert.equal(nearest('user.namee', NAMES), 'user.name');
  assert.equal(nearest('usar.name', NAMES), 'user.name');
  assert.equal(nearest('user.anme', NAMES), 'user.name');
});

test('the letter case does not matter', () => {
  assert.equal(nearest('kubernetes.audit.objectref.resource', NAMES), 'kubernetes.audit.objectRef.resource');
});

test('the end of a dotted name stands for it, also with a slip', () => {
  assert.equal(nearest('verb', NAMES), 'kubernetes.audit.verb');
  assert.equal(nearest('ip', NAMES), 'source.ip');
  assert.equal(nearest('objectRef.resorce', NAMES), 'kubernetes.audit.objectRef.resource');
  assert.equal(nearest('name', ['a.much.longer.name', 'user.name']), 'user.name');
});

test('what resembles nothing gets no suggestion', () => {
  assert.equal(nearest('xyzzy', NAMES), undefined);
  assert.equal(nearest('', NAMES), undefined);
  assert.equal(nearest('x'.repeat(10_000), NAMES), undefined);
  assert.equal(nearest('verb', []), undefined);
});
