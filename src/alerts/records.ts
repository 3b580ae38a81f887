import type { AlertRecord } from '../detect/alert.ts';
import type { ReadResult, StateRead } from '../rules/state.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { alertFields, parseAlert } from './alert-record.ts';
import type { Store } from './store.ts';

/** More alerts than retention keeps at any time. */
const MOST_ALERTS = 100_000;

const RECORD_FIELDS = [alertFields.spec, alertFields.state, alertFields.version];

/** Every alert of a cluster that the store holds, oldest first. */
export async function readAlerts(store: Store, cluster: string): Promise<readonly AlertRecord[]> {
  const index: StateRead = { kind: 'oldest', key: stateKeys.alerts, limit: MOST_ALERTS };
  return store.update(cluster, [index], ([first, ...rest]) => {
    const ids = first?.kind === 'oldest' ? first.entries.map(({ member }) => member) : [];
    if (ids.length > 0 && rest.length === 0) return { kind: 'need', reads: ids.map(recordRead) };
    const result = ids.flatMap((id, i) => recordOf(cluster, id, rest[i]) ?? []);
    return { kind: 'commit', writes: [], result };
  });
}

/** The read that `recordOf` takes the result of. */
export function recordRead(id: string): StateRead {
  return { kind: 'fields', key: stateKeys.alert(id), fields: RECORD_FIELDS };
}

/** The alert of a record read; undefined if there is none, or none that can be read. */
export function recordOf(cluster: string, id: string, result: ReadResult | undefined): AlertRecord | undefined {
  const [spec, state, version] = result?.kind === 'fields' ? result.values : [];
  if (spec === undefined || state === undefined || version === undefined) return undefined;
  return parseAlert(id, cluster, { spec, state, version });
}
