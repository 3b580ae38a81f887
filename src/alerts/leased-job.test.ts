import { expect, jest, test } from '@jest/globals';
import { createLeasedJob } from './leased-job.ts';

const RENEW_MS = 5_000;
const TTL_MS = 30_000;

/** A job under a lease whose answers the test gives, on a clock that the test moves. */
function leased(answer: (ttlMs: number) => Promise<boolean>) {
  jest.useFakeTimers();
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const said: string[] = [];
  let made = 0;
  const job = createLeasedJob(
    {
      lease: answer,
      createJob: () => {
        const name = `job ${++made}`;
        return {
          start: () => said.push(`${name} starts`),
          stop: async () => {
            said.push(`${name} stops`);
          },
        };
      },
      logger: { info: () => {}, warn: () => {} },
    },
    TTL_MS,
  );
  return {
    job,
    said,
    /** Lets so many renewals pass. */
    async renewals(count: number) {
      for (let i = 0; i < count; i++) {
        now += RENEW_MS;
        jest.advanceTimersByTime(RENEW_MS);
        await settled();
      }
    },
    async end() {
      await job.stop();
      jest.restoreAllMocks();
      jest.useRealTimers();
    },
  };
}

/** Promises that are due have run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('runs the job while it holds the lease, stops it when the lease is lost, and creates a new one when it is back', async () => {
  let held = false;
  const { job, said, renewals, end } = leased(async () => held);
  job.start();
  await settled();
  expect(said).toEqual([]);
  held = true;
  await renewals(3);
  expect(said).toEqual(['job 1 starts']);
  held = false;
  await renewals(2);
  expect(said).toEqual(['job 1 starts', 'job 1 stops']);
  held = true;
  await renewals(1);
  expect(said).toEqual(['job 1 starts', 'job 1 stops', 'job 2 starts']);
  await end();
  expect(said.at(-1)).toEqual('job 2 stops');
});

test('an unavailable store ends the job only when the lease expires', async () => {
  let away = false;
  const { job, said, renewals, end } = leased(async () => {
    if (away) throw new Error('away');
    return true;
  });
  job.start();
  await settled();
  away = true;
  await renewals(4);
  expect(said).toEqual(['job 1 starts']);
  await renewals(2);
  expect(said).toEqual(['job 1 starts', 'job 1 stops']); // 30 s after the last answer another may have it
  away = false;
  await renewals(1);
  expect(said.at(-1)).toEqual('job 2 starts');
  await end();
});

test('retries if the store is unavailable at the start', async () => {
  let away = true;
  const { job, said, renewals, end } = leased(async () => {
    if (away) throw new Error('away');
    return true;
  });
  job.start();
  await renewals(2);
  expect(said).toEqual([]);
  away = false;
  await renewals(1);
  expect(said).toEqual(['job 1 starts']);
  await end();
});

test('stop ends the job and the renewals, even while an answer is outstanding', async () => {
  const asked: number[] = [];
  const answer = Promise.withResolvers<boolean>();
  const { job, said, renewals, end } = leased((ttlMs) => {
    asked.push(ttlMs);
    return answer.promise;
  });
  job.start();
  await settled();
  const stopping = job.stop();
  answer.resolve(true);
  await stopping;
  expect(said).toEqual([]); // a lease that comes too late starts nothing
  await renewals(3);
  expect(asked).toEqual([TTL_MS, 1]); // given back
  await end();
});

test('stop returns a held lease once the job has ended', async () => {
  const events: (number | string)[] = [];
  const { job, said, renewals, end } = leased(async (ttlMs) => {
    events.push(ttlMs, said.at(-1) ?? 'nothing');
    return ttlMs === TTL_MS;
  });
  job.start();
  await settled();
  await renewals(1);
  await end();
  expect(events).toEqual([TTL_MS, 'nothing', TTL_MS, 'job 1 starts', 1, 'job 1 stops']);

  const asked: number[] = [];
  const other = leased(async (ttlMs) => {
    asked.push(ttlMs);
    return false;
  });
  other.job.start();
  await settled();
  await other.end();
  expect(asked).toEqual([TTL_MS]);
});

test('if the store is unavailable at the stop, the lease expires', async () => {
  let away = false;
  const { job, said, end } = leased(async () => {
    if (away) throw new Error('away');
    return true;
  });
  job.start();
  await settled();
  away = true;
  await end();
  expect(said).toEqual(['job 1 starts', 'job 1 stops']);
});

test('stop before the start, or without the lease, does nothing', async () => {
  const { said, end } = leased(async () => false);
  await end();
  expect(said).toEqual([]);
});
