/** The fields of an audit event, as deep as its type fixes them: below `*` anything may stand. */
const EVENT: Readonly<Record<string, '' | '*' | readonly string[]>> = {
  kind: '',
  apiVersion: '',
  level: '',
  auditID: '',
  stage: '',
  requestURI: '',
  verb: '',
  user: ['username', 'uid', 'groups', 'extra'],
  impersonatedUser: ['username', 'uid', 'groups', 'extra'],
  authenticationMetadata: ['impersonationConstraint'],
  sourceIPs: '',
  userAgent: '',
  objectRef: ['resource', 'namespace', 'name', 'uid', 'apiGroup', 'apiVersion', 'resourceVersion', 'subresource'],
  responseStatus: ['status', 'message', 'reason', 'details', 'code', 'metadata', 'kind', 'apiVersion'],
  requestObject: '*',
  responseObject: '*',
  requestReceivedTimestamp: '',
  stageTimestamp: '',
  annotations: '*',
};

/**
 * Whether an audit event can have something at this dotted path. Of what the API server's types fix, all other names are
 * mistakes; in bodies, annotations and the extra of a user anything may be.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event`, k8s.io/apimachinery/pkg/apis/meta/v1 `Status`
 */
export function isEventPath(path: string): boolean {
  const [top = '', below] = path.split('.', 2);
  const known = Object.hasOwn(EVENT, top) ? EVENT[top] : undefined;
  if (known === undefined) return false;
  if (known === '*' || below === undefined) return true;
  return known !== '' && known.includes(below);
}
