/** A kind of object that a Kubernetes Event can be about. */
export interface ObjectKind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly namespaced: boolean;
  /** Whether its uid may be looked up. The chart grants `get` on exactly these. */
  readonly lookUp: boolean;
}

/**
 * Kinds that normally hold no secrets, because RBAC cannot grant access to metadata alone. An Event about another kind
 * needs an audit event with the uid.
 */
const LOOKED_UP: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'Namespace',
  'Node',
  'Pod',
  'ReplicaSet',
  'Role',
  'RoleBinding',
  'Service',
  'ServiceAccount',
  'StatefulSet',
]);

function kinds(group: string, version: string, namespaced: boolean, names: Readonly<Record<string, string>>) {
  return Object.entries(names).map(([resource, kind]): [string, ObjectKind] => [
    `${resource}.${group}`,
    { kind, group, version, namespaced, lookUp: LOOKED_UP.has(kind) },
  ]);
}

/** By `<resource>.<group>`; the group of the core API is ''. */
export const OBJECT_KINDS: ReadonlyMap<string, ObjectKind> = new Map([
  ...kinds('', 'v1', true, {
    configmaps: 'ConfigMap',
    pods: 'Pod',
    secrets: 'Secret',
    serviceaccounts: 'ServiceAccount',
    services: 'Service',
  }),
  ...kinds('', 'v1', false, { namespaces: 'Namespace', nodes: 'Node', persistentvolumes: 'PersistentVolume' }),
  ...kinds('apps', 'v1', true, {
    daemonsets: 'DaemonSet',
    deployments: 'Deployment',
    replicasets: 'ReplicaSet',
    statefulsets: 'StatefulSet',
  }),
  ...kinds('batch', 'v1', true, { cronjobs: 'CronJob', jobs: 'Job' }),
  ...kinds('networking.k8s.io', 'v1', true, { ingresses: 'Ingress', networkpolicies: 'NetworkPolicy' }),
  ...kinds('rbac.authorization.k8s.io', 'v1', true, { rolebindings: 'RoleBinding', roles: 'Role' }),
  ...kinds('rbac.authorization.k8s.io', 'v1', false, {
    clusterrolebindings: 'ClusterRoleBinding',
    clusterroles: 'ClusterRole',
  }),
  ...kinds('admissionregistration.k8s.io', 'v1', false, {
    mutatingwebhookconfigurations: 'MutatingWebhookConfiguration',
    validatingwebhookconfigurations: 'ValidatingWebhookConfiguration',
  }),
  ...kinds('certificates.k8s.io', 'v1', false, { certificatesigningrequests: 'CertificateSigningRequest' }),
]);
