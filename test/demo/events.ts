/** Audit events as kube-apiserver writes them: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ */
import { randomUUID } from 'node:crypto';

export type AuditEvent = Readonly<Record<string, unknown>>;

const NODES = ['node-1', 'node-2', 'node-3'];
const KUBECTL = 'kubectl/v1.36.3 (linux/amd64) kubernetes/1b2c3d4';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const ALICE = { username: 'alice', groups: ['developers', 'system:authenticated'] };

/** The body of one POST of the API server. */
export function eventList(...items: readonly unknown[]): string {
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}

/** Usual traffic of an idle cluster: nodes report, controllers watch, a user lists pods. */
export function ordinaryTraffic(): AuditEvent[] {
  const nodes = NODES.flatMap((node) => [
    request({
      verb: 'update',
      requestURI: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}?timeout=10s`,
      user: { username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] },
      userAgent: 'kubelet/v1.36.3 (linux/amd64) kubernetes/1b2c3d4',
      objectRef: { resource: 'leases', namespace: 'kube-node-lease', name: node, apiGroup: 'coordination.k8s.io' },
    }),
    request({
      verb: 'patch',
      requestURI: `/api/v1/nodes/${node}/status?timeout=10s`,
      user: { username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] },
      userAgent: 'kubelet/v1.36.3 (linux/amd64) kubernetes/1b2c3d4',
      objectRef: { resource: 'nodes', name: node, apiVersion: 'v1', subresource: 'status' },
    }),
  ]);
  const controllers = ['replicaset', 'endpointslice', 'job', 'namespace'].map((name) =>
    request({
      verb: 'watch',
      requestURI: '/api/v1/pods?allowWatchBookmarks=true&resourceVersion=4711&watch=true',
      user: { username: `system:serviceaccount:kube-system:${name}-controller`, groups: ['system:authenticated'] },
      userAgent: `kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/1b2c3d4/${name}-controller`,
      objectRef: { resource: 'pods', apiVersion: 'v1' },
    }),
  );
  const people = ['/api/v1/namespaces/shop/pods?limit=500', '/api/v1/namespaces/shop/services?limit=500'].map((uri) =>
    request({ verb: 'list', requestURI: uri, user: ALICE, userAgent: KUBECTL, objectRef: { namespace: 'shop' } }),
  );
  return [...nodes, ...controllers, ...people];
}

/** A request without credentials, allowed by the API server by default. */
export function anonymous(uri: string, userAgent: string, decision: 'allow' | 'forbid' = 'allow'): AuditEvent {
  return request({
    verb: 'get',
    requestURI: uri,
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    sourceIPs: ['203.0.113.7'],
    userAgent,
    responseStatus: { code: decision === 'allow' ? 200 : 403 },
    annotations: { 'authorization.k8s.io/decision': decision },
  });
}

/** `kubectl exec`: one request, reported at the start and the end of the session. */
export function execIntoPod(): readonly [started: AuditEvent, ended: AuditEvent] {
  const started = request({
    level: 'Metadata',
    stage: 'ResponseStarted',
    verb: 'get',
    requestURI: '/api/v1/namespaces/shop/pods/cart-0/exec?command=sh&container=cart&stdin=true&stdout=true&tty=true',
    user: ALICE,
    userAgent: KUBECTL,
    objectRef: { resource: 'pods', namespace: 'shop', name: 'cart-0', apiVersion: 'v1', subresource: 'exec' },
    responseStatus: { code: 101 },
  });
  return [started, { ...started, stage: 'ResponseComplete', stageTimestamp: timestamp() }];
}

export function privilegedPod(): AuditEvent {
  return request({
    level: 'Request',
    verb: 'create',
    requestURI: '/api/v1/namespaces/shop/pods?fieldManager=kubectl-client-side-apply',
    user: ALICE,
    userAgent: KUBECTL,
    objectRef: { resource: 'pods', namespace: 'shop', name: 'toolbox', apiVersion: 'v1' },
    requestObject: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'toolbox', namespace: 'shop' },
      spec: { containers: [{ name: 'toolbox', image: 'alpine:3', securityContext: { privileged: true } }] },
    },
    responseStatus: { code: 201 },
  });
}

export function clusterAdminBinding(): AuditEvent {
  return request({
    level: 'RequestResponse',
    verb: 'create',
    requestURI: `/apis/${RBAC_GROUP}/v1/clusterrolebindings?fieldManager=kubectl-create`,
    user: ALICE,
    userAgent: KUBECTL,
    objectRef: { resource: 'clusterrolebindings', name: 'ops', apiGroup: RBAC_GROUP, apiVersion: 'v1' },
    requestObject: {
      kind: 'ClusterRoleBinding',
      apiVersion: `${RBAC_GROUP}/v1`,
      metadata: { name: 'ops' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'cluster-admin' },
    },
    responseStatus: { code: 201 },
  });
}

function request(fields: AuditEvent): AuditEvent {
  const now = timestamp();
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: randomUUID(),
    stage: 'ResponseComplete',
    sourceIPs: ['198.51.100.4'],
    responseStatus: { code: 200 },
    requestReceivedTimestamp: now,
    stageTimestamp: now,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...fields,
  };
}

/** RFC 3339 with microseconds, as the API server writes it. */
function timestamp(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
