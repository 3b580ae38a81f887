import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertReview } from '../detect/alert.ts';
import { HOUR, SECOND } from '../rules/limits.ts';
import { withChange, withWrite } from './review.ts';

const NOON = 1_772_366_400_000_000;
const at = (seconds: number) => NOON + seconds * SECOND;

type Step = (review: AlertReview | undefined) => AlertReview;
const seen = (phase: 'Open' | 'Acknowledged' | 'Closed', seconds: number): Step => {
  return (review) => withChange(review, phase, at(seconds));
};
const wrote = (user: string, seconds: number, phase?: 'Open' | 'Acknowledged' | 'Closed'): Step => {
  return (review) => withWrite(review, { user, at: at(seconds), ...(phase === undefined ? {} : { phase }) });
};
const run = (...steps: readonly Step[]) =>
  steps.reduce<AlertReview | undefined>((review, step) => step(review), undefined);
const by = (...steps: readonly Step[]) => run(...steps)?.changes.map((change) => change.by?.join(' or ') ?? '?');

test('a write that names the phase explains the change, whichever comes first', () => {
  assert.deepEqual(by(wrote('alice', 0, 'Closed'), seen('Closed', 1)), ['alice']);
  assert.deepEqual(by(seen('Closed', 1), wrote('alice', 0, 'Closed')), ['alice']);
  assert.deepEqual(run(seen('Closed', 1), wrote('alice', 0, 'Closed'))?.changes, [
    { phase: 'Closed', seenAt: at(1), at: at(0), by: ['alice'] },
  ]);
});

test('a change that no write explains is by nobody known', () => {
  assert.deepEqual(by(seen('Closed', 1)), ['?']);
  assert.deepEqual(by(wrote('alice', 0, 'Acknowledged'), seen('Closed', 1)), ['?'], 'she did something else');
  assert.deepEqual(by(wrote('alice', -3_600, 'Closed'), seen('Closed', 1)), ['?'], 'too long ago');
  assert.deepEqual(by(seen('Closed', 1), wrote('alice', 60, 'Closed')), ['?'], 'it was closed before');
});

test('one write explains one change', () => {
  const steps = [wrote('alice', 0, 'Closed'), seen('Closed', 1), seen('Open', 10), seen('Closed', 20)];
  assert.deepEqual(by(...steps), ['alice', '?', '?']);
  assert.deepEqual(by(...steps, wrote('carol', 19, 'Closed'), wrote('bob', 9, 'Open')), ['alice', 'bob', 'carol']);
});

test('two changes in a row that the audit log tells of late, and in the wrong order', () => {
  const changes = [seen('Acknowledged', 1), seen('Closed', 2)];
  assert.deepEqual(by(...changes, wrote('bob', 1.5, 'Closed'), wrote('alice', 0.5, 'Acknowledged')), ['alice', 'bob']);
});

test('closing what is closed already does not take over', () => {
  assert.deepEqual(by(seen('Closed', 1), wrote('bob', 3, 'Closed'), wrote('alice', 0, 'Closed')), ['alice']);
});

test('without bodies the only one who wrote did it; of several each may have', () => {
  assert.deepEqual(by(wrote('alice', 0), seen('Acknowledged', 1), seen('Closed', 10), wrote('alice', 9)), [
    'alice',
    'alice',
  ]);
  assert.deepEqual(by(wrote('alice', 0), wrote('bob', 0.5), seen('Closed', 1)), ['alice or bob']);
});

test('the list is short, and one who writes all the time does not write the others out of it', () => {
  const flood = Array.from({ length: 1_000 }, (_, i) => wrote('mallory', i / 1_000));
  const review = run(...flood, wrote('alice', 1.5, 'Closed'), seen('Closed', 2), ...flood);
  assert.deepEqual(review?.changes[0]?.by, ['alice']);
  const many = run(
    ...Array.from({ length: 100 }, (_, i) => wrote(`user-${i}`, i)),
    ...Array.from({ length: 100 }, (_, i) => seen(i % 2 === 0 ? 'Closed' : 'Open', i)),
  );
  assert.deepEqual([many?.changes.length, many?.writes.length], [4, 8]);
});

test('what was explained stays so when the writes are long gone', () => {
  const review = run(wrote('alice', 0, 'Closed'), seen('Closed', 1));
  const later = withChange(review, 'Open', NOON + HOUR);
  assert.deepEqual(
    later.changes.map((change) => change.by),
    [['alice'], undefined],
  );
  assert.deepEqual(later.writes, []);
});
