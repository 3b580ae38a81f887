/** What is written of a status and when; that a real API server takes it is tried on one. */
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { ApiCall, KubernetesClient } from './client.ts';
import { createStatusWriter, type WantedStatus } from './status-writer.ts';

const statusSchema = z.object({ verdict: z.string(), count: z.int().optional(), last: z.string().optional() });
type Status = z.infer<typeof statusSchema>;

const OK: KubernetesClient['call'] = async () => ({ kind: 'ok', body: {} });
const HOUR_MS = 3_600_000;

function writing(answer = OK, { countsMs = HOUR_MS, mostCounts = 1 } = {}) {
  const calls: ApiCall[] = [];
  const client = {
    call(call: ApiCall) {
      calls.push(call);
      return answer(call);
    },
  };
  const writer = createStatusWriter<Status>(client, statusSchema, {
    path: '/apis/things',
    verdictOf: ({ verdict }) => verdict,
    countsOf: ({ count, last }) => [count, last],
    countsMs,
    mostCounts,
  });
  const { signal } = new AbortController();
  return {
    calls,
    statusOf: writer.statusOf,
    /** One round over these resources, by uid; gives what was written. */
    async round(statuses: Readonly<Record<string, Status>>, values: Readonly<Record<string, unknown>> = {}) {
      const from = calls.length;
      async function* wanted(): AsyncIterable<WantedStatus<Status>> {
        for (const [uid, status] of Object.entries(statuses)) {
          yield { name: `name-of-${uid}`, uid, before: writer.statusOf({ uid, value: values[uid] }), status };
        }
      }
      await writer.write(wanted(), signal);
      return calls.slice(from).map(({ body }) => body);
    },
  };
}

test('writes a changed status once', async () => {
  const { round, calls } = writing();
  const said = { a: { status: { verdict: 'good' } }, b: { status: { verdict: 7 } } };
  const wanted = { a: { verdict: 'good' }, b: { verdict: 'good' }, c: { verdict: 'bad' } };
  expect(await round(wanted, said)).toEqual([
    { metadata: { uid: 'b' }, status: { verdict: 'good' } },
    { metadata: { uid: 'c' }, status: { verdict: 'bad' } },
  ]);
  expect(calls.map(({ path }) => path)).toEqual(['/apis/things/name-of-b/status', '/apis/things/name-of-c/status']);
  expect(await round(wanted, said)).toEqual([]); // the watch has not told it yet, and it is known all the same
});

test('removes fields that the status no longer has', async () => {
  const { round } = writing();
  await round({ a: { verdict: 'good', last: 'now' } });
  expect(await round({ a: { verdict: 'bad', last: undefined } as unknown as Status })).toEqual([
    { metadata: { uid: 'a' }, status: { verdict: 'bad', last: null } },
  ]);
});

test('writes counts for a few at a time, after verdicts, and not too often', async () => {
  const { round } = writing();
  const said = { a: { status: { verdict: 'good' } }, b: { status: { verdict: 'good' } } };
  const wanted = {
    a: { verdict: 'good', count: 1 },
    b: { verdict: 'good', count: 1 },
    c: { verdict: 'good', count: 1 },
  };
  const uidsOf = (bodies: readonly unknown[]) =>
    bodies.map((body) => (body as { readonly metadata: { readonly uid: string } }).metadata.uid);
  expect(uidsOf(await round(wanted, said))).toEqual(['c', 'a']);
  expect(uidsOf(await round(wanted, said))).toEqual(['b']);
  expect(await round({ ...wanted, a: { verdict: 'good', count: 2 } }, said)).toEqual([]); // a was counted just now
});

test('skips deleted and recreated resources; a new one has its own uid', async () => {
  const { round, statusOf } = writing(async ({ path }) =>
    path.includes('-a/') ? { kind: 'refused', reason: 'Conflict', message: 'another uid' } : { kind: 'ok', body: {} },
  );
  expect(await round({ a: { verdict: 'good' }, b: { verdict: 'good' } })).toHaveLength(2);
  await round({ b: { verdict: 'good' } });
  expect(statusOf({ uid: 'a', value: {} })).toBeUndefined(); // forgotten
});

test('retries a failed write', async () => {
  let isAway = true;
  const { round } = writing(async () => {
    if (isAway) throw new OperationalError('api_unavailable', 'away');
    return { kind: 'ok', body: {} };
  });
  await expect(round({ a: { verdict: 'good' } })).rejects.toThrow(OperationalError);
  isAway = false;
  expect(await round({ a: { verdict: 'good' } })).toHaveLength(1);
});
