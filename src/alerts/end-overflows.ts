import type { AlertRecord } from '../detect/alert.ts';
import type { SinkSchedule } from '../detect/settle-context.ts';
import { StateDraft } from '../rules/state-draft.ts';
import { stateKeys, writeRank } from '../rules/state-keys.ts';
import { recordOf, recordRead } from './records.ts';
import type { Store } from './store.ts';

/** The most that end in one step; the next step ends the rest. */
const MOST = 100;

/**
 * Ends the overflow alerts of a cluster that have counted nothing for a while, at the time of their last count, and
 * makes them due to the sinks that show later changes. A later match resumes counting.
 * @param before alerts that counted nothing since then (µs) end
 * @returns the alerts, as they were
 */
export function endOverflows(
  store: Store,
  cluster: string,
  sinks: readonly SinkSchedule[],
  before: number,
): Promise<readonly AlertRecord[]> {
  const index = { kind: 'oldest', key: stateKeys.overflows, limit: MOST } as const;
  return store.update(cluster, [index], ([first, ...records]) => {
    const quiet = first?.kind === 'oldest' ? first.entries.filter(({ score }) => score < before) : [];
    const reads = quiet.map(({ member }) => recordRead(member));
    if (reads.length > records.length) return { kind: 'need', reads };
    const draft = new StateDraft();
    const ended: AlertRecord[] = [];
    for (const [i, { member: id }] of quiet.entries()) {
      draft.remove(stateKeys.overflows, id);
      const alert = recordOf(cluster, id, records[i]);
      if (alert?.state.overflow === undefined) continue;
      const { state, version, spec } = alert;
      const overflow = { ...state.overflow, endedAt: state.lastSeen };
      draft.setField(stateKeys.alert(id), 'state', JSON.stringify({ ...state, overflow }));
      draft.setField(stateKeys.alert(id), 'ver', String(version + 1));
      for (const { name, openingsOnly, buildingBlocks } of sinks) {
        if (!openingsOnly && (!spec.buildingBlock || buildingBlocks === true)) draft.markDue(name, id, 0);
      }
      ended.push(alert);
    }
    return { kind: 'commit', writes: draft.writes(writeRank), result: ended };
  });
}
