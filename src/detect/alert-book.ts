import { EVIDENCE_EDGE } from '../rules/limits.ts';
import type { StateDraft } from '../rules/state-draft.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { AlertEvidence, AlertSpec, AlertState } from './alert.ts';
import type { Decision } from './decision.ts';
import type { SettleContext } from './settle-context.ts';

/** The live alert of a suppression key. */
export interface LiveAlert {
  readonly id: string;
  readonly version: number;
  readonly state: AlertState;
}

/** An entry on an alert at one time: an event, or several that together are worth an alert. */
export interface Sighting {
  /** Unique within its rule and suppression key. */
  readonly identity: string;
  /** Times of the first and the last of its events (µs). */
  readonly from: number;
  readonly at: number;
  /** In order of time. */
  readonly evidence: readonly AlertEvidence[];
}

/** What a new alert needs beside its first sighting. */
export interface Opening {
  readonly spec: AlertSpec;
  readonly suppressionKey: string;
  readonly windowMicros: number;
  /** For an overflow alert. */
  readonly counted?: Counted;
}

/** What an overflow alert keeps of the decisions it counts. */
export type Counted = Required<Pick<AlertState, 'samples' | 'overflow'>>;

/** The alerts of a step: finds them by suppression key, opens and repeats them, and makes changes due to sinks. */
export interface AlertBook {
  /** The alert that takes a repeat at this time (µs), if any. */
  taking(suppressionKey: string, at: number): LiveAlert | undefined;
  /** @returns the id of the new alert: the same if the same sighting opens it again, and never that of another */
  open(decision: Decision, sighting: Sighting, opening: Opening): string;
  attach(alert: LiveAlert, sighting: Sighting, counted?: Counted): void;
}

export function createAlertBook(draft: StateDraft, { cluster, hashes, sinks }: SettleContext): AlertBook {
  function save(id: string, version: number, state: AlertState): void {
    draft.setField(stateKeys.alert(id), 'state', JSON.stringify(state));
    draft.setField(stateKeys.alert(id), 'ver', String(version));
  }

  function markDue(id: string, { buildingBlock }: Pick<AlertState, 'buildingBlock'>, isOpening: boolean): void {
    for (const { name, openingsOnly, buildingBlocks, coalesceMs } of sinks) {
      if (buildingBlock && buildingBlocks !== true) continue;
      if (isOpening || !openingsOnly) draft.markDue(name, id, isOpening ? 0 : coalesceMs);
    }
  }

  return {
    taking(suppressionKey, at) {
      const id = draft.field(stateKeys.live, suppressionKey);
      const text = id === undefined ? undefined : draft.field(stateKeys.alert(id), 'state');
      if (id === undefined || text === undefined) return undefined;
      const state = JSON.parse(text) as AlertState;
      // No lower bound: a late event joins the alert that it belongs to. A closed alert is live only if closing keeps
      // it so (`alerts.onClose`).
      const takes = !state.removed && at < state.openedAt + state.windowMicros;
      return takes ? { id, version: Number(draft.field(stateKeys.alert(id), 'ver')), state } : undefined;
    },

    open(decision, { identity, from, at, evidence }, { spec, suppressionKey, windowMicros, counted }) {
      const { name } = decision.rule.document;
      const id = `${alertPrefix(name)}-${hashes.name(JSON.stringify([cluster, name, suppressionKey, identity]))}`;
      draft.setField(stateKeys.alert(id), 'spec', JSON.stringify(spec));
      save(id, 1, {
        phase: 'Open',
        count: 1,
        firstSeen: from,
        lastSeen: at,
        openedAt: at,
        windowMicros,
        evidence: withEvidence([], evidence),
        suppressionKey,
        removed: false,
        ...(spec.buildingBlock && { buildingBlock: true }),
        ...counted,
      });
      draft.raise(stateKeys.alerts, id, at);
      draft.setField(stateKeys.live, suppressionKey, id);
      markDue(id, spec, true);
      return id;
    },

    attach({ id, version, state }, { from, at, evidence }, counted) {
      save(id, version + 1, {
        ...state,
        count: state.count + 1,
        firstSeen: Math.min(state.firstSeen, from),
        lastSeen: Math.max(state.lastSeen, at),
        evidence: withEvidence(state.evidence, evidence),
        ...counted,
      });
      markDue(id, state, false);
    },
  };
}

/** Keeps the first few and the last few. */
function withEvidence(before: readonly AlertEvidence[], more: readonly AlertEvidence[]): readonly AlertEvidence[] {
  const all = [...before, ...more];
  return all.length <= 2 * EVIDENCE_EDGE ? all : [...all.slice(0, EVIDENCE_EDGE), ...all.slice(-EVIDENCE_EDGE)];
}

/** The rule's name, cut so that the alert's name has at most 63 characters, the limit of a label. */
function alertPrefix(rule: string): string {
  return rule.slice(0, 50).replace(/[^a-z0-9]+$/, '');
}
