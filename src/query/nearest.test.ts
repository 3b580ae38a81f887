import { expect, test } from '@jest/globals';
import { nearest } from './nearest.ts';

const NAMES = [
  'kubernetes.audit.verb',
  'kubernetes.audit.objectRef.resource',
  'user.name',
  'source.ip',
  'event.action',
];

test('slips of the hand are undone: lost, added, changed and swapped letters', () => {
  expect(nearest('user.nam', NAMES)).toBe('user.name');
  expect(nearest('user.namee', NAMES)).toBe('user.name');
  expect(nearest('usar.name', NAMES)).toBe('user.name');
  expect(nearest('user.anme', NAMES)).toBe('user.name');
});

test('the letter case does not matter', () => {
  expect(nearest('kubernetes.audit.objectref.resource', NAMES)).toBe('kubernetes.audit.objectRef.resource');
});

test('the end of a dotted name stands for it, also with a slip', () => {
  expect(nearest('verb', NAMES)).toBe('kubernetes.audit.verb');
  expect(nearest('ip', NAMES)).toBe('source.ip');
  expect(nearest('objectRef.resorce', NAMES)).toBe('kubernetes.audit.objectRef.resource');
  expect(nearest('name', ['a.much.longer.name', 'user.name'])).toBe('user.name');
});

test('what resembles nothing gets no suggestion', () => {
  expect(nearest('xyzzy', NAMES)).toBeUndefined();
  expect(nearest('', NAMES)).toBeUndefined();
  expect(nearest('x'.repeat(10_000), NAMES)).toBeUndefined();
  expect(nearest('verb', [])).toBeUndefined();
});
