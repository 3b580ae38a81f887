import { anyOf } from './kql-words.ts';

/** The usual work of some accounts of Kubernetes. Anything else that they do raises alerts, as for every user. */
interface Work {
  /** Controllers of kube-controller-manager, each of which has an account of its own in kube-system. */
  readonly controllers?: readonly string[];
  readonly users?: readonly string[];
  /** Plural names, with the subresource if there is one: `pods/status`. Without this field, all resources. */
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
  readonly name?: string;
}

/** With `--use-service-account-credentials=false` all controllers act as this user. */
const CONTROLLER_MANAGER = 'system:kube-controller-manager';
const KUBELETS = 'system:node:*';
const SCHEDULER = 'system:kube-scheduler';
const API_SERVER = 'system:apiserver';

/**
 * Writes in firstseen's namespace that Kubernetes makes as a consequence of a rollout, a drain or a lost pod. Taken from the
 * sources of Kubernetes: `pkg/controller`, `pkg/kubelet`, `pkg/scheduler`. Evictions are not listed, because the user who
 * drains the node requests them.
 */
const WORK: readonly Work[] = [
  { controllers: ['deployment-controller'], resources: ['replicasets', 'deployments/status'] },
  { controllers: ['replicaset-controller'], resources: ['replicasets/status'] },
  {
    controllers: ['replicaset-controller', 'daemon-set-controller', 'statefulset-controller', 'job-controller'],
    resources: ['pods'],
    verbs: ['create', 'patch', 'delete'],
  },
  {
    controllers: ['daemon-set-controller', 'statefulset-controller'],
    resources: ['controllerrevisions', 'daemonsets/status', 'statefulsets/status'],
  },
  { controllers: ['job-controller', 'cronjob-controller', 'ttl-after-finished-controller'], resources: ['jobs'] },
  { controllers: ['job-controller', 'cronjob-controller'], resources: ['jobs/status', 'cronjobs/status'] },
  { controllers: ['endpoint-controller'], resources: ['endpoints'] },
  {
    controllers: ['endpointslice-controller', 'endpointslicemirroring-controller'],
    resources: ['endpointslices'],
  },
  { controllers: ['disruption-controller'], resources: ['poddisruptionbudgets/status', 'pods/status'] },
  { controllers: ['resourcequota-controller'], resources: ['resourcequotas/status'] },
  {
    controllers: ['node-controller', 'taint-eviction-controller', 'pod-garbage-collector'],
    resources: ['pods'],
    verbs: ['delete'],
  },
  {
    controllers: ['node-controller', 'taint-eviction-controller', 'pod-garbage-collector'],
    resources: ['pods/status'],
  },
  { controllers: ['root-ca-cert-publisher'], resources: ['configmaps'], name: 'kube-root-ca.crt' },
  { controllers: ['service-account-controller'], resources: ['serviceaccounts'], name: 'default' },
  { controllers: ['legacy-service-account-token-cleaner'], resources: ['secrets'], verbs: ['patch', 'delete'] },
  // Deletes the dependents of a deleted object or namespace. That first deletion has raised an alert.
  { controllers: ['generic-garbage-collector'], verbs: ['patch', 'delete'] },
  { controllers: ['namespace-controller'], verbs: ['delete', 'deletecollection'] },
  { controllers: ['namespace-controller'], resources: ['namespaces/finalize', 'namespaces/status'] },
  { users: [SCHEDULER], resources: ['pods/binding', 'pods/status'] },
  // Preempts a pod for one with a higher priority.
  { users: [SCHEDULER], resources: ['pods'], verbs: ['delete'] },
  { users: [KUBELETS], resources: ['pods/status', 'persistentvolumeclaims/status', 'serviceaccounts/token'] },
  // Deletes a pod that has stopped. A mirror pod that a kubelet creates does raise an alert.
  { users: [KUBELETS], resources: ['pods'], verbs: ['delete'] },
  // Repairs addresses and ports of Services when it starts.
  { users: [API_SERVER], resources: ['services'], verbs: ['update', 'patch'] },
];

/** A condition in KQL: Kubernetes does its usual work. */
export const KUBERNETES_AT_WORK = `(${WORK.map(conditionOf).join(' or ')})`;

/** The API server itself, which updates APIServices when resource definitions change. */
export const BY_API_SERVER = anyOf('user.name', [API_SERVER]);

function conditionOf({ controllers, users, resources, verbs, name }: Work): string {
  const accounts = controllers?.map((controller) => `system:serviceaccount:kube-system:${controller}`);
  const parts = [anyOf('user.name', accounts === undefined ? (users ?? []) : [...accounts, CONTROLLER_MANAGER])];
  if (resources !== undefined) parts.push(`(${resources.map(resourceIs).join(' or ')})`);
  if (verbs !== undefined) parts.push(anyOf('kubernetes.audit.verb', verbs));
  if (name !== undefined) parts.push(anyOf('kubernetes.audit.objectRef.name', [name]));
  return `(${parts.join(' and ')})`;
}

function resourceIs(text: string): string {
  const [resource = '', subresource] = text.split('/');
  const of =
    subresource === undefined
      ? 'not kubernetes.audit.objectRef.subresource: *'
      : anyOf('kubernetes.audit.objectRef.subresource', [subresource]);
  return `(${anyOf('kubernetes.audit.objectRef.resource', [resource])} and ${of})`;
}
