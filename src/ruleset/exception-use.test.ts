import { expect, test } from '@jest/globals';
import { anonymousRequest, batchOf, NOON } from '../../test/support/events.ts';
import { detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createExceptionUses } from './exception-use.ts';

const EXCEPTION = { name: 'x', uid: 'u-1', query: 'event.action: list', language: 'kuery', reason: 'known' } as const;
const OWN = { query: 'event.action: get', language: 'kuery', reason: 'of the rule itself' } as const;

/** What exceptions keep from rules of so many such requests. */
function excepted(count: number, at = NOON) {
  const detector = detectorOf(
    ruleDocument({ name: 'a', exceptions: [OWN, EXCEPTION] }),
    ruleDocument({ name: 'b', exceptions: [EXCEPTION, { ...EXCEPTION, uid: 'u-2' }] }),
  );
  const lists = Array.from({ length: count }, (_, index) => anonymousRequest({ id: `${index}`, at: at + index }));
  const get = anonymousRequest({ id: 'get', event: { verb: 'get' } });
  return detector.detect('east', batchOf(...lists, get)).excepted;
}

test('adds the counts of replicas, rules and clusters', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const clusters = ['east', 'west'];
  const [one, other] = [createExceptionUses(store, clusters), createExceptionUses(store, clusters)];
  one.note('east', excepted(3));
  one.note('east', excepted(1, NOON + 10));
  other.note('east', excepted(1));
  other.note('west', excepted(1, NOON + 99));
  await one.flush();
  await one.flush();
  await other.flush();
  expect([...(await one.read())]).toEqual([['u-1', { excepted: 12, lastUsed: NOON + 99 }]]);
  await other.forget(['u-1', 'u-3']);
  expect([...(await one.read())]).toEqual([]);
  await store.close();
});

test('keeps counts after a failed write, and adds later ones', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  let isAway = true;
  const uses = createExceptionUses(
    {
      update: (...args: Parameters<typeof store.update>) =>
        isAway ? Promise.reject(new OperationalError('store_unavailable', 'away')) : store.update(...args),
    } as Pick<typeof store, 'update'>,
    ['east'],
  );
  uses.note('east', excepted(1));
  await expect(uses.flush()).rejects.toThrow(/away/);
  uses.note('east', excepted(1, NOON + 1));
  isAway = false;
  await uses.flush();
  expect([...(await uses.read())]).toEqual([['u-1', { excepted: 4, lastUsed: NOON + 1 }]]);
  await store.close();
});
