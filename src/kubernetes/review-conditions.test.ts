import { expect, test } from '@jest/globals';
import type { PhaseChange } from '../detect/alert.ts';
import { reviewConditions } from './review-conditions.ts';

const NOON = 1_772_366_400_000_000;
const change = (phase: PhaseChange['phase'], by: readonly string[] = []): PhaseChange => ({
  phase,
  seenAt: NOON,
  ...(by.length > 0 && { by, at: NOON - 1_000_000 }),
});
const told = (...changes: readonly PhaseChange[]) =>
  reviewConditions(changes).map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);

test('shows who acknowledged and who closed', () => {
  expect(told(change('Acknowledged', ['alice']), change('Closed', ['bob']))).toEqual([
    'Acknowledged True Verified: acknowledged at 2026-03-01T11:59:59Z by alice',
    'Closed True Verified: closed at 2026-03-01T11:59:59Z by bob',
  ]);
});

test('reopening takes both back, and acknowledging takes back the closing', () => {
  const both = [change('Acknowledged', ['alice']), change('Closed', ['bob'])];
  expect(told(...both, change('Open', ['carol']))).toEqual([
    'Acknowledged False Verified: reopened at 2026-03-01T11:59:59Z by carol',
    'Closed False Verified: reopened at 2026-03-01T11:59:59Z by carol',
  ]);
  expect(told(change('Closed', ['bob']), change('Acknowledged', ['alice']))).toEqual([
    'Acknowledged True Verified: acknowledged at 2026-03-01T11:59:59Z by alice',
    'Closed False Verified: acknowledged at 2026-03-01T11:59:59Z by alice',
  ]);
});

test('a change without a certain author is unverified', () => {
  expect(told(change('Closed'))).toEqual([
    'Closed True Unverified: closed about 2026-03-01T12:00:00Z by an unknown user: the audit log names nobody',
  ]);
  expect(told(change('Closed', ['alice', 'bob', 'carol']))).toEqual([
    'Closed True Unverified: closed about 2026-03-01T11:59:59Z by alice or bob or others',
  ]);
  expect(told(change('Open'))).toEqual([]); // nothing was taken back
});
