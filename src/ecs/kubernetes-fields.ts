import type { AuditEvent, AuditUser } from '../audit/event.ts';
import { parseTimestamp } from '../audit/timestamp.ts';
import { annotationReader } from './annotations.ts';
import { isEventPath } from './event-paths.ts';
import type { Field, FieldType, FieldValues } from './field.ts';
import { constant, neverSet, row } from './row.ts';
import { fieldNameOf } from './spelled-name.ts';
import { PRESENT, textSet, textValue } from './values.ts';
import { compilePath, hasContent } from './walk.ts';

/** Prefix of the raw event's fields in Elastic's documents. */
export const PREFIX = 'kubernetes.audit.';
const BODIES = ['requestObject', 'responseObject'] as const;

const REMOVED =
  "Never set: Elastic's integration drops labels, owners and managed fields of an object, and so does firstseen.";

/**
 * The rows for the raw event, as Elastic's Kubernetes integration names them: `kubernetes.audit.` and the path in the
 * event.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event` for what the fields mean
 */
export const KUBERNETES_FIELDS: readonly Field[] = [
  constant(`${PREFIX}kind`, 'Event', 'Never set: the API server omits it from the items of a list.'),
  constant(`${PREFIX}apiVersion`, 'audit.k8s.io/v1', 'Never set: the API server omits it from the items of a list.'),
  text(
    'level',
    'How much of the request the audit policy records: Metadata, Request or RequestResponse.',
    (e) => e.level,
  ),
  text('auditID', 'The ID of the request. Clients can choose it, so it proves nothing.', (e) => e.auditID),
  text(
    'stage',
    'RequestReceived, ResponseStarted, ResponseComplete or Panic. A 401 is seen at ResponseStarted only.',
    (e) => e.stage,
  ),
  text('requestURI', 'The path and query as the client sent them, of any length.', (e) => e.requestURI),
  text(
    'verb',
    'get, list, watch, create, update, patch, delete, deletecollection; the HTTP method for other requests.',
    (e) => e.verb,
  ),
  ...user('user', 'the user that made the request', (e) => e.user),
  ...user('impersonatedUser', 'the impersonated user', (e) => e.impersonatedUser),
  text(
    'authenticationMetadata.impersonationConstraint',
    'The kind of constrained impersonation that allowed the request (Kubernetes 1.36 and later).',
    (e) => e.authenticationMetadata?.impersonationConstraint,
  ),
  row(`${PREFIX}sourceIPs`, 'keyword', 'The hops of the request; the client can forge all but the last.', (e) =>
    textSet(e.sourceIPs),
  ),
  text('userAgent', 'The user agent that the client claims.', (e) => e.userAgent),
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
  text('objectRef.resourceVersion', 'The resource version in the request.', (e) => e.objectRef?.resourceVersion),
  text('objectRef.subresource', 'The subresource, such as exec, status or token.', (e) => e.objectRef?.subresource),
  text('responseStatus.status', 'Success or Failure; mostly absent on success.', (e) => e.responseStatus?.status),
  text('responseStatus.message', 'The message of the API server to the client.', (e) => e.responseStatus?.message),
  text(
    'responseStatus.reason',
    'The reason for the failure in one word, such as Forbidden or AlreadyExists.',
    (e) => e.responseStatus?.reason,
  ),
  row(`${PREFIX}responseStatus.code`, 'integer', 'The HTTP status code.', (e) => e.responseStatus?.code),
  time('requestReceivedTimestamp', 'When the request reached the API server.', (e) => e.requestReceivedTimestamp),
  time('stageTimestamp', 'When the request reached this stage.', (e) => e.stageTimestamp),
  annotation('authorization.k8s.io/decision', 'allow or forbid; absent if the request was not authenticated.'),
  annotation('authorization.k8s.io/reason', "The authorizer's reason, with the binding and the role."),
  annotation(
    'authentication.k8s.io/stale-token',
    'The request used a service account token that should have been renewed.',
  ),
  annotation('authentication.k8s.io/legacy-token', 'The request used a service account token from a Secret.'),
  annotation('authentication.k8s.io/legacy-token-invalidated', 'The request used an invalidated token from a Secret.'),
  annotation('authentication.kubernetes.io/issued-credential-id', 'The ID of the token that the request created.'),
  annotation('pod-security.kubernetes.io/enforce-policy', 'The enforced Pod Security level.'),
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
    'Whether a container allows privilege escalation; absent if the container does not set it.',
  ),
  body('requestObject.spec.containers.securityContext.capabilities.add', 'keyword', 'The Linux capabilities added.'),
  body('requestObject.spec.volumes.hostPath.path', 'keyword', 'The node paths that a Pod mounts.'),
  body('requestObject.rules.verbs', 'keyword', 'The verbs in a role that the request writes, over all its rules.'),
  body(
    'requestObject.rules.resources',
    'keyword',
    'The resources in a role that the request writes, over all its rules.',
  ),
  body('responseObject.rules.verbs', 'keyword', 'The verbs in the role of the response, over all its rules.'),
  body('responseObject.rules.resources', 'keyword', 'The resources in the role of the response, over all its rules.'),
  body('requestObject.roleRef.name', 'keyword', 'The role that a binding grants.'),
  body('requestObject.roleRef.kind', 'keyword', 'The kind of that role: Role or ClusterRole.'),
  body('requestObject.subjects.name', 'keyword', 'The subjects of a binding.'),
  body('requestObject.subjects.kind', 'keyword', 'The kinds of those subjects: User, Group or ServiceAccount.'),
  body(
    'requestObject',
    'keyword',
    'The body of the request, if the audit policy records it; for a PATCH the patch. Test it for existence only: it has no value of its own.',
  ),
  body(
    'responseObject',
    'keyword',
    'The body of the response, if the audit policy records it. Test it for existence only: it has no value of its own.',
  ),
  ...BODIES.map((name) => neverSet(`${PREFIX}${name}.metadata`, REMOVED)),
];

/**
 * The field for any other path in the event; `path` is the part after `kubernetes.audit.`. A path that the Event type
 * does not have is never set; a path that its bodies lack is absent.
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
    return body(path, 'keyword', 'A path in the body of the request or the response.');
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
    text(`${path}.username`, `The name of ${who}.`, (e) => read(e)?.username),
    text(`${path}.uid`, `The UID of ${who}.`, (e) => read(e)?.uid),
    row(`${PREFIX}${path}.groups`, 'keyword', `The groups of ${who}.`, (e) => textSet(read(e)?.groups)),
    credential('pod-name', 'The Pod that the token is bound to.'),
    credential('pod-uid', 'The UID of the Pod that the token is bound to.'),
    credential('node-name', 'The node that the token is bound to, or the node of its Pod.'),
    credential('node-uid', 'The UID of that node.'),
    credential('credential-id', 'The ID of the credential.'),
  ];
}

/** The keys of `extra` contain dots and its values are lists of text, so the rest of the path is one key. */
function extra(
  name: string,
  key: string,
  read: (event: AuditEvent) => AuditUser | undefined,
  doc = 'Extra data from the authenticator, under a key of its own.',
): Field {
  return row(name, 'keyword', doc, (event) => {
    const known = read(event)?.extra;
    return known !== undefined && Object.hasOwn(known, key) ? textSet(known[key]) : undefined;
  });
}

function annotation(key: string, doc: string, name = `${PREFIX}annotations.${fieldNameOf(key)}`): Field {
  return row(name, 'keyword', doc, annotationReader(key));
}

/** A path into a body: `requestObject` or `responseObject`, alone or followed by a path. */
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

/** A whole body: an object exists if it has any member besides `metadata`; a patch may be an array or a scalar. */
function contentOf(value: unknown, read: (root: unknown) => FieldValues): FieldValues {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return read(value);
  return Object.entries(value).some(([key, member]) => key !== 'metadata' && hasContent(member)) ? PRESENT : undefined;
}
