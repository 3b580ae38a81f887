import type { AlertQueue } from '../../src/alerts/queue.ts';
import type { Store } from '../../src/alerts/store.ts';
import type { ReadResult, ScoredMember, StateRead, StateWrite } from '../../src/rules/state.ts';

export type State = Store & AlertQueue;

/** What the tests of one store use; each takes a cluster of its own. */
export interface StateUnderTest {
  readonly state: () => State;
  readonly pass: (ms: number) => Promise<void>;
  /** The name of a cluster that no other test has. */
  readonly newCluster: () => string;
}

export async function write(state: State, cluster: string, ...writes: readonly StateWrite[]): Promise<void> {
  await state.update(cluster, [], () => ({ kind: 'commit', writes, result: undefined }));
}

export async function read(
  state: State,
  cluster: string,
  ...reads: readonly StateRead[]
): Promise<readonly ReadResult[]> {
  return state.update(cluster, reads, (results) => ({ kind: 'commit', writes: [], result: [...results] }));
}

/** The whole sorted set, lowest first. */
export async function entriesOf(state: State, cluster: string, key: string): Promise<readonly ScoredMember[]> {
  const [result] = await read(state, cluster, { kind: 'oldest', key, limit: 1_000_000 });
  return result?.kind === 'oldest' ? result.entries : [];
}

export async function fieldsOf(state: State, cluster: string, key: string, ...fields: string[]) {
  const [result] = await read(state, cluster, { kind: 'fields', key, fields });
  return result?.kind === 'fields' ? result.values : [];
}

export async function hashOf(state: State, cluster: string, key: string): Promise<ReadonlyMap<string, string>> {
  const [result] = await read(state, cluster, { kind: 'hash', key });
  return new Map(result?.kind === 'hash' ? result.entries : []);
}
