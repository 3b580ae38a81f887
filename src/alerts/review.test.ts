import { expect, test } from '@jest/globals';
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

test('a write of the phase explains the change, in either order', () => {
  expect(by(wrote('alice', 0, 'Closed'), seen('Closed', 1))).toEqual(['alice']);
  expect(by(seen('Closed', 1), wrote('alice', 0, 'Closed'))).toEqual(['alice']);
  expect(run(seen('Closed', 1), wrote('alice', 0, 'Closed'))?.changes).toEqual([
    { phase: 'Closed', seenAt: at(1), at: at(0), by: ['alice'] },
  ]);
});

test('a change without a write has no known author', () => {
  expect(by(seen('Closed', 1))).toEqual(['?']);
  expect(by(wrote('alice', 0, 'Acknowledged'), seen('Closed', 1))).toEqual(['?']); // she did something else
  expect(by(wrote('alice', -3_600, 'Closed'), seen('Closed', 1))).toEqual(['?']); // too long ago
  expect(by(seen('Closed', 1), wrote('alice', 60, 'Closed'))).toEqual(['?']); // it was closed before
});

test('one write explains one change', () => {
  const steps = [wrote('alice', 0, 'Closed'), seen('Closed', 1), seen('Open', 10), seen('Closed', 20)];
  expect(by(...steps)).toEqual(['alice', '?', '?']);
  expect(by(...steps, wrote('carol', 19, 'Closed'), wrote('bob', 9, 'Open'))).toEqual(['alice', 'bob', 'carol']);
});

test('explains two changes from late writes in the wrong order', () => {
  const changes = [seen('Acknowledged', 1), seen('Closed', 2)];
  expect(by(...changes, wrote('bob', 1.5, 'Closed'), wrote('alice', 0.5, 'Acknowledged'))).toEqual(['alice', 'bob']);
});

test('closing a closed alert does not replace the author', () => {
  expect(by(seen('Closed', 1), wrote('bob', 3, 'Closed'), wrote('alice', 0, 'Closed'))).toEqual(['alice']);
});

test('without bodies, a single writer is the author, and several are possible authors', () => {
  expect(by(wrote('alice', 0), seen('Acknowledged', 1), seen('Closed', 10), wrote('alice', 9))).toEqual([
    'alice',
    'alice',
  ]);
  expect(by(wrote('alice', 0), wrote('bob', 0.5), seen('Closed', 1))).toEqual(['alice or bob']);
});

test('a write that was answered with an error may have made the change, or a write after it', () => {
  const doubtful = (user: string, seconds: number): Step => {
    return (review) => withWrite(review, { user, at: at(seconds), phase: 'Closed', doubtful: true });
  };
  expect(by(doubtful('mallory', 0), seen('Closed', 1))).toEqual(['mallory']);
  expect(by(doubtful('mallory', 0), wrote('alice', 0.5, 'Closed'), seen('Closed', 1))).toEqual(['mallory or alice']);
  expect(by(wrote('alice', 0, 'Closed'), doubtful('mallory', 0.5), seen('Closed', 1))).toEqual(['alice']);
  expect(by(doubtful('mallory', 0), seen('Acknowledged', 1))).toEqual(['?']);
});

test('the list is short, and one who writes all the time does not write the others out of it', () => {
  const flood = Array.from({ length: 1_000 }, (_, i) => wrote('mallory', i / 1_000));
  const review = run(...flood, wrote('alice', 1.5, 'Closed'), seen('Closed', 2), ...flood);
  expect(review?.changes[0]?.by).toEqual(['alice']);
  const many = run(
    ...Array.from({ length: 100 }, (_, i) => wrote(`user-${i}`, i)),
    ...Array.from({ length: 100 }, (_, i) => seen(i % 2 === 0 ? 'Closed' : 'Open', i)),
  );
  expect(many?.changes).toHaveLength(4);
  expect(many?.writes).toHaveLength(8);
});

test('an explained change stays explained when its writes are gone', () => {
  const review = run(wrote('alice', 0, 'Closed'), seen('Closed', 1));
  const later = withChange(review, 'Open', NOON + HOUR);
  expect(later.changes.map((change) => change.by)).toEqual([['alice'], undefined]);
  expect(later.writes).toEqual([]);
});
