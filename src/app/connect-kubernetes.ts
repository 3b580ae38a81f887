import type { Store } from '../alerts/store.ts';
import type { Config } from '../config/schema.ts';
import { createOwnChanges, type OwnChanges } from '../ingest/own-changes.ts';
import type { OwnIdentity } from '../ingest/own-writes.ts';
import { createKubernetesClient, type KubernetesClient } from '../kubernetes/client.ts';
import { readOwnIdentity } from '../kubernetes/own-identity.ts';
import type { Logger } from '../telemetry/logger.ts';
import { nowMicros } from './now-micros.ts';
import type { Undo } from './unwind.ts';

export interface KubernetesDeps {
  readonly logger: Logger;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
}

export interface Kubernetes {
  /** Undefined if no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  /** firstseen's own identity at the API server, if the credential tells it. */
  readonly identity: OwnIdentity | undefined;
  /** firstseen's own changes, if this API server sends its audit events here. */
  readonly changes: OwnChanges | undefined;
}

/** Connects to the Kubernetes API and determines firstseen's identity there. */
export async function connectKubernetes(
  { kubernetes: options }: Config,
  { logger, version, env, store }: KubernetesDeps,
  undo: Undo[],
): Promise<Kubernetes> {
  if (!options.enabled) return { client: undefined, identity: undefined, changes: undefined };
  const access = { ...options, env };
  const client = await createKubernetesClient({ ...access, version });
  undo.push(() => client.close());
  const identity = await readOwnIdentity(access);
  const { localCluster: cluster } = options;
  if (identity === undefined || cluster === '') {
    logger.warn('changes to firstseen raise no alert: its own changes need a service account to be recognised');
    return { client, identity, changes: undefined };
  }
  const changes = createOwnChanges({ store, username: identity.username, cluster, now: nowMicros });
  return { client, identity, changes };
}
