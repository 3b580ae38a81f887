import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createNamespaceWatch, type NamespaceWatch } from '../kubernetes/namespace-watch.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How long the start waits for the namespaces. */
const FIRST_LIST_MS = 10_000;

/**
 * Follows the labels of namespaces. Resolves when they are known, or after a warning that they are not: until then
 * events are evaluated without them. Undefined if no rule needs them.
 */
export async function followNamespaces(
  { kubernetes: { localCluster, namespaceLabels } }: Config,
  client: KubernetesClient | undefined,
  logger: Logger,
): Promise<NamespaceWatch | undefined> {
  if (client === undefined || localCluster === '' || !namespaceLabels.enabled) return undefined;
  const watch = createNamespaceWatch({ client, logger }, localCluster);
  watch.start();
  const late = new AbortController();
  const timeout = sleep(FIRST_LIST_MS, 'held' as const, { signal: late.signal }).catch(() => 'held' as const);
  const outcome = await Promise.race([watch.answered, timeout]);
  late.abort();
  if (outcome === 'held') logger.warn('namespace labels are not loaded yet: rules do not see them');
  return watch;
}
