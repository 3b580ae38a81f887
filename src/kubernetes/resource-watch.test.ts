/** Faults that a real API server does not have on purpose; the rest is tried on one. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import type { ApiAnswer, KubernetesClient } from './client.ts';
import { createResourceMirror, createResourceWatch, type ResourceWatchHandlers } from './resource-watch.ts';
import type { WatchEvent } from './watch-events.ts';

const object = (name: string, color: string, resourceVersion = '1') => ({ metadata: { name, resourceVersion }, color });
const page = (items: readonly object[], next = '', resourceVersion = '1'): ApiAnswer => ({
  kind: 'ok',
  body: { metadata: { resourceVersion, continue: next }, items },
});
const options = {
  path: '/apis/example.com/v1/things',
  of: 'things',
  read: ({ color }: Readonly<Record<string, unknown>>) => String(color),
  backoff: { minMs: 1, maxMs: 2 },
};
const logger = { info() {}, warn() {} };

test('repeats a failed handler from the same version', async () => {
  const from: string[] = [];
  const told: string[] = [];
  let failing = true;
  const watch = begin(
    {
      call: async () => page([object('a', 'red')]),
      async *watch(path) {
        from.push(new URL(path, 'http://api').searchParams.get('resourceVersion') ?? '');
        if (from.length <= 2) {
          yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '5' } } };
          yield { type: 'MODIFIED', object: object('a', 'blue', '6') } satisfies WatchEvent;
        }
        await sleep(5);
      },
    },
    {
      onChanged(name, color) {
        told.push(`${name} ${color}`);
        if (failing) {
          failing = false;
          throw new Error('store away');
        }
      },
    },
  );
  await until(() => from.length >= 3);
  await watch.stop();
  expect(told).toEqual(['a blue', 'a blue']);
  expect(from.slice(0, 3)).toEqual(['1', '5', '6']); // what was handled does not come again
});

test('restarts a list whose next page has expired', async () => {
  const lists: string[][] = [];
  let calls = 0;
  const watch = begin(
    {
      async call({ path }) {
        calls += 1;
        if (calls === 1) return page([object('a', 'red')], 'next');
        if (calls === 2) return { kind: 'refused', reason: 'Expired', message: 'too old' };
        return path.includes('continue=next') ? page([object('c', 'blue')]) : page([object('b', 'red')], 'next');
      },
      async *watch(_path, signal) {
        yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '2' } } };
        await sleep(1_000, undefined, { signal });
      },
    },
    { onList: (colors) => void lists.push([...colors.keys()]) },
  );
  await until(() => lists.length > 0);
  await watch.stop();
  expect(lists).toEqual([['b', 'c']]);
});

test('lists again when the version of the watch has expired, and misses nothing', async () => {
  const seen: string[] = [];
  let lists = 0;
  const mirror = createResourceMirror(
    {
      client: {
        async call({ path }) {
          expect(new URL(path, 'http://api').searchParams.get('labelSelector')).toBe('a=b');
          lists += 1;
          return lists === 1 ? page([object('a', 'red'), object('b', 'red')]) : page([object('c', 'red')], '', '9');
        },
        async *watch(path, signal) {
          expect(new URL(path, 'http://api').searchParams.get('labelSelector')).toBe('a=b');
          if (lists === 1) {
            yield { type: 'MODIFIED', object: object('a', 'blue', '2') } satisfies WatchEvent;
            yield { type: 'DELETED', object: object('b', 'red', '3') } satisfies WatchEvent;
            yield { type: 'ERROR', object: { code: 410, message: 'too old' } };
          }
          await sleep(1_000, undefined, { signal });
        },
      },
      logger,
    },
    { ...options, query: { labelSelector: 'a=b' } },
    (objects) => void seen.push([...objects].map((pair) => pair.join(' ')).join(', ')),
  );
  mirror.start();
  await until(() => lists === 2 && seen.length === 4);
  await mirror.stop();
  expect(seen).toEqual(['a red, b red', 'a blue, b red', 'a blue', 'c red']);
});

function begin(
  client: Pick<KubernetesClient, 'call' | 'watch'>,
  handlers: Partial<ResourceWatchHandlers<string>>,
): ReturnType<typeof createResourceWatch<string>> {
  const all = { onList() {}, onChanged() {}, onDeleted() {}, ...handlers };
  const watch = createResourceWatch({ client, handlers: all, logger }, options);
  watch.start();
  return watch;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) fail('it never came about');
    await sleep(1);
  }
}
