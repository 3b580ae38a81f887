import type { Store } from '../alerts/store.ts';
import type { Config } from '../config/schema.ts';
import { createHeartbeat, type Heartbeat } from '../ingest/heartbeat.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Kubernetes } from './connect-kubernetes.ts';
import { nowMicros } from './now-micros.ts';

export interface HeartbeatOfDeps extends Pick<Kubernetes, 'client' | 'identity'> {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The heartbeat, if it is enabled. @throws Error if firstseen could not tell its own request from others */
export function heartbeatOf(
  { heartbeat, kubernetes }: Config,
  { client, identity, ...deps }: HeartbeatOfDeps,
): Heartbeat | undefined {
  if (!heartbeat.enabled) return undefined;
  if (client === undefined || identity === undefined) {
    throw new Error(
      'heartbeat.enabled: expected the credential of a service account, because firstseen recognises the heartbeat by its name; ' +
        'found another credential: set a kubeconfig with a service account token, or turn the heartbeat off',
    );
  }
  const cluster = kubernetes.localCluster;
  return createHeartbeat({ ...deps, own: identity, get: client.statusOf, cluster, now: nowMicros });
}
