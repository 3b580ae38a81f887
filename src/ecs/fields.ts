import { addressSet } from './addresses.ts';
import { annotationReader } from './annotations.ts';
import { DERIVED_FIELDS, derivedField } from './derived-fields.ts';
import type { Field, FieldValues } from './field.ts';
import { KUBERNETES_FIELDS, kubernetesField, PREFIX } from './kubernetes-fields.ts';
import { NAMESPACE_LABEL_FIELDS, namespaceLabelField } from './namespace-labels.ts';
import { isNeverSetName } from './never-set.ts';
import { constant, neverSet, row } from './row.ts';
import { textSet, textValue } from './values.ts';
import { compilePath, MAX_SEGMENTS } from './walk.ts';

const decisionOf = annotationReader('authorization.k8s.io/decision');
const imagesOf = compilePath('spec.containers.image');

/**
 * The fields of the Elastic Common Schema that Elastic's Kubernetes integration derives from an audit event.
 * @see https://www.elastic.co/docs/reference/ecs and
 * https://www.elastic.co/docs/reference/integrations/kubernetes/audit-logs
 */
const ECS_FIELDS: readonly Field[] = [
  {
    name: '@timestamp',
    type: 'date',
    doc: 'When the event happened: the time of its stage, else of the request, else of receipt.',
    read: ({ at }) => at,
  },
  {
    name: 'event.ingested',
    type: 'date',
    doc: 'When firstseen received the event.',
    read: ({ receivedAt }) => receivedAt,
  },
  {
    name: 'event.original',
    type: 'keyword',
    doc: 'The whole event as JSON text, without parts that were too large.',
    read: ({ event }) => JSON.stringify(event),
  },
  constant('event.kind', 'event', 'Distinguishes events from alerts.'),
  constant('event.module', 'kubernetes', 'The Elastic integration that collects such events.'),
  constant('event.dataset', 'kubernetes.audit_logs', 'The same as data_stream.dataset.'),
  constant('data_stream.type', 'logs', 'The data stream in Elastic that holds such events.'),
  constant('data_stream.dataset', 'kubernetes.audit_logs', 'The data stream in Elastic that holds such events.'),
  constant('data_stream.namespace', 'default', 'The data stream in Elastic that holds such events.'),
  row('event.action', 'keyword', 'The verb of the request.', (e) => textValue(e.verb)),
  row('event.outcome', 'keyword', '`success` if the request was allowed, `failure` if it was forbidden.', (e) =>
    outcomeOf(decisionOf(e)),
  ),
  row('user.name', 'keyword', 'The user that made the request, never the impersonated one.', (e) =>
    textValue(e.user?.username),
  ),
  row('user.id', 'keyword', 'The UID of the user that made the request.', (e) => textValue(e.user?.uid)),
  row('user_agent.original', 'keyword', 'The user agent that the client claims.', (e) => textValue(e.userAgent)),
  row('source.ip', 'ip', 'The hops of the request; the client can forge all but the last.', (e) =>
    addressSet(e.sourceIPs),
  ),
  row('client.ip', 'ip', 'The same as source.ip.', (e) => addressSet(e.sourceIPs)),
  row('related.ip', 'ip', 'Every address in the event: the same as source.ip.', (e) => addressSet(e.sourceIPs)),
  row('related.user', 'keyword', 'The UID and the name of the user that made the request.', (e) =>
    textSet([e.user?.uid ?? '', e.user?.username ?? '']),
  ),
  constant('orchestrator.type', 'kubernetes', 'The orchestrator of the cluster.'),
  row('orchestrator.api_version', 'keyword', 'The version of the API in use, such as v1.', (e) =>
    textValue(e.objectRef?.apiVersion),
  ),
  row('orchestrator.namespace', 'keyword', 'The namespace of the object.', (e) => textValue(e.objectRef?.namespace)),
  row('orchestrator.resource.type', 'keyword', 'The plural of the resource.', (e) => textValue(e.objectRef?.resource)),
  row('orchestrator.resource.name', 'keyword', 'The name of the object.', (e) => textValue(e.objectRef?.name)),
  row('container.image.name', 'keyword', 'The container images of a Pod in the request.', (e) =>
    imagesOf(e.requestObject),
  ),
];

/**
 * Every field with a row of its own, for reference pages and suggestions. Any other path below `kubernetes.audit.`,
 * `kubernetes.namespace_labels.` and `firstseen.pod.` resolves too.
 */
export const FIELDS: readonly Field[] = [
  ...ECS_FIELDS,
  ...KUBERNETES_FIELDS,
  ...NAMESPACE_LABEL_FIELDS,
  ...DERIVED_FIELDS,
];

const MAX_NAME_LENGTH = 1_024;
const MAX_REMEMBERED = 20_000;
const NEVER_SET = 'Part of the Elastic Common Schema, but never set on a Kubernetes audit event.';

const remembered = new Map(FIELDS.map((field) => [field.name, field]));

/**
 * The field of this name; `undefined` if no field can have it. The same name gives the same Field (only the first
 * 20,000 different names are cached; rules never need that many).
 *
 * Resolves the rows of the table, every path below `kubernetes.audit.`, `kubernetes.namespace_labels.` and
 * `firstseen.pod.`, and names that ECS defines but no audit event has: rules use these, and Elastic loads such rules.
 */
export function resolveField(name: string): Field | undefined {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const field = createField(name);
  if (field !== undefined && remembered.size < MAX_REMEMBERED) remembered.set(name, field);
  return field;
}

function createField(name: string): Field | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const segments = name.split('.');
  if (segments.length > MAX_SEGMENTS || segments.includes('')) return undefined;
  if (name.startsWith(PREFIX)) return kubernetesField(name.slice(PREFIX.length));
  return (
    derivedField(name) ?? namespaceLabelField(name) ?? (isNeverSetName(name) ? neverSet(name, NEVER_SET) : undefined)
  );
}

function outcomeOf(decision: string | undefined): FieldValues {
  if (decision === 'allow') return 'success';
  return decision === 'forbid' ? 'failure' : undefined;
}
