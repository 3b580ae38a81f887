import { alertFields, deadLetter, parseAlert, parseCount, UNREADABLE } from '../../alerts/alert-record.ts';
import type { AlertQueue, Claim } from '../../alerts/queue.ts';
import { stateKeys } from '../../rules/state-keys.ts';
import type { Collections } from './collections.ts';

/**
 * The due queues, in the same collections as all other state.
 * @param transaction runs its argument as one transaction
 * @param now the store's clock, in milliseconds
 */
export function createSqliteAlertQueue(
  collections: Collections,
  transaction: <T>(body: () => T) => Promise<T>,
  now: () => number,
): AlertQueue {
  function fieldsOf(cluster: string, key: string, fields: readonly string[]): readonly (string | undefined)[] {
    const result = collections.read(cluster, { kind: 'fields', key, fields });
    return result.kind === 'fields' ? result.values : [];
  }

  function versionOf(cluster: string, alertId: string): string | undefined {
    return fieldsOf(cluster, stateKeys.alert(alertId), [alertFields.version])[0];
  }

  function isDue(cluster: string, sink: string, alertId: string): boolean {
    const result = collections.read(cluster, { kind: 'scores', key: stateKeys.due(sink), members: [alertId] });
    return result.kind === 'scores' && result.scores[0] !== undefined;
  }

  function dueAt(cluster: string, sink: string, alertId: string, at: number): void {
    const entries = [{ member: alertId, score: at }];
    collections.write(cluster, { kind: 'setScores', key: stateKeys.due(sink), mode: 'set', entries });
  }

  function drop(cluster: string, sink: string, alertId: string): void {
    collections.write(cluster, { kind: 'removeScores', key: stateKeys.due(sink), members: [alertId] });
  }

  function burial(cluster: string, sink: string, alertId: string, reason: string): void {
    const key = stateKeys.alert(alertId);
    drop(cluster, sink, alertId);
    collections.write(cluster, { kind: 'removeFields', key, fields: [alertFields.failures(sink)] });
    const fields = { [alertId]: deadLetter(reason, now()) };
    collections.write(cluster, { kind: 'setFields', key: stateKeys.dead(sink), mode: 'set', fields });
  }

  /** The alert of an entry. Drops an entry without an alert, and buries one whose record does not parse. */
  function claimOne(cluster: string, sink: string, alertId: string): Claim | undefined {
    const { spec, state, version, delivered, failures } = alertFields;
    const [specText, stateText, versionText, deliveredText, failuresText] = fieldsOf(
      cluster,
      stateKeys.alert(alertId),
      [spec, state, version, delivered(sink), failures(sink)],
    );
    if (specText === undefined || stateText === undefined || versionText === undefined) {
      drop(cluster, sink, alertId);
      return undefined;
    }
    const alert = parseAlert(alertId, cluster, { spec: specText, state: stateText, version: versionText });
    if (alert === undefined) {
      burial(cluster, sink, alertId, UNREADABLE);
      return undefined;
    }
    return { alert, delivered: parseCount(deliveredText), failures: parseCount(failuresText) ?? 0 };
  }

  return {
    claim(cluster, sink, limit, leaseMs) {
      return transaction(() => {
        const claims: Claim[] = [];
        while (claims.length < limit) {
          const first = collections.read(cluster, {
            kind: 'oldest',
            key: stateKeys.due(sink),
            limit: limit - claims.length,
          });
          const due = first.kind === 'oldest' ? first.entries.filter(({ score }) => score <= now()) : [];
          if (due.length === 0) break;
          for (const { member } of due) {
            const claim = claimOne(cluster, sink, member);
            if (claim === undefined) continue;
            dueAt(cluster, sink, member, now() + Math.max(1, leaseMs));
            claims.push(claim);
          }
        }
        return claims;
      });
    },
    done(cluster, sink, alertId, version, coalesceMs) {
      return transaction(() => {
        const current = parseCount(versionOf(cluster, alertId));
        if (current === undefined) return drop(cluster, sink, alertId);
        const key = stateKeys.alert(alertId);
        const field = alertFields.delivered(sink);
        // A delivery that outlived its lease may report after a later one: the delivered version never goes back.
        const before = parseCount(fieldsOf(cluster, key, [field])[0]) ?? -1;
        const fields = { [field]: String(Math.max(before, version)) };
        collections.write(cluster, { kind: 'setFields', key, mode: 'set', fields });
        collections.write(cluster, { kind: 'removeFields', key, fields: [alertFields.failures(sink)] });
        collections.write(cluster, { kind: 'removeFields', key: stateKeys.dead(sink), fields: [alertId] });
        if (current === version) drop(cluster, sink, alertId);
        else if (isDue(cluster, sink, alertId)) dueAt(cluster, sink, alertId, now() + coalesceMs);
      });
    },
    retry(cluster, sink, alertId, delayMs) {
      return transaction(() => {
        if (!isDue(cluster, sink, alertId)) return;
        if (versionOf(cluster, alertId) === undefined) return drop(cluster, sink, alertId);
        const key = stateKeys.alert(alertId);
        collections.write(cluster, { kind: 'addToField', key, field: alertFields.failures(sink), by: 1 });
        dueAt(cluster, sink, alertId, now() + delayMs);
      });
    },
    bury(cluster, sink, alertId, reason) {
      return transaction(() => {
        if (isDue(cluster, sink, alertId)) burial(cluster, sink, alertId, reason);
      });
    },
    depth(cluster, sink) {
      return transaction(() => {
        const size = collections.read(cluster, { kind: 'size', key: stateKeys.due(sink) });
        const first = collections.read(cluster, { kind: 'oldest', key: stateKeys.due(sink), limit: 1 });
        const at = first.kind === 'oldest' ? first.entries[0]?.score : undefined;
        return {
          due: size.kind === 'size' ? size.size : 0,
          oldestMs: at === undefined ? 0 : Math.max(0, now() - at),
          dead: collections.countFields(cluster, stateKeys.dead(sink)),
        };
      });
    },
  };
}
