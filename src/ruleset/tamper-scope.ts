import { anyOf } from './kql-words.ts';
import { BY_API_SERVER, KUBERNETES_AT_WORK } from './tamper-controllers.ts';

/** The chart's roles for people. Their names do not depend on the release. */
const USER_ROLES = ['firstseen-view', 'firstseen-responder', 'firstseen-author'];
/** firstseen-view only reads, so it is not among them. */
const STRONG_ROLES = '(firstseen-responder or firstseen-author)';

const DELETECOLLECTION = 'kubernetes.audit.verb: deletecollection';
const PUTS = 'kubernetes.audit.verb: (create or update or patch)';
const GROUP = 'kubernetes.audit.objectRef.apiGroup';
const RESOURCE = 'kubernetes.audit.objectRef.resource';
const SUBRESOURCE = 'kubernetes.audit.objectRef.subresource';
const NAME = 'kubernetes.audit.objectRef.name';
const RBAC = `${GROUP}: rbac.authorization.k8s.io`;
const NO_ROLE_REF =
  'not kubernetes.audit.requestObject.roleRef.name: * and not kubernetes.audit.responseObject.roleRef.name: *';
const ADMISSION =
  'mutatingwebhookconfigurations or validatingwebhookconfigurations or validatingadmissionpolicies or validatingadmissionpolicybindings or mutatingadmissionpolicies or mutatingadmissionpolicybindings';

export const WRITES = 'kubernetes.audit.verb: (create or update or patch or delete or deletecollection)';

/**
 * Writes that do not affect firstseen: reports of tools about a namespace, port-forwards (which the guides use), and the
 * binding and growing of volume claims. The deletion of a claim does count.
 */
const OF_NO_EFFECT =
  `(${RESOURCE}: (events or leases or *reports or ciliumendpoints or localsubjectaccessreviews)` +
  ` or ${SUBRESOURCE}: portforward or (${RESOURCE}: persistentvolumeclaims and ${PUTS}))`;
/** Status writes of other tools. Their API groups have a dot; those of Kubernetes whose status has an effect have none. */
const STATUS_OF_TOOLS = `(${SUBRESOURCE}: status and ${GROUP}: *.*)`;
/** A session in a pod can end the process. Over a WebSocket its verb is `get`. */
const SESSIONS = `(kubernetes.audit.verb: (create or get) and ${RESOURCE}: pods and ${SUBRESOURCE}: (exec or attach))`;

/**
 * Every write in firstseen's namespace, of any kind and name, and writes of the namespace itself. A policy or a quota can
 * stop firstseen under any name. `writesOfAccess` covers roles and bindings.
 * @param ours a condition on the names of firstseen's cluster-scoped objects
 */
export function writesIn(namespace: string, ours: string): string {
  const inside = anyOf('kubernetes.audit.objectRef.namespace', [namespace]);
  const itself = `(${RESOURCE}: namespaces and ${anyOf(NAME, [namespace])} and not kubernetes.audit.verb: create)`;
  // The objectRef of a namespace has it as its namespace too.
  const objects = `(${inside} and not ${RESOURCE}: namespaces and not ${RBAC} and not ${OF_NO_EFFECT} and not ${STATUS_OF_TOOLS})`;
  const priority = `(${RESOURCE}: priorityclasses and (${ours} or ${DELETECOLLECTION}))`;
  return `((${WRITES} and (${objects} or ${itself} or ${priority})) or (${inside} and ${SESSIONS})) and not ${KUBERNETES_AT_WORK}`;
}

/** Writes of the resource definitions, and of the APIService for them. */
export function writesOfDefinitions(): string {
  return `${WRITES} and ${RESOURCE}: (customresourcedefinitions or apiservices) and (${NAME}: *.firstseen.dev or ${DELETECOLLECTION}) and not ${BY_API_SERVER}`;
}

/** Writes of firstseen's roles and bindings, and of other objects that grant or restrict rights on its resources. */
export function writesOfAccess(namespace: string | undefined, ours: string): string {
  const everywhere = `(${RESOURCE}: (clusterroles or clusterrolebindings) and (${ours} or ${anyOf(NAME, USER_ROLES)} or ${DELETECOLLECTION}))`;
  const inside =
    namespace === undefined
      ? ''
      : ` or (${RESOURCE}: (roles or rolebindings) and ${anyOf('kubernetes.audit.objectRef.namespace', [namespace])} and not ${KUBERNETES_AT_WORK})`;
  const granted =
    `(${RESOURCE}: clusterrolebindings and ${PUTS} and (kubernetes.audit.requestObject.roleRef.name: ${STRONG_ROLES}` +
    ` or kubernetes.audit.responseObject.roleRef.name: ${STRONG_ROLES} or (firstseen.truncated: true and ${NO_ROLE_REF})))`;
  const ruled = `(${RESOURCE}: clusterroles and ${PUTS} and kubernetes.audit.requestObject.rules.apiGroups: firstseen.dev)`;
  const admitted =
    `(${RESOURCE}: (${ADMISSION}) and ${PUTS} and (kubernetes.audit.requestObject.webhooks.rules.apiGroups: firstseen.dev` +
    ' or kubernetes.audit.requestObject.spec.matchConstraints.resourceRules.apiGroups: firstseen.dev))';
  return `${WRITES} and ((${RBAC} and (${everywhere}${inside} or ${granted} or ${ruled})) or ${admitted})`;
}

/**
 * Writes that may affect firstseen without naming it: a binding whose role is not recorded (with the policy in deploy/,
 * every patch), and objects that decide on all requests or on the traffic of all pods.
 */
export function writesOfWideReach(): string {
  const bound = `(${RBAC} and ${RESOURCE}: clusterrolebindings and ${PUTS} and ${NO_ROLE_REF})`;
  const admitted = `(${RESOURCE}: (${ADMISSION}) and ${PUTS})`;
  const throttled = `(${RESOURCE}: (flowschemas or prioritylevelconfigurations) and ${WRITES})`;
  const walled = `(${RESOURCE}: (ciliumclusterwidenetworkpolicies or globalnetworkpolicies or adminnetworkpolicies or baselineadminnetworkpolicies or clusternetworkpolicies) and ${PUTS})`;
  return `(${bound} or ${admitted} or ${throttled} or ${walled}) and not ${SUBRESOURCE}: * and not ${BY_API_SERVER}`;
}
