import type { Store } from '../alerts/store.ts';
import { OperationalError } from '../telemetry/operational-error.ts';

/**
 * Looks before the start whether the state of a cluster can be read. A store that is away is no reason not to start: each
 * update looks again.
 * @throws OperationalError `store_schema` that says which schema the state has, and what to do
 */
export async function refuseOtherSchema(store: Pick<Store, 'update'>, cluster: string): Promise<void> {
  try {
    await store.update(cluster, [], () => ({ kind: 'commit', writes: [], result: undefined }));
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code === 'store_schema') throw error;
  }
}
