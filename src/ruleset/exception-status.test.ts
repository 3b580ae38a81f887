import { expect, test } from '@jest/globals';
import { HOUR } from '../rules/limits.ts';
import type { ExceptionEntry } from './exception-entry.ts';
import { type ExceptionStatus, type ExceptionStatusInput, exceptionStatus } from './exception-status.ts';

const NOW = Date.UTC(2027, 0, 31, 12) * 1_000;
const RULES = [
  { name: 'exec-into-pod', tags: ['exec'] },
  { name: 'secrets-read', tags: ['secrets', 'noisy'] },
];

test('an exception in force names its rules, and missing names', () => {
  expect(ready()).toBe('True InForce Applies to exec-into-pod.');
  expect(ready({ tags: ['noisy'] })).toBe('True InForce Applies to exec-into-pod, secrets-read.');
  expect(
    ready({ rules: ['exec-into-pod', 'secret-read', 'firstseen-tamper-rules'], clusters: ['east', 'north'] }),
  ).toBe(
    'True InForce Applies to exec-into-pod. No rule is named secret-read (did you mean secrets-read?). ' +
      'firstseen-tamper-rules watches firstseen itself, and exceptions do not apply to such a rule. ' +
      'No cluster is named north (there are east, west).',
  );
});

test('an exception without a rule is not ready', () => {
  expect(ready({ rules: ['zzz'] })).toBe('False NoRule No rule is named zzz.');
  expect(ready({ rules: [], tags: ['quiet'] })).toBe('False NoRule No rule has one of its tags.');
});

test('a maintenance window: before, within, after', () => {
  const window = { startsAt: NOW - HOUR, expiresAt: NOW + HOUR };
  expect(ready(window, NOW - HOUR - 1)).toBe('False NotStarted It begins on 2027-01-31T11:00:00Z.');
  expect(ready(window)).toBe('True InForce Applies to exec-into-pod.');
  expect(ready(window, NOW + HOUR)).toMatch(/^False Expired It ended on 2027-01-31T13:00:00Z/);
  expect(expired(window)).toBe('False NotYet It ends on 2027-01-31T13:00:00Z.');
  expect(expired(window, NOW + HOUR)).toBe('True Ended It ended on 2027-01-31T13:00:00Z.');
  expect(expired({})).toMatch(/^False NoEnd /);
});

test('a broken exception shows its problems; one that waits for its lists is Unknown', () => {
  const broken = statusOf({ verdict: 'broken', problems: ['spec.query: line 1, column 2: no\n  (\n   ^'] });
  expect(conditions(broken)).toEqual([
    'Ready False Invalid It silences nothing until it is fixed.\nspec.query: line 1, column 2: no\n  (\n   ^',
  ]);
  expect(conditions(statusOf({ verdict: 'waiting' }))[0] ?? '').toMatch(/^Ready Unknown ListsNotRead/);
});

test('keeps the transition time while the status stays, and shows counts if there are any', () => {
  const first = statusOf(sound({}), {}, NOW);
  const later = statusOf(sound({ rules: ['secrets-read'] }), { before: first }, NOW + HOUR);
  expect(later.conditions[0]?.lastTransitionTime).toBe('2027-01-31T12:00:00Z');
  expect(later).not.toHaveProperty('excepted');
  const ended = statusOf(sound({ expiresAt: NOW }), { before: later, use: { excepted: 3, lastUsed: NOW - 1 } }, NOW);
  expect(ended.excepted).toBe(3);
  expect(ended.lastUsed).toBe('2027-01-31T11:59:59Z');
  const untold = statusOf(sound({ expiresAt: NOW }), { before: ended }, NOW);
  expect(untold.excepted).toBe(3);
  expect(untold.lastUsed).toBe('2027-01-31T11:59:59Z'); // the store is away
});

type Changes = Partial<NonNullable<ExceptionEntry['document']>>;

function sound(changes: Changes): Partial<ExceptionEntry> {
  const document = {
    name: 'x',
    query: 'user.name: ci',
    language: 'kuery',
    reason: 'the build',
    rules: ['exec-into-pod'],
    tags: [],
    ...changes,
  } as const;
  return { verdict: 'sound', document };
}

function statusOf(
  entry: Partial<ExceptionEntry>,
  rest: Partial<ExceptionStatusInput> = {},
  now: number = NOW,
): ExceptionStatus {
  const usual = { name: 'x', uid: 'u', generation: 1, verdict: 'sound', problems: [], value: {} } as const;
  const input = { rules: RULES, clusters: ['east', 'west'], use: undefined, before: undefined, now, ...rest };
  return exceptionStatus({ ...input, entry: { ...usual, ...entry } });
}

function conditions(status: ExceptionStatus): readonly string[] {
  return status.conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason} ${message}`);
}

function ready(changes: Changes = {}, now: number = NOW): string {
  return conditions(statusOf(sound(changes), {}, now))[0]?.replace('Ready ', '') ?? '';
}

function expired(changes: Changes, now: number = NOW): string {
  return conditions(statusOf(sound(changes), {}, now))[1]?.replace('Expired ', '') ?? '';
}
