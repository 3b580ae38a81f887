import { isEventPath } from '../../../ecs/event-paths.ts';
import { FIELDS, resolveField } from '../../../ecs/fields.ts';
import { PREFIX } from '../../../ecs/kubernetes-fields.ts';
import { nearest } from '../../../query/nearest.ts';
import { quoteName } from '../../document-problem.ts';
import type { SearchField } from './search.ts';

/** The mapping of a name in Sigma rules for `product: kubernetes, service: audit`. */
export interface SigmaFieldRow {
  /** The name in rules. */
  readonly name: string;
  /** The field that a query reads. */
  readonly field: string;
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** The field with the same addresses, for `cidr`. */
  readonly addresses?: string;
  /** Set if no audit event has the field: the field that was most likely meant. */
  readonly meant?: string;
}

/**
 * Names of Sigma's rules for Kubernetes audit events: those of the event itself, without a prefix. Any other path into
 * the event (`requestObject.spec.hostNetwork`) becomes `kubernetes.audit.` and the path; names with that prefix, and
 * names of the Elastic Common Schema, stay as they are.
 * @see https://github.com/SigmaHQ/sigma, rules/application/kubernetes/audit, for the names in use
 */
export const SIGMA_FIELDS: readonly SigmaFieldRow[] = [
  row('verb', 'The verb of the request; the HTTP method in lower case for requests without a resource.'),
  row('auditID', 'The ID of the request.'),
  row('level', 'Metadata, Request or RequestResponse.'),
  row('stage', 'RequestReceived, ResponseStarted, ResponseComplete or Panic.'),
  row('requestURI', 'The path and query as the client sent them, percent-encoded.'),
  row('user.username', 'The user that made the request.'),
  row('user.groups', 'The groups of the user that made the request.'),
  row('user.uid', 'The UID of the user that made the request.'),
  row('impersonatedUser.username', 'The impersonated user.'),
  row('impersonatedUser.groups', 'The groups of the impersonated user.'),
  { ...row('sourceIPs', 'The hops of the request.'), addresses: 'source.ip' },
  row('userAgent', 'The user agent that the client claims.'),
  row('objectRef.resource', 'The plural of the resource, in lower case.'),
  row('objectRef.subresource', 'The subresource, such as exec.'),
  row('objectRef.namespace', 'The namespace of the object.'),
  row('objectRef.name', 'The name of the object.'),
  row('objectRef.apiGroup', 'The API group; absent for the core group.'),
  row('objectRef.apiVersion', 'The version within the API group.'),
  row('responseStatus.code', 'The HTTP status code, a number.'),
  row('responseStatus.status', 'Success or Failure; mostly absent on success.'),
  row('responseStatus.reason', 'The reason for the failure in one word, such as Forbidden.'),
  row('responseStatus.message', 'The message of the API server to the client.'),
  row('annotations.authorization.k8s.io/decision', 'allow or forbid.'),
  row('annotations.authorization.k8s.io/reason', 'The reason for the decision.'),
  absent('apiGroup', 'objectRef.apiGroup'),
  absent('resource', 'objectRef.resource'),
  absent('subresource', 'objectRef.subresource'),
  absent('namespace', 'objectRef.namespace'),
  absent('username', 'user.username'),
  absent('groups', 'user.groups'),
  absent('capabilities', 'requestObject.spec.containers.securityContext.capabilities.add'),
  absent('privileged', 'requestObject.spec.containers.securityContext.privileged'),
  absent('hostPath', 'requestObject.spec.volumes.hostPath.path'),
  absent('hostNetwork', 'requestObject.spec.hostNetwork'),
  absent('hostPID', 'requestObject.spec.hostPID'),
  absent('hostIPC', 'requestObject.spec.hostIPC'),
  absent('image', 'requestObject.spec.containers.image'),
];

const ROWS = new Map(SIGMA_FIELDS.map((known) => [known.name, known]));
const NAMES = FIELDS.flatMap(({ name }) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : []));

/**
 * The field that a rule names; undefined if no field can have the name (empty, `a..b`, or a thousand characters long).
 */
export function searchField(sigma: string): SearchField | undefined {
  const path = pathOf(sigma);
  const own = path !== sigma || isEventPath(path) ? undefined : resolveField(sigma);
  const field = own ?? resolveField(ROWS.get(sigma)?.field ?? PREFIX + path);
  if (field === undefined) return undefined;
  const never = field.neverSet === true || (own === undefined && !isEventPath(path));
  return { sigma, name: field.name, type: field.type, ...(never && { never }) };
}

/** The field that holds the same as addresses. */
export function addressField(field: SearchField): SearchField {
  const name = SIGMA_FIELDS.find((known) => known.field === field.name)?.addresses;
  const found = name === undefined ? undefined : resolveField(name);
  return found === undefined ? field : { ...field, name: found.name, type: found.type };
}

/** Why no audit event has a field marked `never`: part of a sentence, with the likely intended field. */
export function whyNever({ sigma, name }: SearchField): string {
  const field = resolveField(name);
  if (field?.neverSet === true && !isMistake(name))
    return `${quoteName(sigma)} never has a value (${field.doc.replace(/\.$/, '')})`;
  const meant = ROWS.get(sigma)?.meant ?? nearest(pathOf(sigma), NAMES);
  const hint = meant === undefined ? '' : `; did the author mean ${meant}?`;
  return `no audit event has a field ${quoteName(sigma)}${hint}`;
}

function isMistake(name: string): boolean {
  return name.startsWith(PREFIX) && !isEventPath(name.slice(PREFIX.length));
}

function pathOf(sigma: string): string {
  return sigma.startsWith(PREFIX) ? sigma.slice(PREFIX.length) : sigma;
}

function row(name: string, doc: string): SigmaFieldRow {
  return { name, field: PREFIX + name, doc };
}

function absent(name: string, meant: string): SigmaFieldRow {
  return {
    name,
    field: PREFIX + name,
    doc: `Never set: a rule with this field loads but can never match. Use ${meant}.`,
    meant,
  };
}
