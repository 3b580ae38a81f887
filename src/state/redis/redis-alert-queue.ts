import { alertFields, parseAlert, parseCount, UNREADABLE } from '../../alerts/alert-record.ts';
import type { AlertQueue, Claim } from '../../alerts/queue.ts';
import { stateKeys } from '../../rules/state-keys.ts';
import type { RedisConnection } from './connection.ts';
import type { ClusterKeys } from './keys.ts';
import { SCHEMA, type SchemaGuard } from './schema.ts';
import type { Scripts } from './scripts.ts';

/**
 * The due queues, with one script for each operation. They do not change `tok`, so a delivery never makes a commit run
 * again: they only change data of the queue (entries, dead letters, delivered versions), and never add an entry, so
 * that a step that reads "not due" can rely on it.
 */
export function createRedisAlertQueue(
  connection: RedisConnection,
  scripts: Scripts,
  keysOf: (cluster: string) => ClusterKeys,
  schemas: SchemaGuard,
): AlertQueue {
  async function bury(cluster: string, sink: string, alertId: string, reason: string): Promise<void> {
    const keys = entryKeys(keysOf(cluster), sink, alertId);
    await scripts.run('bury', keys, [alertId, JSON.stringify(reason), alertFields.failures(sink)]);
  }

  return {
    async claim(cluster, sink, limit, leaseMs) {
      const keys = keysOf(cluster);
      const { spec, state, version, delivered, failures } = alertFields;
      const fields = [spec, state, version, delivered(sink), failures(sink)];
      const args = [limit, Math.max(1, leaseMs), keys.of(stateKeys.alert('')), SCHEMA, ...fields];
      const [answer] = await scripts.run('claim', [keys.of(stateKeys.due(sink)), keys.tok], args);
      if (typeof answer === 'number') schemas.check(cluster, answer);
      const claims: Claim[] = [];
      for (const { id, claim } of claimsOf(cluster, answer)) {
        if (claim === undefined) await bury(cluster, sink, id, UNREADABLE);
        else claims.push(claim);
      }
      return claims;
    },
    async done(cluster, sink, alertId, version, coalesceMs) {
      const { version: current, delivered, failures } = alertFields;
      const args = [alertId, version, coalesceMs, current, delivered(sink), failures(sink)];
      await scripts.run('done', entryKeys(keysOf(cluster), sink, alertId), args);
    },
    async retry(cluster, sink, alertId, delayMs) {
      const [due, alert] = entryKeys(keysOf(cluster), sink, alertId);
      await scripts.run('retry', [due, alert], [alertId, delayMs, alertFields.failures(sink)]);
    },
    bury,
    async depth(cluster, sink) {
      const keys = keysOf(cluster);
      const due = keys.of(stateKeys.due(sink));
      const [time, size, first, dead] = await connection.exec([
        ['time'],
        ['zcard', due],
        ['zrange', due, 0, 0, 'WITHSCORES'],
        ['hlen', keys.of(stateKeys.dead(sink))],
      ]);
      const [seconds, micros] = texts(time);
      const now = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
      const at = texts(first)[1];
      const oldestMs = at === undefined ? 0 : Math.max(0, now - Number(at));
      return { due: Number(size), oldestMs, dead: Number(dead) };
    },
  };
}

function entryKeys(keys: ClusterKeys, sink: string, alertId: string): [due: string, alert: string, dead: string] {
  return [keys.of(stateKeys.due(sink)), keys.of(stateKeys.alert(alertId)), keys.of(stateKeys.dead(sink))];
}

/** The result of claim.lua; a claim is undefined if its record does not parse. */
function claimsOf(
  cluster: string,
  answer: unknown,
): readonly { readonly id: string; readonly claim: Claim | undefined }[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((row) => {
    const [id = '', spec = '', state = '', version = '', delivered, failures] = texts(row);
    const alert = parseAlert(id, cluster, { spec, state, version });
    if (alert === undefined) return { id, claim: undefined };
    return { id, claim: { alert, delivered: parseCount(delivered), failures: parseCount(failures) ?? 0 } };
  });
}

function texts(answer: unknown): readonly (string | undefined)[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((item) => (item === null || item === undefined ? undefined : String(item)));
}
