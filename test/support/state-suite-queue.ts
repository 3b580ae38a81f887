import { expect, test } from '@jest/globals';
import type { AlertSpec, AlertState } from '../../src/detect/alert.ts';
import type { StateWrite } from '../../src/rules/state.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { fieldsOf, type StateUnderTest, write } from './state-access.ts';

const SINK = 'sink:1';
const LEASE_MS = 400;

function spec(cluster: string, name: string): AlertSpec {
  return {
    rule: { name, title: name, type: 'query' },
    severity: 'medium',
    riskScore: 47,
    reason: 'a reason with "quotes", 😀 and \0',
    request: { time: '2026-01-01T00:00:00.000000Z', dryRun: false, truncated: false },
    actor: {},
    cluster,
    overflow: false,
    display: { user: '', action: '', object: '', source: '', newTerm: '' },
  };
}

const STATE: AlertState = {
  phase: 'Open',
  count: 1,
  firstSeen: 1,
  lastSeen: 1,
  openedAt: 1,
  windowMicros: 1,
  evidence: [],
  suppressionKey: 'k',
  removed: false,
};

/** Opens an alert, due at once unless told. */
function opening(cluster: string, id: string, delayMs = 0): readonly StateWrite[] {
  const fields = { spec: JSON.stringify(spec(cluster, id)), state: JSON.stringify(STATE), ver: '1' };
  return [
    { kind: 'setFields', key: stateKeys.alert(id), mode: 'set', fields },
    { kind: 'markDue', sink: SINK, alertId: id, delayMs },
  ];
}

/** A repeat: the version moves on, and the sink is to hear of it later. */
function repeat(id: string, delayMs: number): readonly StateWrite[] {
  return [
    { kind: 'addToField', key: stateKeys.alert(id), field: 'ver', by: 1 },
    { kind: 'markDue', sink: SINK, alertId: id, delayMs },
  ];
}

/** The promises of AlertQueue. */
export function describeQueue({ state, pass, newCluster }: StateUnderTest): void {
  const claim = (cluster: string, limit = 10) => state().claim(cluster, SINK, limit, LEASE_MS);
  const claimedIds = async (cluster: string, limit?: number) =>
    (await claim(cluster, limit)).map(({ alert }) => alert.id);
  const depth = (cluster: string) => state().depth(cluster, SINK);

  test('claim gives what is due with its record, longest due first, up to the limit, and only once while leased', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'b'));
    await pass(20);
    await write(state(), cluster, ...opening(cluster, 'a'), ...opening(cluster, 'later', 60_000));
    expect(await claim(cluster, 1)).toEqual([
      {
        alert: { id: 'b', cluster, version: 1, spec: spec(cluster, 'b'), state: STATE },
        delivered: undefined,
        failures: 0,
      },
    ]);
    expect(await claimedIds(cluster)).toEqual(['a']);
    expect(await claimedIds(cluster)).toEqual([]);
    expect(await state().claim(cluster, 'another sink', 10, LEASE_MS)).toEqual([]);
    expect(await depth(cluster)).toEqual({ due: 3, oldestMs: 0, dead: 0 });
  });

  test('a lease that runs out is claimed again', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'));
    expect(await claimedIds(cluster)).toEqual(['a']);
    await pass(LEASE_MS + 50);
    expect(await claimedIds(cluster)).toEqual(['a']);
  });

  test('markDue leaves an entry that is due already', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'), ...repeat('a', 60_000));
    expect(await claimedIds(cluster)).toEqual(['a']);
  });

  test('done of the current version ends it, and the next repeat says what was delivered', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'));
    await claim(cluster);
    await state().done(cluster, SINK, 'a', 1, 0);
    expect(await depth(cluster)).toEqual({ due: 0, oldestMs: 0, dead: 0 });
    await write(state(), cluster, ...repeat('a', 0));
    const [claimed] = await claim(cluster);
    expect([claimed?.alert.version, claimed?.delivered, claimed?.failures]).toEqual([2, 1, 0]);
  });

  test('done of an older version makes it due again after the coalesce time', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'));
    await claim(cluster);
    await write(state(), cluster, ...repeat('a', 0));
    expect(await claimedIds(cluster)).toEqual([]);
    await state().done(cluster, SINK, 'a', 1, 150);
    expect(await claimedIds(cluster)).toEqual([]);
    await pass(200);
    const [claimed] = await claim(cluster);
    expect([claimed?.alert.version, claimed?.delivered]).toEqual([2, 1]);
    await state().done(cluster, SINK, 'a', 2, 150);
    expect((await depth(cluster)).due).toBe(0);
  });

  test('a delivery that reports late neither goes back nor brings an entry back', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'));
    await claim(cluster);
    await write(state(), cluster, ...repeat('a', 0));
    await pass(LEASE_MS + 50);
    await claim(cluster);
    await state().done(cluster, SINK, 'a', 2, 0);
    await state().done(cluster, SINK, 'a', 1, 0);
    await state().retry(cluster, SINK, 'a', 0);
    await state().bury(cluster, SINK, 'a', 'late');
    expect(await depth(cluster)).toEqual({ due: 0, oldestMs: 0, dead: 0 });
    await write(state(), cluster, ...repeat('a', 0));
    const [claimed] = await claim(cluster);
    expect([claimed?.delivered, claimed?.failures]).toEqual([2, 0]);
  });

  test('retry counts failures in a row and waits; done forgets them', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'));
    for (const failures of [0, 1, 2]) {
      const [claimed] = await claim(cluster);
      expect(claimed?.failures).toBe(failures);
      await state().retry(cluster, SINK, 'a', 100);
      expect(await claimedIds(cluster)).toEqual([]);
      await pass(150);
    }
    expect((await depth(cluster)).oldestMs).toBeGreaterThanOrEqual(40);
    await claim(cluster);
    await state().done(cluster, SINK, 'a', 1, 0);
    await write(state(), cluster, ...repeat('a', 0));
    expect((await claim(cluster))[0]?.failures).toBe(0);
  });

  test('bury moves an entry aside with the reason, until it is delivered after all', async () => {
    const cluster = newCluster();
    await write(state(), cluster, ...opening(cluster, 'a'), ...opening(cluster, 'b'));
    await claim(cluster);
    await state().retry(cluster, SINK, 'a', 0);
    await state().bury(cluster, SINK, 'a', 'status 422: "no such field"\n\0😀');
    expect(await depth(cluster)).toEqual({ due: 1, oldestMs: 0, dead: 1 });
    const [letter] = await fieldsOf(state(), cluster, stateKeys.dead(SINK), 'a');
    const { reason, at } = JSON.parse(letter ?? '{}');
    expect(reason).toBe('status 422: "no such field"\n\0😀');
    expect(Number.isSafeInteger(at)).toBe(true);
    expect(at).toBeGreaterThan(1.6e12);
    await pass(LEASE_MS + 50);
    expect(await claimedIds(cluster)).toEqual(['b']);
    await write(state(), cluster, ...repeat('a', 0));
    const [again] = await claim(cluster);
    expect([again?.alert.id, again?.failures]).toEqual(['a', 0]);
    await state().done(cluster, SINK, 'a', 2, 0);
    expect((await depth(cluster)).dead).toBe(0);
  });

  test('an entry whose alert is gone is dropped, and the others fill the limit', async () => {
    const cluster = newCluster();
    const gone = ['g1', 'g2', 'g3'];
    await write(state(), cluster, ...gone.flatMap((id) => opening(cluster, id)));
    await write(state(), cluster, ...gone.map((id): StateWrite => ({ kind: 'removeKey', key: stateKeys.alert(id) })));
    await pass(20);
    await write(state(), cluster, ...opening(cluster, 'a'), ...opening(cluster, 'b'));
    expect(await claimedIds(cluster, 2)).toEqual(['a', 'b']);
    expect((await depth(cluster)).due).toBe(2);
  });

  test('done, retry and bury of an alert that is gone do not bring it back', async () => {
    const cluster = newCluster();
    const ids = ['a', 'b', 'c'];
    await write(state(), cluster, ...ids.flatMap((id) => opening(cluster, id)));
    await claim(cluster);
    await write(state(), cluster, ...ids.map((id): StateWrite => ({ kind: 'removeKey', key: stateKeys.alert(id) })));
    await state().done(cluster, SINK, 'a', 1, 0);
    await state().retry(cluster, SINK, 'b', 0);
    await state().bury(cluster, SINK, 'c', 'gone');
    for (const id of ids) {
      const values = await fieldsOf(state(), cluster, stateKeys.alert(id), `sent:${SINK}`, `fails:${SINK}`, 'ver');
      expect(values).toEqual([undefined, undefined, undefined]);
    }
    expect((await depth(cluster)).due).toBe(0);
  });

  test('an alert whose record does not parse is buried, and holds up no other', async () => {
    const cluster = newCluster();
    const broken: StateWrite = {
      kind: 'setFields',
      key: stateKeys.alert('broken'),
      mode: 'set',
      fields: { state: '{"phase":' },
    };
    await write(state(), cluster, ...opening(cluster, 'broken'), ...opening(cluster, 'whole'), broken);
    expect(await claimedIds(cluster)).toEqual(['whole']);
    expect(await depth(cluster)).toEqual({ due: 1, oldestMs: 0, dead: 1 });
    expect((await fieldsOf(state(), cluster, stateKeys.dead(SINK), 'broken'))[0] ?? '').toMatch(/cannot be read/);
  });

  test('concurrent claims never give one entry twice', async () => {
    const cluster = newCluster();
    const ids = Array.from({ length: 50 }, (_item, i) => `alert-${i}`);
    await write(state(), cluster, ...ids.flatMap((id) => opening(cluster, id)));
    const batches = await Promise.all(Array.from({ length: 10 }, () => claimedIds(cluster, 7)));
    expect(batches.flat().sort()).toEqual(ids.toSorted());
  });
}
