import { expect, jest, test } from '@jest/globals';
import { withFaults } from '../../test/support/evaluation.ts';
import { NOON } from '../../test/support/events.ts';
import { onTestEnd } from '../../test/support/on-test-end.ts';
import { entriesOf } from '../../test/support/state-access.ts';
import type { Store } from '../alerts/store.ts';
import { DAY, MINUTE, SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createOwnPods } from './own-pods.ts';

const CLUSTER = 'local';
const away = () => {
  throw new OperationalError('store_unavailable', 'away');
};

function replica(store: Store, podUid: string, now = () => NOON) {
  const pods = createOwnPods({ store, cluster: CLUSTER, podUid, now });
  onTestEnd(() => pods.stop());
  return pods;
}

test('a replica is known to the others from its registration on, and no other pod is', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const [one, two] = [replica(store, 'pod-1'), replica(store, 'pod-2')];
  one.start();
  await one.registered;
  expect([...(await one.ours(['pod-1', 'pod-2', 'stranger']))]).toEqual(['pod-1']);
  two.start();
  await two.registered;
  const known = await one.ours(['pod-2', 'stranger', 'x'.repeat(65)]);
  expect([...known]).toEqual(['pod-1', 'pod-2']);
});

test('what is known is not asked for again, and a store that is away makes nobody ours', async () => {
  const memory = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  let isAway = false;
  let updates = 0;
  const store = withFaults(memory, () => {
    updates += 1;
    if (isAway) away();
  });
  const [one, two] = [replica(store, 'pod-1'), replica(store, 'pod-2')];
  two.start();
  await two.registered;
  await one.ours(['pod-2']);
  updates = 0;
  await one.ours(['pod-1', 'pod-2']);
  expect(updates).toBe(0);
  isAway = true;
  expect([...(await one.ours(['pod-3']))]).toEqual(['pod-1', 'pod-2']);
});

test('a pod is refreshed each minute and forgotten a day after its last; a store that is away is asked again', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  onTestEnd(() => jest.useRealTimers());
  let now = NOON;
  let isAway = true;
  const memory = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const pods = replica(
    withFaults(memory, () => {
      if (isAway) away();
    }),
    'pod-1',
    () => now,
  );
  const registered = () => entriesOf(memory, CLUSTER, stateKeys.pods);
  async function pass(micros: number): Promise<void> {
    now += micros;
    // The store takes a turn of the event loop for each transaction.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(5_000);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  pods.start();
  await pass(5 * SECOND);
  expect(await registered()).toEqual([]);
  isAway = false;
  await pass(5 * SECOND);
  await pods.registered;
  const [entry] = await registered();
  expect(entry).toEqual({ member: 'pod-1', score: now });
  await pass(5 * SECOND);
  expect(await registered()).toEqual([entry]); // not before its time
  await pass(MINUTE);
  expect(await registered()).toEqual([{ member: 'pod-1', score: now }]);

  const later = replica(memory, 'pod-2', () => now + DAY + 1);
  later.start();
  await later.registered;
  expect((await registered()).map(({ member }) => member)).toEqual(['pod-2']);
});
