import { setTimeout as sleep } from 'node:timers/promises';
import { OperationalError } from '../../src/telemetry/operational-error.ts';
import { entriesOf, fieldsOf, type State } from './state-access.ts';
import { waitFor } from './wait.ts';

export interface Failover {
  readonly acknowledged: number;
  /** Acknowledged commits of which the store knows nothing afterwards. */
  readonly lost: number;
  /** Commits that failed, each retryably. */
  readonly refused: number;
  /** Commits of which one key is there and another is not. */
  readonly halfApplied: number;
  /** From the fault to the first commit after a refused one. */
  readonly awaySeconds: number;
}

/** How many commits are acknowledged before the fault, and again after it. */
const BEFORE = 200;
const WRITERS = 8;

/** Commits to one cluster without pause, brings a fault about, goes on until commits succeed again, and counts. */
export async function commitThroughFailover(
  state: State,
  cluster: string,
  fault: () => Promise<unknown>,
): Promise<Failover> {
  const acknowledged = new Set<string>();
  let refused = 0;
  let next = 0;
  let stop = false;
  let faultAt: number | undefined;
  let backAt: number | undefined;

  async function writer(): Promise<void> {
    while (!stop) {
      const id = `id-${next++}`;
      try {
        await state.update(cluster, [], () => ({
          kind: 'commit',
          writes: [
            { kind: 'setFields', key: `alert:${id}`, mode: 'set', fields: { spec: '{}', state: '{}', ver: '1' } },
            { kind: 'setScores', key: 'alerts', mode: 'set', entries: [{ member: id, score: 1 }] },
          ],
          result: undefined,
        }));
        acknowledged.add(id);
        if (faultAt !== undefined && refused > 0) backAt ??= performance.now();
      } catch (error) {
        if (!(error instanceof OperationalError) || !error.retryable) throw error;
        refused += 1;
        await sleep(20);
      }
    }
  }

  const writers = Promise.all(Array.from({ length: WRITERS }, writer));
  const ended = writers.then(() => {
    throw new Error('the writers ended too early');
  });
  ended.catch(() => {});
  await Promise.race([ended, waitFor(() => acknowledged.size >= BEFORE, { what: 'commits' })]);
  await fault();
  faultAt = performance.now();
  await Promise.race([ended, waitFor(() => backAt !== undefined, { what: 'commits again' })]);
  stop = true;
  await writers;

  const listed = new Set((await entriesOf(state, cluster, 'alerts')).map(({ member }) => member));
  let lost = 0;
  let halfApplied = 0;
  for (let i = 0; i < next; i++) {
    const id = `id-${i}`;
    const [spec] = await fieldsOf(state, cluster, `alert:${id}`, 'spec');
    if ((spec !== undefined) !== listed.has(id)) halfApplied += 1;
    if (acknowledged.has(id) && !listed.has(id)) lost += 1;
  }
  const awaySeconds = ((backAt ?? faultAt) - faultAt) / 1_000;
  return { acknowledged: acknowledged.size, lost, refused, halfApplied, awaySeconds };
}
