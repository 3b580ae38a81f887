import type { Field } from './field.ts';
import { spelledReader } from './spelled-name.ts';

/**
 * The prefix that Elastic's agents use.
 * @see https://www.elastic.co/docs/reference/beats/filebeat/exported-fields-kubernetes-processor
 */
const PREFIX = 'kubernetes.namespace_labels.';

/** Rows for labels that every cluster has. Any other name below the prefix is a label too. */
export const NAMESPACE_LABEL_FIELDS: readonly Field[] = [
  label('kubernetes_io/metadata_name', 'The name of the namespace, as a label.'),
  label('pod-security_kubernetes_io/enforce', 'The Pod Security level that the namespace enforces.'),
];

/** The field of a name below the prefix. */
export function namespaceLabelField(name: string): Field | undefined {
  return isNamespaceLabel(name) ? label(name.slice(PREFIX.length), 'A label of the namespace.') : undefined;
}

/** True if the field is read from the cluster's namespace and not from the event. */
export function isNamespaceLabel(name: string): boolean {
  return name.startsWith(PREFIX);
}

function label(name: string, what: string): Field {
  const read = spelledReader(name);
  return {
    name: PREFIX + name,
    type: 'keyword',
    doc: `${what} Known only for the cluster that firstseen writes to; absent for other clusters, in a replay and in rule tests.`,
    read: ({ namespaceLabels }) => read(namespaceLabels),
  };
}
