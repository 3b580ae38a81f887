import { expect, test } from '@jest/globals';
import { sampleAlert } from '../../test/support/sample-alert.ts';
import { alertStatus, alertStatusPatch } from './alert-resource.ts';
import { statusDigest } from './status-digest.ts';

const { status } = alertStatusPatch(sampleAlert().state);
const digest = statusDigest(status);

test('a status that is read back is the one that was written, whatever the phase and the order of its fields', () => {
  const stored = Object.fromEntries(Object.entries(alertStatus(sampleAlert().state)).reverse());
  expect(statusDigest({ phase: 'Closed', ...stored })).toBe(digest);
});

test.each([
  ['another count', { count: 2 }],
  ['no count', { count: undefined }],
  ['evidence that is gone', { evidence: [] }],
  ['a condition that firstseen has not set', { conditions: [{ type: 'Closed' }] }],
  ['an overflow that there was not', { overflow: {} }],
])('another status is told by %s', (_, changes) => {
  expect(statusDigest({ ...status, ...changes })).not.toBe(digest);
});

test.each([undefined, null, 'x', []])('no status is another one: %j', (none) => {
  expect(statusDigest(none)).not.toBe(digest);
});
