import type { AuditEvent, AuditUser } from '../audit/event.ts';
import { parseTimestamp } from '../audit/timestamp.ts';
import { annotationReader } from './annotations.ts';
import { isEventPath } from './event-paths.ts';
import type { Field, FieldType, FieldValues } from './field.ts';
import { constant, neverSet, row } from './row.ts';
import { fieldNameOf } from './spelled-name.ts';
import { PRESENT, textSet, textValue } from './values.ts';
import { compilePath, hasContent } from './walk.ts';

/** Where the raw event stands in the document. */
export const PREFIX = 'kubernetes.audit.';
const BODIES = ['requestObject', 'responseObject'] as const;

const REMOVED = "Removed as in Elastic's documents: labels, owners and managed fields of an object are never readable.";

/**
 * The rows for the raw event, as Elastic's Kubernetes integration names them: `kubernetes.audit.` and the path in the event.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event` for what the fields mean
 */
export const KUBERNETES_FIELDS: readonly Field[] = [
  constant(`${PREFIX}kind`, 'Event', 'The API server leaves it out of the items that it sends.'),
  constant(`${PREFIX}apiVersion`, 'audit.k8s.io/v1', 'The API server leaves it out of the items that it sends.'),
  text(
    'level',
    'How much the audit policy records of the request: Metadata, Request or RequestResponse.',
    (e) => e.level,
  ),
  text('auditID', 'The ID of the request. Clients can choose it, so it proves nothing.', (e) => e.auditID),
  text(
    'stage',
    'RequestReceived, ResponseStarted, ResponseComplete or Panic. A 401 is seen at ResponseStarted only.',
    (e) => e.stage,
  ),
  text('requestURI', 'The path and query as the client sent them; of any length.', (e) => e.requestURI),
  text(
    'verb',
    'get, list, watch, create, update, patch, delete, deletecollection; the HTTP method elsewhere.',
    (e) => e.verb,
  ),
  ...user('user', 'Who made the request', (e) => e.user),
  ...user('impersonatedUser', 'As whom the request was made', (e) => e.impersonatedUser),
  text(
    'authenticationMetadata.impersonationConstraint',
    'Which kind of constrained impersonation allowed the request (Kubernetes 1.36 and later).',
    (e) => e.authenticationMetadata?.impersonationConstraint,
  ),
  row(`${PREFIX}sourceIPs`, 'keyword', 'The hops of the request; all but the last are what the client claims.', (e) =>
    textSet(e.sourceIPs),
  ),
  text('userAgent', 'What the client calls itself, its own choice.', (e) => e.userAgent),
  text('objectRef.resource', 'The plural of the resource, such as pods.', (e) => e.objectRef?.resource),
  text(
    'objectRef.namespace',
    'The namespace of the object; absent if it is cluster-scoped.',
    (e) => e.objectRef?.namespace,
  ),
  text(
    'objectRef.name',
    'The name of the object; absent on list, and on create with generateName.',
    (e) => e.objectRef?.name,
  ),
  text('objectRef.uid', 'The UID of the object; mostly absent below level Request.', (e) => e.objectRef?.uid),
  text('objectRef.apiGroup', 'The API group; absent for the core group.', (e) => e.objectRef?.apiGroup),
  text('objectRef.apiVersion', 'The version within the API group, such as v1.', (e) => e.objectRef?.apiVersion),
  text(
    'objectRef.resourceVersion',
    'The resource version that the request names.',
    (e) => e.objectRef?.resourceVersion,
  ),
  text('objectRef.subresource', 'The subresource, such as exec, status or token.', (e) => e.objectRef?.subresource),
  text('responseStatus.status', 'Success or Failure; mostly absent on success.', (e) => e.responseStatus?.status),
  text('responseStatus.message', 'What the API server told the client.', (e) => e.responseStatus?.message),
  text(
    'responseStatus.reason',
    'One word for the failure, such as Forbidden or AlreadyExists.',
    (e) => e.responseStatus?.reason,
  ),
  row(`${PREFIX}responseStatus.code`, 'integer', 'The HTTP status code.', (e) => e.responseStatus?.code),
  time('requestReceivedTimestamp', 'When the request reached the API server.', (e) => e.requestReceivedTimestamp),
  time('stageTimestamp', 'When the request reached this stage.', (e) => e.stageTimestamp),
  annotation('authorization.k8s.io/decision', 'allow or forbid; absent if the request was not authenticated.'),
  annotation('authorization.k8s.io/reason', 'Why the authorizer decided so, with the binding and the role.'),
  annotation('authentication.k8s.io/stale-token', 'A service account token was used that should have been renewed.'),
  annotation('authentication.k8s.io/legacy-token', 'A service account token from a Secret was used.'),
  annotation('authentication.k8s.io/legacy-token-invalidated', 'A token from a Secret was used that is invalidated.'),
  annotation('authentication.kubernetes.io/issued-credential-id', 'The ID of the token that the request created.'),
  annotation('pod-security.kubernetes.io/enforce-policy', 'The Pod Security level that was enforced.'),
  annotation('pod-security.kubernetes.io/audit-violations', 'How the Pod violates the audited Pod Security level.'),
  annotation('pod-security.kubernetes.io/exempt', 'Why the Pod is exempt from Pod Security.'),
  annotation('k8s.io/deprecated', '`true` if the request used a deprecated API version.'),
  annotation('audit.k8s.io/truncated', '`true` if the API server removed the bodies because the event was too large.'),
  body('requestObject.spec.hostPID', 'boolean', "Whether a Pod shares the node's process namespace."),
  body('requestObject.spec.hostIPC', 'boolean', "Whether a Pod shares the node's IPC namespace."),
  body('requestObject.spec.hostNetwork', 'boolean', "Whether a Pod shares the node's network."),
  body('requestObject.spec.serviceAccountName', 'keyword', 'The service account that a Pod runs as.'),
  body('requestObject.spec.type', 'keyword', 'The type of a Service, such as NodePort.'),
  body('requestObject.spec.containers.image', 'keyword', 'The images of the containers of a Pod.'),
  body('requestObject.spec.containers.securityContext.privileged', 'boolean', 'Whether a container is privileged.'),
  body(
    'requestObject.spec.containers.securityContext.allowPrivilegeEscalation',
    'boolean',
    'As the container says it.',
  ),
  body('requestObject.spec.containers.securityContext.capabilities.add', 'keyword', 'The Linux capabilities added.'),
  body('requestObject.spec.volumes.hostPath.path', 'keyword', 'The paths on the node that a Pod mounts.'),
  body(
    'requestObject.rules.verbs',
    'keyword',
    'The verbs that a role written by the request grants, all rules together.',
  ),
  body('requestObject.rules.resources', 'keyword', 'The resources that a role written by the request grants.'),
  body('responseObject.rules.verbs', 'keyword', 'The verbs that the role in the answer grants, all rules together.'),
  body('responseObject.rules.resources', 'keyword', 'The resources that the role in the answer grants.'),
  body('requestObject.roleRef.name', 'keyword', 'The role that a binding grants.'),
  body('requestObject.roleRef.kind', 'keyword', 'Role or ClusterRole.'),
  body('requestObject.subjects.name', 'keyword', 'Whom a binding grants a role.'),
  body('requestObject.subjects.kind', 'keyword', 'User, Group or ServiceAccount.'),
  body(
    'requestObject',
    'keyword',
    'What the client sent, if the policy records it; a PATCH as it was sent. Exists, has no value.',
  ),
  body('responseObject', 'keyword', 'What the API server answered, if the policy records it. Exists, has no value.'),
  ...BODIES.map((name) => neverSet(`${PREFIX}${name}.metadata`, REMOVED)),
];

/**
 * The field for any other path in the event, `path` being what follows `kubernetes.audit.`. What the Event's type does
 * not have is never set; what its bodies do not hold is absent.
 */
export function kubernetesField(path: string): Field {
  const name = PREFIX + path;
  const rest = (prefix: string): string | undefined =>
    path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
  const annotationName = rest('annotations.');
  if (annotationName !== undefined) return annotation(annotationName, 'An annotation of the event.', name);
  const userExtra = rest('user.extra.');
  if (userExtra !== undefined) return extra(name, userExtra, (e) => e.user);
  const impersonatedExtra = rest('impersonatedUser.extra.');
  if (impersonatedExtra !== undefined) return extra(name, impersonatedExtra, (e) => e.impersonatedUser);
  if (BODIES.some((of) => path === `${of}.metadata` || path.startsWith(`${of}.metadata.`)))
    return neverSet(name, REMOVED);
  if (BODIES.some((of) => path.startsWith(`${of}.`)))
    return body(path, 'keyword', 'A path in the body of the request or the answer.');
  if (!isEventPath(path)) return neverSet(name, 'No audit event has such a field.');
  return row(name, 'keyword', 'A path in the audit event.', compilePath(path));
}

function text(path: string, doc: string, read: (event: AuditEvent) => string | undefined): Field {
  return row(PREFIX + path, 'keyword', doc, (event) => textValue(read(event)));
}

function time(path: string, doc: string, read: (event: AuditEvent) => string | undefined): Field {
  return row(PREFIX + path, 'date', doc, (event) => parseTimestamp(read(event) ?? ''));
}

function user(path: string, who: string, read: (event: AuditEvent) => AuditUser | undefined): readonly Field[] {
  const credential = (key: string, what: string) =>
    extra(
      `${PREFIX}${path}.extra.authentication.kubernetes.io/${key}`,
      `authentication.kubernetes.io/${key}`,
      read,
      what,
    );
  return [
    text(`${path}.username`, `${who}: the user name.`, (e) => read(e)?.username),
    text(`${path}.uid`, `${who}: the UID.`, (e) => read(e)?.uid),
    row(`${PREFIX}${path}.groups`, 'keyword', `${who}: the groups.`, (e) => textSet(read(e)?.groups)),
    credential('pod-name', 'The Pod that the token is bound to.'),
    credential('pod-uid', 'The UID of the Pod that the token is bound to.'),
    credential('node-name', 'The node that the token is bound to, or on which its Pod runs.'),
    credential('node-uid', 'The UID of that node.'),
    credential('credential-id', 'The ID of the credential.'),
  ];
}

/** The keys of `extra` have dots, its values are lists of texts and nothing else, so the rest of the path is one key. */
function extra(
  name: string,
  key: string,
  read: (event: AuditEvent) => AuditUser | undefined,
  doc = 'What the authenticator knows besides, under a key of its own.',
): Field {
  return row(name, 'keyword', doc, (event) => {
    const known = read(event)?.extra;
    return known !== undefined && Object.hasOwn(known, key) ? textSet(known[key]) : undefined;
  });
}

function annotation(key: string, doc: string, name = `${PREFIX}annotations.${fieldNameOf(key)}`): Field {
  return row(name, 'keyword', doc, annotationReader(key));
}

/** A path into a body: `requestObject` or `responseObject`, alone or with what follows it. */
function body(path: string, type: FieldType, doc: string): Field {
  const [of, inside = ''] = splitOnce(path);
  const read = compilePath(inside);
  const readBody = inside === '' ? (value: unknown) => contentOf(value, read) : read;
  if (of === 'requestObject') return row(PREFIX + path, type, doc, (event) => readBody(event.requestObject));
  return row(PREFIX + path, type, doc, (event) => readBody(event.responseObject));
}

function splitOnce(path: string): readonly [string, string?] {
  const dot = path.indexOf('.');
  return dot === -1 ? [path] : [path.slice(0, dot), path.slice(dot + 1)];
}

/** A whole body: an object exists if it holds anything besides its `metadata`; a patch may be an array or a scalar. */
function contentOf(value: unknown, read: (root: unknown) => FieldValues): FieldValues {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return read(value);
  return Object.entries(value).some(([key, member]) => key !== 'metadata' && hasContent(member)) ? PRESENT : undefined;
}
