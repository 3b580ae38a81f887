/** Faults that a real API server does not have on purpose; the rest is tried on one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAlertWatch } from './alert-watch.ts';
import type { ApiAnswer, KubernetesClient } from './client.ts';
import type { WatchEvent } from './watch-events.ts';

const alert = (name: string, phase: string, resourceVersion = '1') => ({
  metadata: { name, resourceVersion },
  status: { phase },
});
const page = (items: readonly object[], next = '', resourceVersion = '1'): ApiAnswer => ({
  kind: 'ok',
  body: { metadata: { resourceVersion, continue: next }, items },
});

test('a handler that fails is told again, from the same place', async () => {
  const from: string[] = [];
  const told: string[] = [];
  let failing = true;
  const watch = begin(
    {
      call: async () => page([alert('a', 'Open')]),
      async *watch(path) {
        from.push(path.match(/resourceVersion=(\d+)/)?.[1] ?? '');
        if (from.length <= 2) {
          yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '5' } } };
          yield { type: 'MODIFIED', object: alert('a', 'Closed', '6') } satisfies WatchEvent;
        }
        await sleep(5);
      },
    },
    {
      onPhase(name, phase) {
        told.push(`${name} ${phase}`);
        if (failing) {
          failing = false;
          throw new Error('store away');
        }
      },
    },
  );
  await until(() => from.length >= 3);
  await watch.stop();
  assert.deepEqual(told, ['a Closed', 'a Closed']);
  assert.deepEqual(from.slice(0, 3), ['1', '5', '6'], 'what was handled does not come again');
});

test('a list whose next page the server no longer keeps begins anew', async () => {
  const lists: string[][] = [];
  let calls = 0;
  const watch = begin(
    {
      async call({ path }) {
        calls += 1;
        if (calls === 1) return page([alert('a', 'Open')], 'next');
        if (calls === 2) return { kind: 'refused', reason: 'Expired', message: 'too old' };
        return path.includes('continue=next') ? page([alert('c', 'Closed')]) : page([alert('b', 'Open')], 'next');
      },
      async *watch(_path, signal) {
        yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '2' } } };
        await sleep(1_000, undefined, { signal });
      },
    },
    { onList: (phases) => void lists.push([...phases.keys()]) },
  );
  await until(() => lists.length > 0);
  await watch.stop();
  assert.deepEqual(lists, [['b', 'c']]);
});

function begin(
  client: Pick<KubernetesClient, 'call' | 'watch'>,
  handlers: Partial<Parameters<typeof createAlertWatch>[0]['handlers']>,
) {
  const watch = createAlertWatch(
    {
      client,
      handlers: { onList() {}, onPhase() {}, onDeleted() {}, ...handlers },
      logger: { info() {}, warn() {} },
    },
    { backoff: { minMs: 1, maxMs: 2 } },
  );
  watch.start();
  return watch;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail('it never came about');
    await sleep(1);
  }
}
