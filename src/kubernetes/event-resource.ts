import { excerpt } from '../audit/text.ts';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertRecord, AlertRequest } from '../detect/alert.ts';
import { ALERT_API_VERSION } from './alert-resource.ts';
import { OBJECT_KINDS, type ObjectKind } from './object-kinds.ts';

/** The parts of `v1.ObjectReference` of k8s.io/api/core that an Event needs. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** The object of a request, and the path of its metadata. */
export interface RequestedObject {
  readonly reference: ObjectReference;
  /** Undefined if it must not be looked up. */
  readonly path: string | undefined;
}

/** Events about cluster-wide objects go here (k8s.io/kubernetes pkg/apis/core/validation/events.go). */
const DEFAULT_NAMESPACE = 'default';
/** k8s.io/kubernetes pkg/apis/core/validation/events.go */
const MAX_NOTE_BYTES = 1_024;
const MAX_FIELD_BYTES = 128;

/** The object of a request, if its kind is known. */
export function requestedObject(request: AlertRequest): RequestedObject | undefined {
  const { resource, apiGroup = '', apiVersion, namespace, name, uid } = request;
  const known = OBJECT_KINDS.get(`${resource}.${apiGroup}`);
  if (resource === undefined || known === undefined || !name) return undefined;
  // A request about a Namespace has that namespace as its own namespace.
  if (known.namespaced && !namespace) return undefined;
  const version = groupVersion(known, apiVersion);
  return {
    reference: {
      apiVersion: version,
      kind: known.kind,
      name,
      ...(known.namespaced && namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
    },
    path: known.lookUp ? objectPath(known, version, resource, namespace, name) : undefined,
  };
}

export function alertReference({ id }: AlertRecord, uid?: string): ObjectReference {
  return { apiVersion: ALERT_API_VERSION, kind: 'Alert', name: id, ...(uid ? { uid } : {}) };
}

export function eventNamespace(regarding: ObjectReference): string {
  return regarding.namespace ?? DEFAULT_NAMESPACE;
}

/**
 * An events.k8s.io/v1 Event with the name of its alert, so that a second delivery finds the first.
 *
 * @param instance name of the reporting pod or host
 */
export function eventResource(alert: AlertRecord, regarding: ObjectReference, instance: string): object {
  const { id, spec, state } = alert;
  const where = ` (alert ${id})`;
  const note = excerpt(spec.reason, MAX_NOTE_BYTES - Buffer.byteLength(where));
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: id, namespace: eventNamespace(regarding) },
    type: 'Warning',
    reason: camelCase(spec.rule.name) || 'Alert',
    action: excerpt(spec.display.action, MAX_FIELD_BYTES) || 'Detected',
    note: note + where,
    eventTime: formatTimestamp(state.firstSeen),
    reportingController: 'firstseen.dev/firstseen',
    reportingInstance: excerpt(instance, MAX_FIELD_BYTES) || 'firstseen',
    regarding,
    related: alertReference(alert),
  };
}

/** `anonymous-request-unusual-agent` → `AnonymousRequestUnusualAgent`. */
function camelCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
    .slice(0, MAX_FIELD_BYTES);
}

/** The client chooses the version, so it goes into a path only if it looks like one. */
function groupVersion({ group, version }: ObjectKind, requested: string | undefined): string {
  const chosen = requested !== undefined && /^v[0-9]+(?:(?:alpha|beta)[0-9]+)?$/.test(requested) ? requested : version;
  return group === '' ? chosen : `${group}/${chosen}`;
}

function objectPath(
  { group, namespaced }: ObjectKind,
  version: string,
  resource: string,
  namespace: string | undefined,
  name: string,
): string {
  const scope = namespaced ? `/namespaces/${encodeURIComponent(namespace ?? '')}` : '';
  return `/${group === '' ? 'api' : 'apis'}/${version}${scope}/${resource}/${encodeURIComponent(name)}`;
}
