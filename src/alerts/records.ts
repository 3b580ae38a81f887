import type { AlertRecord } from '../detect/alert.ts';
import type { ReadResult, StateRead } from '../rules/state.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { alertFields, parseAlert } from './alert-record.ts';
import type { Store } from './store.ts';

/** More alerts than retention ever keeps. */
const MOST_ALERTS = 100_000;

const RECORD_FIELDS = [alertFields.spec, alertFields.state, alertFields.version];

/** All alerts of a cluster in the store, oldest first. */
export async function readAlerts(store: Store, cluster: string): Promise<readonly AlertRecord[]> {
  const index: StateRead = { kind: 'oldest', key: stateKeys.alerts, limit: MOST_ALERTS };
  return store.update(cluster, [index], ([first, ...rest]) => {
    const ids = first?.kind === 'oldest' ? first.entries.map(({ member }) => member) : [];
    if (ids.length > 0 && rest.length === 0) return { kind: 'need', reads: ids.map(recordRead) };
    const result = ids.flatMap((id, i) => recordOf(cluster, id, rest[i]) ?? []);
    return { kind: 'commit', writes: [], result };
  });
}

/** The read whose result `recordOf` takes. */
export function recordRead(id: string): StateRead {
  return { kind: 'fields', key: stateKeys.alert(id), fields: RECORD_FIELDS };
}

/** Parses the result of a record read; undefined if there is no readable alert. */
export function recordOf(cluster: string, id: string, result: ReadResult | undefined): AlertRecord | undefined {
  const [spec, state, version] = result?.kind === 'fields' ? result.values : [];
  if (spec === undefined || state === undefined || version === undefined) return undefined;
  return parseAlert(id, cluster, { spec, state, version });
}
