import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { withFaults } from '../../test/support/evaluation.ts';
import { NOON } from '../../test/support/events.ts';
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

function replica(t: TestContext, store: Store, podUid: string, now = () => NOON) {
  const pods = createOwnPods({ store, cluster: CLUSTER, podUid, now });
  t.after(() => pods.stop());
  return pods;
}

test('a replica is known to the others from its registration on, and no other pod is', async (t) => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const [one, two] = [replica(t, store, 'pod-1'), replica(t, store, 'pod-2')];
  one.start();
  await one.registered;
  assert.deepEqual([...(await one.ours(['pod-1', 'pod-2', 'stranger']))], ['pod-1']);
  two.start();
  await two.registered;
  const known = await one.ours(['pod-2', 'stranger', 'x'.repeat(65)]);
  assert.deepEqual([...known], ['pod-1', 'pod-2']);
});

test('what is known is not asked for again, and a store that is away makes nobody ours', async (t) => {
  const memory = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  let isAway = false;
  let updates = 0;
  const store = withFaults(memory, () => {
    updates += 1;
    if (isAway) away();
  });
  const [one, two] = [replica(t, store, 'pod-1'), replica(t, store, 'pod-2')];
  two.start();
  await two.registered;
  await one.ours(['pod-2']);
  updates = 0;
  await one.ours(['pod-1', 'pod-2']);
  assert.equal(updates, 0);
  isAway = true;
  assert.deepEqual([...(await one.ours(['pod-3']))], ['pod-1', 'pod-2']);
});

test('a pod is refreshed each minute and forgotten a day after its last; a store that is away is asked again', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.reset());
  let now = NOON;
  let isAway = true;
  const memory = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const pods = replica(
    t,
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
    mock.timers.tick(5_000);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  pods.start();
  await pass(5 * SECOND);
  assert.deepEqual(await registered(), []);
  isAway = false;
  await pass(5 * SECOND);
  await pods.registered;
  const [entry] = await registered();
  assert.deepEqual(entry, { member: 'pod-1', score: now });
  await pass(5 * SECOND);
  assert.deepEqual(await registered(), [entry], 'not before its time');
  await pass(MINUTE);
  assert.deepEqual(await registered(), [{ member: 'pod-1', score: now }]);

  const later = replica(t, memory, 'pod-2', () => now + DAY + 1);
  later.start();
  await later.registered;
  assert.deepEqual(
    (await registered()).map(({ member }) => member),
    ['pod-2'],
  );
});
