import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { sampleAlert } from '../../test/support/sample-alert.ts';
import { entriesOf } from '../../test/support/state-access.ts';
import type { AlertPhase, AlertRecord } from '../detect/alert.ts';
import type { Severity } from '../rules/document.ts';
import { DAY, HOUR } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { createAlertLifecycle } from './lifecycle.ts';
import { applyRetention, chooseDropped, type RetentionPolicy } from './retention.ts';

const roomy: RetentionPolicy = { maxAgeMicros: 7 * DAY, maxAlerts: 1_000, maxAlertsPerRule: 100 };

interface Given {
  readonly rule?: string;
  readonly phase?: AlertPhase;
  readonly severity?: Severity;
  readonly seen?: number;
  readonly removed?: boolean;
}

function alert(
  id: string,
  { rule = 'r', phase = 'Open', severity = 'medium', seen = NOON, removed = false }: Given = {},
) {
  return sampleAlert({
    id,
    spec: { severity, rule: { name: rule, title: rule, type: 'query' } },
    state: { phase, lastSeen: seen, removed },
  });
}

const dropped = (alerts: readonly AlertRecord[], policy: Partial<RetentionPolicy>, held: readonly string[] = []) =>
  chooseDropped(alerts, new Set(held), { ...roomy, ...policy }, NOON)
    .map(({ id }) => id)
    .join(' ');

test('drops only alerts older than the maximum age', () => {
  const alerts = [alert('old', { seen: NOON - 7 * DAY - 1 }), alert('just', { seen: NOON - 7 * DAY }), alert('new')];
  expect(dropped(alerts, {})).toBe('old');
});

test('drops closed alerts first; acknowledged ones count as open', () => {
  const alerts = [
    alert('open', { seen: NOON - 3 }),
    alert('acknowledged', { phase: 'Acknowledged', seen: NOON - 2 }),
    alert('closed', { phase: 'Closed', severity: 'critical' }),
  ];
  expect(dropped(alerts, { maxAlerts: 2 })).toBe('closed');
  expect(dropped(alerts, { maxAlerts: 1 })).toBe('closed open');
});

test('drops building blocks before alerts for people', () => {
  const block = alert('block', { severity: 'critical' });
  const alerts = [
    alert('open', { seen: NOON - 3 }),
    { ...block, spec: { ...block.spec, buildingBlock: true as const } },
  ];
  expect(dropped([...alerts, alert('closed', { phase: 'Closed' })], { maxAlerts: 1 })).toBe('block closed');
});

test('then the noisiest rule, the lowest severity, and the oldest sighting', () => {
  const alerts = [
    alert('quiet', { rule: 'quiet', severity: 'low', seen: NOON - 9 }),
    alert('critical', { severity: 'critical', seen: NOON - 8 }),
    alert('high', { severity: 'high' }),
    alert('newer', { severity: 'low', seen: NOON - 1 }),
    alert('older', { severity: 'low', seen: NOON - 2 }),
  ];
  const order = ['older', 'newer', 'high', 'critical', 'quiet'];
  for (let keep = 4; keep >= 0; keep--) {
    expect(dropped(alerts, { maxAlerts: keep })).toBe(order.slice(0, 5 - keep).join(' '));
  }
});

test('a rule over its limit loses only its own alerts', () => {
  const alerts = [
    alert('a', { seen: NOON - 2 }),
    alert('b', { seen: NOON - 1 }),
    alert('c'),
    alert('other', { rule: 'o', seen: NOON - 9 }),
  ];
  expect(dropped(alerts, { maxAlertsPerRule: 2 })).toBe('a');
  expect(dropped(alerts, { maxAlertsPerRule: 1 })).toBe('a b');
});

test('alerts over age make room first', () => {
  const alerts = [alert('old', { seen: 0 }), alert('a', { phase: 'Closed' }), alert('b')];
  expect(dropped(alerts, { maxAlerts: 2 })).toBe('old');
});

test('an undelivered alert stays at any age, and counts', () => {
  const alerts = [alert('old', { seen: 0 }), alert('a', { seen: NOON - 2 }), alert('b')];
  expect(dropped(alerts, { maxAlerts: 2 }, ['old'])).toBe('a');
  expect(dropped(alerts, { maxAlerts: 0 }, ['old', 'a', 'b'])).toBe('');
});

test('ignores alerts that were dropped already', () => {
  expect(dropped([alert('gone', { removed: true, seen: 0 }), alert('a'), alert('b')], { maxAlerts: 2 })).toBe('');
});

const sink = (name: string, removes: boolean) => ({ name, removes });

/** Three alerts, an hour apart. */
async function withAlerts(...sinks: readonly string[]) {
  const evaluating = evaluation([ruleDocument()], {
    sinks: sinks.map((name) => ({ name, openingsOnly: true, coalesceMs: 0 })),
  });
  const { send, store } = evaluating;
  const hours = [0, 1, 2].map((n) => anonymousRequest({ at: NOON + n * HOUR }));
  expect(await send(...hours)).toEqual(['opened', 'opened', 'opened']);
  const lifecycle = createAlertLifecycle(store, sinks);
  const apply = (
    of: readonly { readonly name: string; readonly removes: boolean }[],
    policy: Partial<RetentionPolicy>,
  ) => applyRetention(store, lifecycle, CLUSTER, of, { ...roomy, ...policy }, NOON + 2 * HOUR);
  const deliver = async (name: string) => {
    for (const { alert: one } of await store.claim(CLUSTER, name, 100, 30_000)) {
      await store.done(CLUSTER, name, one.id, one.version, 0);
    }
  };
  return { ...evaluating, lifecycle, apply, deliver };
}

test('deletes the record at once if no sink holds copies', async () => {
  const { apply, deliver, alerts } = await withAlerts('log');
  await deliver('log');
  expect(await apply([sink('log', false)], { maxAgeMicros: HOUR })).toBe(1);
  expect((await alerts()).map(({ state }) => state.openedAt)).toEqual([NOON + HOUR, NOON + 2 * HOUR]);
  expect(await apply([sink('log', false)], { maxAgeMicros: HOUR })).toBe(0);
});

test('deletes the record of a building block at once, because no sink has a copy', async () => {
  const { send, store, alerts } = evaluation([ruleDocument({ buildingBlock: true })]);
  await send(anonymousRequest());
  const lifecycle = createAlertLifecycle(store, ['alert']);
  await applyRetention(store, lifecycle, CLUSTER, [sink('alert', true)], { ...roomy, maxAlerts: 0 }, NOON);
  expect(await alerts()).toEqual([]);
});

test('drops nothing that a sink has yet to deliver', async () => {
  const { apply, deliver, alerts } = await withAlerts('log', 'alert');
  const sinks = [sink('log', false), sink('alert', true)];
  await deliver('alert');
  expect(await apply(sinks, { maxAlerts: 0 })).toBe(0);
  await deliver('log');
  expect(await apply(sinks, { maxAlerts: 0 })).toBe(3);
  expect(await alerts()).toHaveLength(3);
});

test('a removal is due at once, with a new version, only to the sink with copies', async () => {
  const { apply, deliver, alerts, store, send } = await withAlerts('log', 'alert');
  const sinks = [sink('log', false), sink('alert', true)];
  await deliver('log');
  await deliver('alert');
  expect(await apply(sinks, { maxAlerts: 2 })).toBe(1);
  expect((await alerts()).map(({ state, version }) => [state.removed, version])).toEqual([
    [true, 2],
    [false, 1],
    [false, 1],
  ]);
  const due = async (name: string) => (await entriesOf(store, CLUSTER, stateKeys.due(name))).length;
  expect(await due('log')).toBe(0);
  expect(await due('alert')).toBe(1);
  const [claim] = await store.claim(CLUSTER, 'alert', 10, 30_000);
  expect(claim?.alert.state.removed).toBe(true);
  expect(await apply(sinks, { maxAlerts: 2 })).toBe(0); // it is being removed
  expect(await send(anonymousRequest({ at: NOON, id: 'late' }))).toEqual(['attached']); // the newest alert is live
});

test('retries a removal that was given up', async () => {
  const { apply, deliver, store } = await withAlerts('alert');
  const sinks = [sink('alert', true)];
  await deliver('alert');
  await apply(sinks, { maxAlerts: 2 });
  const [claim] = await store.claim(CLUSTER, 'alert', 10, 30_000);
  const id = claim?.alert.id ?? '';
  await store.bury(CLUSTER, 'alert', id, 'refused');
  expect(await entriesOf(store, CLUSTER, stateKeys.due('alert'))).toEqual([]);
  await apply(sinks, { maxAlerts: 2 });
  const due = await entriesOf(store, CLUSTER, stateKeys.due('alert'));
  expect(due.map(({ member }) => member)).toEqual([id]);
});

test('a cluster without alerts has nothing to drop', async () => {
  const { store } = evaluation([]);
  const lifecycle = createAlertLifecycle(store, []);
  expect(await applyRetention(store, lifecycle, CLUSTER, [sink('log', false)], roomy, NOON)).toBe(0);
});
