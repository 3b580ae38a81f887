import type { AlertPhase, AlertRecord, AlertReview, AlertState, StatusWrite } from '../detect/alert.ts';
import { StateDraft } from '../rules/state-draft.ts';
import { stateKeys, writeRank } from '../rules/state-keys.ts';
import type { OnClose } from './options.ts';
import { recordOf, recordRead } from './records.ts';
import { isSameAttribution, withChange, withWrite } from './review.ts';
import type { Store } from './store.ts';

/** Writes the actions of users on alerts to the store. */
export interface AlertLifecycle {
  /**
   * Applies the user's phase, as seen on the resource. A closed alert takes no more repeats, unless `onClose` keeps it
   * so: the next match opens a new alert. Closing does not forget terms.
   */
  setPhase(cluster: string, id: string, phase: AlertPhase): Promise<void>;
  /** Records that somebody wrote the alert's status, according to the audit log. */
  noteWrite(cluster: string, id: string, write: StatusWrite): Promise<void>;
  /**
   * Delivers the alert again if a sink's copy differs from what the sink wrote last, unless the copy shows the alert as
   * it is now. It is a new version, so that a delivery under way does not count for it.
   */
  restore(cluster: string, id: string, sink: string, isShown: (state: AlertState) => boolean): Promise<void>;
  /** Drops an alert for retention: sinks with copies remove theirs, and then it ends. */
  remove(cluster: string, id: string, holders: readonly string[]): Promise<void>;
  /** Ends an alert and deletes its record: a user or retention deleted its copy. It is not recreated. */
  end(cluster: string, id: string): Promise<void>;
}

export interface LifecycleOptions {
  readonly onClose?: OnClose;
  /** The sinks that show who changed an alert. */
  readonly reviewers?: readonly string[];
  /** Integer microseconds since the epoch. */
  readonly now?: () => number;
}

/** How long a copy that differs waits for its restoration, in milliseconds. A copy that is only late is due already. */
const RESTORE_MS = 1_000;
/** How long a change waits for the audit log, which comes in batches, before it is shown, in milliseconds. */
const AWAIT_AUDIT_MS = 10_000;

/** @param sinks names of the sinks; an alert's dead letters are deleted with it */
export function createAlertLifecycle(
  store: Store,
  sinks: readonly string[],
  { onClose = 'restart-window', reviewers = [], now = () => Date.now() * 1_000 }: LifecycleOptions = {},
): AlertLifecycle {
  /** Runs `change` on the alert, if it exists. */
  function onAlert(
    cluster: string,
    id: string,
    change: (alert: AlertRecord, isLive: boolean, draft: StateDraft) => void,
  ): Promise<void> {
    return store.update(cluster, [recordRead(id)], (results) => {
      const alert = recordOf(cluster, id, results[0]);
      if (alert === undefined) return { kind: 'commit', writes: [], result: undefined };
      const live = { kind: 'fields', key: stateKeys.live, fields: [alert.state.suppressionKey] } as const;
      if (results.length === 1) return { kind: 'need', reads: [live] };
      const draft = new StateDraft();
      draft.load([live], results.slice(1));
      change(alert, draft.field(stateKeys.live, alert.state.suppressionKey) === id, draft);
      return { kind: 'commit', writes: draft.writes(writeRank), result: undefined };
    });
  }

  /** Shows the result of the review as a new version of the alert. */
  function save({ id, state, version, spec }: AlertRecord, review: AlertReview, draft: StateDraft): void {
    draft.setField(stateKeys.alert(id), 'state', JSON.stringify({ ...state, review }));
    if (spec.buildingBlock || reviewers.length === 0 || isSameAttribution(state.review, review)) return;
    draft.setField(stateKeys.alert(id), 'ver', String(version + 1));
    const isExplained = review.changes.at(-1)?.by !== undefined;
    for (const sink of reviewers) draft.markDue(sink, id, isExplained ? 0 : AWAIT_AUDIT_MS);
  }

  return {
    setPhase: (cluster, id, phase) =>
      onAlert(cluster, id, (alert, isLive, draft) => {
        const { state } = alert;
        if (state.phase === phase) return;
        save({ ...alert, state: { ...state, phase } }, withChange(state.review, phase, now()), draft);
        if (phase === 'Closed' && isLive && onClose === 'restart-window') {
          draft.removeField(stateKeys.live, state.suppressionKey);
        }
        if (state.phase === 'Closed' && draft.field(stateKeys.live, state.suppressionKey) === undefined) {
          draft.setField(stateKeys.live, state.suppressionKey, id);
        }
      }),

    noteWrite: (cluster, id, write) =>
      onAlert(cluster, id, (alert, _isLive, draft) => {
        save(alert, withWrite(alert.state.review, write), draft);
      }),

    restore: (cluster, id, sink, isShown) =>
      onAlert(cluster, id, ({ spec, state, version }, _isLive, draft) => {
        if (state.removed || spec.buildingBlock || isShown(state)) return;
        draft.setField(stateKeys.alert(id), 'ver', String(version + 1));
        draft.markDue(sink, id, RESTORE_MS);
      }),

    remove: (cluster, id, holders) =>
      onAlert(cluster, id, ({ state, version }, _isLive, draft) => {
        draft.setField(stateKeys.alert(id), 'state', JSON.stringify({ ...state, removed: true }));
        draft.setField(stateKeys.alert(id), 'ver', String(version + 1));
        for (const sink of holders) draft.markDue(sink, id, 0);
      }),

    end: (cluster, id) =>
      onAlert(cluster, id, ({ state }, isLive, draft) => {
        draft.removeHash(stateKeys.alert(id));
        draft.remove(stateKeys.alerts, id);
        for (const sink of sinks) draft.removeField(stateKeys.dead(sink), id);
        if (isLive) draft.removeField(stateKeys.live, state.suppressionKey);
      }),
  };
}
