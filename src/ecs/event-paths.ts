/** The fields of an audit event as far as its type defines them. Below `*` any field may appear. */
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
 * Whether an audit event can have a value at this dotted path. Where the API server's types define the fields, any
 * other name is a mistake; bodies, annotations and a user's `extra` may hold anything.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event`, k8s.io/apimachinery/pkg/apis/meta/v1 `Status`
 */
export function isEventPath(path: string): boolean {
  const [top = '', below] = path.split('.', 2);
  const known = Object.hasOwn(EVENT, top) ? EVENT[top] : undefined;
  if (known === undefined) return false;
  if (known === '*' || below === undefined) return true;
  return known !== '' && known.includes(below);
}
