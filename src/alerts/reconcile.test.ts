import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { DeliveryOptions } from './delivery-lane.ts';
import type { AlertQueue, Claim } from './queue.ts';
import { createReconciler, type Reconciler } from './reconcile.ts';
import type { Sink } from './sink.ts';

const QUICK: Partial<DeliveryOptions> = {
  poll: { minMs: 5, maxMs: 10 },
  retry: { minMs: 10, maxMs: 40 },
  pause: { minMs: 5, maxMs: 20 },
  deadlineMs: 200,
};

let reconciler: Reconciler | undefined;
afterEach(async () => {
  await reconciler?.stop(0);
  reconciler = undefined;
});

test('delivers a due alert, and reports the delivered version', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 3 });
  const sink = createFakeSink('alert');
  begin(queue, [sink]);
  await until(() => queue.calls.length > 0);
  expect(queue.calls).toEqual(['done alert a 3 +10000']);
  expect(sink.deliveries).toEqual(['a@3 after undefined']);
});

test('a sink of openings does not get a repeat counted during the delivery of the opening', async () => {
  const queue = createFakeQueue();
  queue.due('log', { id: 'a', version: 2, delivered: 1 });
  queue.due('log', { id: 'b', version: 1 });
  queue.due('log', { id: 'c', version: 3, delivered: 1, removed: true });
  const sink = { ...createFakeSink('log'), openingsOnly: true };
  begin(queue, [sink]);
  await until(() => queue.calls.length === 3);
  expect(sink.deliveries).toEqual(['b@1 after undefined', 'c@3 after 1']);
  expect(queue.calls.toSorted()).toEqual(['done log a 2 +10000', 'done log b 1 +10000', 'done log c 3 +10000']);
});

test('a nudge delivers at once what became due while the queue was idle', async () => {
  const queue = createFakeQueue();
  const sink = createFakeSink('alert');
  begin(queue, [sink], { poll: { minMs: 60_000, maxMs: 60_000 } });
  await until(() => queue.claims > 0);
  queue.due('alert', { id: 'a', version: 1 });
  await sleep(20);
  expect(sink.deliveries).toEqual([]);
  reconciler?.nudge();
  await until(() => sink.deliveries.length === 1);
});

test('a retryable failure waits longer each time; any other is buried', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 1 });
  let tries = 0;
  const sink = createFakeSink('alert', () => {
    tries += 1;
    if (tries <= 3) throw new OperationalError('api_unavailable', 'away');
    throw new OperationalError('api_rejected', 'spec is not to its liking');
  });
  begin(queue, [sink]);
  await until(() => queue.calls.length === 4);
  expect(queue.calls).toEqual([
    'retry alert a +10',
    'retry alert a +20',
    'retry alert a +40',
    'bury alert a: spec is not to its liking',
  ]);
});

test('a broken sink delays only itself', async () => {
  const queue = createFakeQueue();
  for (const sink of ['down', 'up']) {
    for (let i = 0; i < 100; i += 1) queue.due(sink, { id: `a${i}`, version: 1 });
  }
  const down = createFakeSink('down', () => {
    throw new OperationalError('sink_unavailable', 'down');
  });
  const up = createFakeSink('up');
  begin(queue, [down, up], { pause: { minMs: 60_000, maxMs: 60_000 } });
  await until(() => up.deliveries.length === 100);
  expect(down.deliveries).toHaveLength(16); // it was tried once, and then left alone for a while
  expect(queue.logged.filter((line) => line.startsWith('warn'))).toHaveLength(1); // said once
});

test('limits concurrent deliveries, and claims an alert only when it can start', async () => {
  const queue = createFakeQueue();
  for (let i = 0; i < 50; i += 1) queue.due('alert', { id: `a${i}`, version: 1 });
  let running = 0;
  let most = 0;
  let mostLeased = 0;
  const sink = createFakeSink('alert', async (): Promise<'done'> => {
    running += 1;
    most = Math.max(most, running);
    mostLeased = Math.max(mostLeased, queue.leased());
    await sleep(2);
    running -= 1;
    return 'done';
  });
  begin(queue, [sink], { concurrency: 4 });
  await until(() => queue.calls.length === 50);
  expect(most).toBe(4);
  expect(mostLeased).toBe(4); // nothing is claimed that waits
  expect(queue.calls.filter((call) => !call.startsWith('done'))).toEqual([]);
});

test('cuts off a delivery at its deadline, even if the sink ignores the signal', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 1 });
  begin(queue, [createFakeSink('alert', () => new Promise(() => {}))], { deadlineMs: 20 });
  await until(() => queue.calls.length > 0);
  expect(queue.calls).toEqual(['retry alert a +10']);
});

test('a copy that a user has deleted ends the alert', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 2, delivered: 1 });
  begin(queue, [createFakeSink('alert', () => 'ended')]);
  await until(() => queue.calls.length === 2);
  expect(queue.calls).toEqual(['end home a', 'done alert a 2 +10000']);
});

test('deletes the record of a dropped alert with its copy', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 2, delivered: 1, removed: true });
  begin(queue, [{ ...createFakeSink('alert'), removes: true }]);
  await until(() => queue.calls.length === 2);
  expect(queue.calls).toEqual(['end home a', 'done alert a 2 +10000']);
});

test('a bug in a sink delays its alert, is logged, and stops nothing', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'bad', version: 1 });
  queue.due('alert', { id: 'good', version: 1 });
  const sink = createFakeSink('alert', (alert) => {
    if (alert.id === 'bad') throw new TypeError('undefined is not a function');
    return 'done';
  });
  begin(queue, [sink]);
  await until(() => queue.calls.some((call) => call.startsWith('done alert good')));
  await until(() => queue.calls.some((call) => call.startsWith('retry alert bad')));
  expect(queue.logged).toContain('error sink failed');
});

test('logs an unavailable queue once, and continues when it is back', async () => {
  const queue = createFakeQueue();
  queue.away = true;
  const sink = createFakeSink('alert');
  begin(queue, [sink]);
  await until(() => queue.claims > 3);
  queue.due('alert', { id: 'a', version: 1 });
  queue.away = false;
  await until(() => sink.deliveries.length === 1);
  expect(queue.logged).toEqual(['warn alert delivery is failing', 'info alert delivery has recovered']);
});

test('stop waits for deliveries in progress and claims nothing more', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 1 });
  const sink = createFakeSink('alert', () => sleep(40).then(() => undefined));
  begin(queue, [sink]);
  await until(() => sink.deliveries.length === 1);
  queue.due('alert', { id: 'late', version: 1 });
  await reconciler?.stop(1_000);
  expect(queue.calls).toEqual(['done alert a 1 +10000']);
});

test('stop leaves slow deliveries to their lease', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 1 });
  let aborted = false;
  const sink = createFakeSink('alert', (_alert, signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise(() => {});
  });
  begin(queue, [sink], { deadlineMs: 60_000 });
  await until(() => sink.deliveries.length === 1);
  await reconciler?.stop(20);
  await sleep(10);
  expect(aborted).toBe(true);
  expect(queue.calls).toEqual([]);
});

test('reports each delivery to the observer', async () => {
  const queue = createFakeQueue();
  queue.due('alert', { id: 'a', version: 1 });
  const seen: string[] = [];
  begin(queue, [createFakeSink('alert')], {}, (delivery) =>
    seen.push(`${delivery.cluster} ${delivery.sink} ${delivery.alertId} ${delivery.outcome}`),
  );
  await until(() => seen.length > 0);
  expect(seen).toEqual(['home alert a done']);
});

type Observe = NonNullable<Parameters<typeof createReconciler>[0]['observe']>;

function begin(
  queue: FakeQueue,
  sinks: readonly Sink[],
  options: Partial<DeliveryOptions> = {},
  observe: Observe = () => {},
): void {
  const log = (level: string) => (message: string) => void queue.logged.push(`${level} ${message}`);
  reconciler = createReconciler(
    {
      queue,
      sinks,
      clusters: ['home'],
      end: async (cluster, id) => void queue.calls.push(`end ${cluster} ${id}`),
      logger: { info: log('info'), warn: log('warn'), error: log('error') },
      observe,
      random: () => 0,
    },
    { ...QUICK, ...options },
  );
  reconciler.start();
}

interface FakeQueue extends AlertQueue {
  readonly calls: string[];
  readonly logged: string[];
  claims: number;
  away: boolean;
  due(sink: string, entry: { id: string; version: number; delivered?: number; removed?: boolean }): void;
  leased(): number;
}

/** A queue of one process: it stands for a store that can be told to be away. */
function createFakeQueue(): FakeQueue {
  const entries: { sink: string; claim: Claim; notBefore: number; leased: boolean }[] = [];
  const find = (sink: string, id: string) =>
    entries.find((entry) => entry.sink === sink && entry.claim.alert.id === id);
  const remove = (sink: string, id: string) => {
    const index = entries.findIndex((entry) => entry.sink === sink && entry.claim.alert.id === id);
    if (index >= 0) entries.splice(index, 1);
  };
  const queue: FakeQueue = {
    calls: [],
    logged: [],
    claims: 0,
    away: false,
    due(sink, { id, version, delivered, removed }) {
      const alert = { id, version, cluster: 'home', state: { removed: removed ?? false } } as AlertRecord;
      entries.push({ sink, claim: { alert, delivered, failures: 0 }, notBefore: 0, leased: false });
    },
    leased: () => entries.filter((entry) => entry.leased).length,
    async claim(_cluster, sink, limit) {
      queue.claims += 1;
      if (queue.away) throw new OperationalError('store_unavailable', 'away');
      const claimed = entries
        .filter((entry) => entry.sink === sink && !entry.leased && entry.notBefore <= Date.now())
        .slice(0, limit);
      for (const entry of claimed) entry.leased = true;
      return claimed.map((entry) => entry.claim);
    },
    async done(_cluster, sink, id, version, coalesceMs) {
      queue.calls.push(`done ${sink} ${id} ${version} +${coalesceMs}`);
      remove(sink, id);
    },
    async retry(_cluster, sink, id, delayMs) {
      queue.calls.push(`retry ${sink} ${id} +${delayMs}`);
      const entry = find(sink, id);
      if (entry === undefined) return;
      entry.claim = { ...entry.claim, failures: entry.claim.failures + 1 };
      entry.notBefore = Date.now() + delayMs;
      entry.leased = false;
    },
    async bury(_cluster, sink, id, reason) {
      queue.calls.push(`bury ${sink} ${id}: ${reason}`);
      remove(sink, id);
    },
    async depth() {
      return { due: entries.length, oldestMs: 0, dead: 0 };
    },
  };
  return queue;
}

type Answer = 'done' | 'ended' | undefined;
type Behaviour = (alert: AlertRecord, signal: AbortSignal) => Promise<Answer> | Answer;

/** A sink that fails in the ways that a real one cannot be made to on purpose. */
function createFakeSink(name: string, behaviour: Behaviour = () => 'done'): Sink & { deliveries: string[] } {
  const deliveries: string[] = [];
  return {
    name,
    openingsOnly: false,
    removes: false,
    coalesceMs: 10_000,
    deliveries,
    async deliver(alert, delivered, signal) {
      deliveries.push(`${alert.id}@${alert.version} after ${delivered}`);
      return (await behaviour(alert, signal)) ?? 'done';
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) fail('it never came about');
    await sleep(2);
  }
}
