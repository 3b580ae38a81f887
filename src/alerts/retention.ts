import type { AlertRecord } from '../detect/alert.ts';
import { SEVERITIES } from '../rules/document.ts';
import type { StateRead } from '../rules/state.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { AlertLifecycle } from './lifecycle.ts';
import { readAlerts } from './records.ts';
import type { Store } from './store.ts';

/** How many alerts of a cluster to keep, and for how long. */
export interface RetentionPolicy {
  /** Since the last sighting, in microseconds. */
  readonly maxAgeMicros: number;
  readonly maxAlerts: number;
  readonly maxAlertsPerRule: number;
}

/**
 * The alerts to drop: those that are too old; then, while there are too many, in this order: building blocks, closed
 * ones, those of the rule with most alerts, lowest severity, oldest sighting. Pure.
 * @param held ids that must stay, because a sink has yet to deliver them
 * @param now in microseconds since the epoch
 */
export function chooseDropped(
  alerts: readonly AlertRecord[],
  held: ReadonlySet<string>,
  policy: RetentionPolicy,
  now: number,
): readonly AlertRecord[] {
  const candidates = alerts.filter(({ id, state }) => !state.removed && !held.has(id));
  const dropped = new Set(candidates.filter(({ state }) => state.lastSeen < now - policy.maxAgeMicros));
  const counted = new Map<string, number>();
  for (const alert of alerts) {
    if (!dropped.has(alert) && !alert.state.removed) {
      counted.set(alert.spec.rule.name, (counted.get(alert.spec.rule.name) ?? 0) + 1);
    }
  }
  let total = [...counted.values()].reduce((sum, n) => sum + n, 0);
  const noise = new Map(counted);
  const order = candidates
    .filter((alert) => !dropped.has(alert))
    .sort(
      (a, b) =>
        Number(b.spec.buildingBlock === true) - Number(a.spec.buildingBlock === true) ||
        Number(b.state.phase === 'Closed') - Number(a.state.phase === 'Closed') ||
        (noise.get(b.spec.rule.name) ?? 0) - (noise.get(a.spec.rule.name) ?? 0) ||
        SEVERITIES.indexOf(a.spec.severity) - SEVERITIES.indexOf(b.spec.severity) ||
        a.state.lastSeen - b.state.lastSeen,
    );
  for (const alert of order) {
    const ofRule = counted.get(alert.spec.rule.name) ?? 0;
    if (total <= policy.maxAlerts && ofRule <= policy.maxAlertsPerRule) continue;
    dropped.add(alert);
    counted.set(alert.spec.rule.name, ofRule - 1);
    total -= 1;
  }
  return [...dropped];
}

/**
 * Drops alerts of one cluster by the policy. A sink with copies removes its copy first, and then the record goes;
 * without such a sink the record goes at once.
 * @param sinks every sink, and whether it holds copies
 * @returns the number of dropped alerts
 */
export async function applyRetention(
  store: Store,
  lifecycle: AlertLifecycle,
  cluster: string,
  sinks: readonly { readonly name: string; readonly removes: boolean }[],
  policy: RetentionPolicy,
  now: number,
): Promise<number> {
  const alerts = await readAlerts(store, cluster);
  const held = await stillDue(
    store,
    cluster,
    alerts.map(({ id }) => id),
    sinks.map(({ name }) => name),
  );
  const dropped = chooseDropped(alerts, held, policy, now);
  const holders = sinks.filter(({ removes }) => removes).map(({ name }) => name);
  // Retries a removal that was given up.
  const stuck = alerts.filter(({ id, state }) => state.removed && !held.has(id));
  for (const { id, spec } of [...dropped, ...stuck]) {
    // No sink with copies received an alert of a building block.
    if (holders.length === 0 || spec.buildingBlock) await lifecycle.end(cluster, id);
    else await lifecycle.remove(cluster, id, holders);
  }
  return dropped.length;
}

async function stillDue(store: Store, cluster: string, ids: string[], sinks: string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const reads = sinks.map((sink): StateRead => ({ kind: 'scores', key: stateKeys.due(sink), members: ids }));
  return store.update(cluster, reads, (results) => {
    const due = ids.filter((_id, i) => results.some((read) => read.kind === 'scores' && read.scores[i] !== undefined));
    return { kind: 'commit', writes: [], result: new Set(due) };
  });
}
