import { alertFields } from '../alerts/alert-record.ts';
import type { Job } from '../alerts/job.ts';
import type { AlertLifecycle } from '../alerts/lifecycle.ts';
import { readAlerts } from '../alerts/records.ts';
import type { Store } from '../alerts/store.ts';
import type { AlertPhase } from '../detect/alert.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { Logger } from '../telemetry/logger.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { alertStatus } from './alert-resource.ts';
import { createAlertWatch } from './alert-watch.ts';
import type { KubernetesClient } from './client.ts';
import { statusDigest } from './status-digest.ts';

/** The sink that creates the resource and writes its status. */
const SINK = 'alert';
/** Set once the sink has created the resource. */
const DELIVERED = alertFields.delivered(SINK);
/** How long to wait after a status write before comparing it with the store, in milliseconds. */
const SETTLE_MS = 1_000;

export interface AlertSyncDeps {
  readonly client: KubernetesClient;
  readonly store: Store;
  readonly lifecycle: AlertLifecycle;
  readonly logger: Logger;
}

/**
 * Carries users' changes of Alert resources (phase and deletion) into the store, for every monitored cluster. Any other
 * part of a status that differs from the store is written again: the store is the truth. Names of alerts are unique
 * across clusters, and a cluster without an alert of that name is not changed.
 */
export function createAlertSync({ client, store, lifecycle, logger }: AlertSyncDeps, clusters: readonly string[]): Job {
  /** Alerts that existed in the API before a list began: if the list lacks one, it was deleted. */
  let existing: { readonly cluster: string; readonly id: string }[] = [];

  async function forEachCluster(change: (cluster: string) => Promise<void>): Promise<void> {
    for (const cluster of clusters) await change(cluster);
  }

  const setPhase = (id: string, phase: AlertPhase) =>
    forEachCluster((cluster) => lifecycle.setPhase(cluster, id, phase));

  const restore = (cluster: string, id: string, digest: string) =>
    lifecycle.restore(cluster, id, SINK, (state) => statusDigest(alertStatus(state)) === digest);

  /** The latest digest of statuses that were written within the last second, by alert. */
  const written = new Map<string, string>();
  let settling: NodeJS.Timeout | undefined;

  /** Watch events come late, and a later write may already have corrected a status: only the latest digest counts. */
  async function restoreWritten(): Promise<void> {
    settling = undefined;
    for (const [id, digest] of [...written]) {
      written.delete(id);
      try {
        await forEachCluster((cluster) => restore(cluster, id, digest));
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error;
        if (!written.has(id)) note(id, digest);
      }
    }
  }

  function note(id: string, digest: string): void {
    written.set(id, digest);
    settling ??= setTimeout(() => void restoreWritten(), SETTLE_MS);
  }

  const watch = createAlertWatch({
    client,
    logger,
    handlers: {
      async beforeList() {
        existing = [];
        await forEachCluster(async (cluster) => {
          existing.push(...(await deliveredAlerts(store, cluster)).map((id) => ({ cluster, id })));
        });
      },
      async onList(alerts) {
        for (const [id, { phase }] of alerts) await setPhase(id, phase);
        for (const { cluster, id } of existing) {
          const live = alerts.get(id);
          if (live === undefined) await lifecycle.end(cluster, id);
          else await restore(cluster, id, live.digest);
        }
      },
      onPhase: setPhase,
      onStatus: note,
      onDeleted: (id) => forEachCluster((cluster) => lifecycle.end(cluster, id)),
    },
  });
  return {
    start: () => watch.start(),
    async stop() {
      await watch.stop();
      clearTimeout(settling);
    },
  };
}

/** Alerts whose resource has been created. */
async function deliveredAlerts(store: Store, cluster: string): Promise<readonly string[]> {
  const ids = (await readAlerts(store, cluster)).map(({ id }) => id);
  const reads = ids.map((id) => ({ kind: 'fields', key: stateKeys.alert(id), fields: [DELIVERED] }) as const);
  if (reads.length === 0) return [];
  return store.update(cluster, reads, (results) => ({
    kind: 'commit',
    writes: [],
    result: ids.filter((_id, i) => {
      const read = results[i];
      return read?.kind === 'fields' && read.values[0] !== undefined;
    }),
  }));
}
