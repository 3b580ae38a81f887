/** Who did what to an alert: from the watch and the audit log, which tell of it at their own times, in any order. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withChange, withWrite } from '../../src/alerts/review.ts';
import type { AlertPhase, AlertReview } from '../../src/detect/alert.ts';

const NOON = 1_772_366_400_000_000;
const SECOND = 1_000_000;

interface Act {
  readonly user: string;
  readonly phase: AlertPhase;
  /** Since the act before, and from the act to when the watch saw it: microseconds. */
  readonly gap: number;
  readonly seenAfter: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  user: fc.constantFrom('alice', 'bob', 'carol'),
  phase: fc.constantFrom<AlertPhase>('Open', 'Acknowledged', 'Closed'),
  gap: fc.integer({ min: SECOND, max: 90 * SECOND }),
  seenAfter: fc.integer({ min: 0, max: SECOND / 2 }),
});
/** No more changes, and no more writes, than are kept. */
const history = fc.array(act, { minLength: 1, maxLength: 4 });

/** What happened: every act with its time, and whether it changed the phase. */
function play(acts: readonly Act[]) {
  let at = NOON;
  let before: AlertPhase = 'Open';
  return acts.map((each) => {
    at += each.gap;
    const isChange = each.phase !== before;
    before = each.phase;
    return { ...each, at, isChange };
  });
}

type Step = (review: AlertReview | undefined) => AlertReview;

/** The watch tells of changes in their order; the audit log tells of all writes, each at a place of its own among them. */
function told(acts: ReturnType<typeof play>, places: readonly number[], bodies: boolean): AlertReview | undefined {
  const steps: Step[] = acts
    .filter(({ isChange }) => isChange)
    .map(
      ({ phase, at, seenAfter }) =>
        (review) =>
          withChange(review, phase, at + seenAfter),
    );
  for (const [index, { user, phase, at }] of acts.entries()) {
    const place = (places[index] ?? 0) % (steps.length + 1);
    steps.splice(place, 0, (review) => withWrite(review, { user, at, ...(bodies && { phase }) }));
  }
  return steps.reduce<AlertReview | undefined>((review, step) => step(review), undefined);
}

const places = fc.array(fc.nat({ max: 20 }), { minLength: 4, maxLength: 4 });

test('with bodies every change is laid to the one who made it, whatever came first', () => {
  fc.assert(
    fc.property(history, places, (acts, order) => {
      const played = play(acts);
      const changes = told(played, order, true)?.changes ?? [];
      expect(changes.map(({ by, at }) => ({ by, at }))).toEqual(
        played.filter(({ isChange }) => isChange).map(({ user, at }) => ({ by: [user], at })),
      );
    }),
  );
});

test('without bodies nobody is named alone who did not do it', () => {
  fc.assert(
    fc.property(history, places, (acts, order) => {
      const played = play(acts);
      const changes = told(played, order, false)?.changes ?? [];
      const makers = played.filter(({ isChange }) => isChange).map(({ user }) => user);
      for (const [index, { by = [] }] of changes.entries()) {
        if (by.length === 1) expect(by).toEqual([makers[index]]);
      }
    }),
  );
});

test('the same write again changes nothing, and the review stays small', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), places, (acts, order) => {
      const played = play(acts);
      const review = told(played, order, true);
      const [first] = played;
      if (review === undefined || first === undefined) return;
      expect(review.changes.length).toBeLessThanOrEqual(4);
      expect(review.writes.length).toBeLessThanOrEqual(8);
      const last = played.at(-1) ?? first;
      const again = withWrite(review, { user: last.user, at: last.at, phase: last.phase });
      expect(withWrite(again, { user: last.user, at: last.at, phase: last.phase })).toEqual(again);
    }),
  );
});
