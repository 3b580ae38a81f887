import { randomUUID } from 'node:crypto';
import type { Store } from '../alerts/store.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { HOUR } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';

/** A request by which firstseen changes a rule. */
export interface OwnChange {
  readonly verb: 'patch' | 'delete';
  /** Name of the DetectionRule. */
  readonly name: string;
}

export interface OwnChangesDeps {
  readonly store: Pick<Store, 'update'>;
  /** Our user name at the API server. */
  readonly username: string;
  /** The partition that replicas share: that of the cluster they run in. */
  readonly cluster: string;
  /** Integer microseconds since the epoch. */
  readonly now: () => number;
}

/** Recognises changes of rules by firstseen itself, so that they raise no tamper alerts. */
export interface OwnChanges {
  /**
   * Announces changes to all replicas before they are made.
   * @returns the Audit-ID to use for each change, in the same order
   * @throws OperationalError if the store is unavailable
   */
  announce(changes: readonly OwnChange[]): Promise<readonly string[]>;
  /**
   * Which of these events are announced changes.
   * @throws OperationalError if the store is unavailable: the batch comes again
   */
  ours(events: readonly DecodedEvent[]): Promise<ReadonlySet<DecodedEvent>>;
}

/** How long an announcement is kept: far longer than the API server retries an event. */
const KEPT = HOUR;
const MICROS_PER_MS = 1_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The API server takes the Audit-ID of a request from a header, and the audit event has it too: kubernetes,
 * `staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit_init.go`. So a random number identifies an announced
 * change. The account alone is not enough: its token may be stolen, and a thief would change rules.
 */
export function createOwnChanges({ store, username, cluster, now }: OwnChangesDeps): OwnChanges {
  const key = stateKeys.changes;

  /** The announcement that would fit an event. */
  function noted({ user, verb, objectRef, auditID = '' }: AuditEvent): string | undefined {
    const { apiGroup, resource, subresource, name = '' } = objectRef ?? {};
    if (user?.username !== username || apiGroup !== 'firstseen.dev' || resource !== 'detectionrules') return undefined;
    if (subresource !== undefined || (verb !== 'patch' && verb !== 'delete') || !UUID.test(auditID)) return undefined;
    return entryOf({ verb, name }, auditID);
  }

  return {
    async announce(changes) {
      const entries = changes.map((change) => ({ change, id: randomUUID() as string }));
      if (entries.length === 0) return [];
      const at = now();
      const members = entries.map(({ change, id }) => ({ member: entryOf(change, id), score: at }));
      await store.update(cluster, [], () => ({
        kind: 'commit',
        writes: [
          { kind: 'pruneScores', key, below: at - KEPT },
          { kind: 'setScores', key, mode: 'set', entries: members, keepMs: KEPT / MICROS_PER_MS },
        ],
        result: undefined,
      }));
      return entries.map(({ id }) => id);
    },

    async ours(events) {
      const candidates = events.flatMap((event) => {
        const member = noted(event.event);
        return member === undefined ? [] : [{ event, member }];
      });
      if (candidates.length === 0) return new Set();
      const members = candidates.map(({ member }) => member);
      return store.update(cluster, [{ kind: 'scores', key, members }], ([read]) => ({
        kind: 'commit',
        writes: [],
        result: new Set(
          candidates.flatMap(({ event }, index) =>
            read?.kind === 'scores' && read.scores[index] !== undefined ? [event] : [],
          ),
        ),
      }));
    },
  };
}

function entryOf({ verb, name }: OwnChange, id: string): string {
  return `${id} ${verb} ${name}`;
}
