import type { Field } from './field.ts';
import { spelledReader } from './spelled-name.ts';

/** As Elastic's agents name them. @see https://www.elastic.co/docs/reference/beats/filebeat/exported-fields-kubernetes-processor */
const PREFIX = 'kubernetes.namespace_labels.';

/** The rows for labels that every cluster knows. Any other name below the prefix is a label, too. */
export const NAMESPACE_LABEL_FIELDS: readonly Field[] = [
  label('kubernetes_io/metadata_name', 'The name of the namespace of the object, as a label.'),
  label(
    'pod-security_kubernetes_io/enforce',
    'The Pod Security level that is enforced in the namespace of the object.',
  ),
];

/** The field of a name below the prefix. */
export function namespaceLabelField(name: string): Field | undefined {
  return isNamespaceLabel(name)
    ? label(name.slice(PREFIX.length), 'A label of the namespace of the object.')
    : undefined;
}

/** True if the field is read from what the cluster says of the event's namespace, and not from the event. */
export function isNamespaceLabel(name: string): boolean {
  return name.startsWith(PREFIX);
}

function label(name: string, what: string): Field {
  const read = spelledReader(name);
  return {
    name: PREFIX + name,
    type: 'keyword',
    doc: `${what} Of the cluster that firstseen writes to; absent where it is not known: in other clusters, in a replay, in a rule's tests.`,
    read: ({ namespaceLabels }) => read(namespaceLabels),
  };
}
