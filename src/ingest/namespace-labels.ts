import type { DecodedEvent } from '../audit/event.ts';

/** Labels of the namespaces of the monitored clusters, as far as they are known. */
export interface NamespaceLabels {
  of(cluster: string, namespace: string): Readonly<Record<string, string>> | undefined;
}

/** Adds to the events the labels of their objects' namespaces. */
export function withNamespaceLabels(
  labels: NamespaceLabels,
  cluster: string,
  events: readonly DecodedEvent[],
): readonly DecodedEvent[] {
  return events.map((decoded) => {
    const namespace = decoded.event.objectRef?.namespace;
    const namespaceLabels = namespace ? labels.of(cluster, namespace) : undefined;
    return namespaceLabels === undefined ? decoded : { ...decoded, namespaceLabels };
  });
}
