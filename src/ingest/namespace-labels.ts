import type { DecodedEvent } from '../audit/event.ts';

/** What the namespaces of the monitored clusters are labelled with, as far as that is known. */
export interface NamespaceLabels {
  of(cluster: string, namespace: string): Readonly<Record<string, string>> | undefined;
}

/** The events with the labels of the namespaces of their objects. */
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
