import { anyOf } from './kql-words.ts';
import { BY_API_SERVER, KUBERNETES_AT_WORK } from './tamper-controllers.ts';

/** The roles for people that the chart makes, whatever the name of the release. */
const USER_ROLES = ['firstseen-view', 'firstseen-responder', 'firstseen-author'];
/** firstseen-view is for everyone who may view, and grants nothing that could harm. */
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
 * What tools report about the objects of a namespace, beside them, and what changes nothing: the guides forward ports. A claim is bound and grown by many
 * controllers, and matters when it goes.
 */
const OF_NO_EFFECT =
  `(${RESOURCE}: (events or leases or *reports or ciliumendpoints or localsubjectaccessreviews)` +
  ` or ${SUBRESOURCE}: portforward or (${RESOURCE}: persistentvolumeclaims and ${PUTS}))`;
/** The status of what other tools look after: their groups have a dot, and those of Kubernetes whose status has effect have none. */
const STATUS_OF_TOOLS = `(${SUBRESOURCE}: status and ${GROUP}: *.*)`;
/** A session can end the process. It is `get` over a WebSocket. */
const SESSIONS = `(kubernetes.audit.verb: (create or get) and ${RESOURCE}: pods and ${SUBRESOURCE}: (exec or attach))`;

/**
 * Every write in the namespace of firstseen, of whatever kind and name, and those of the namespace itself: what stops it is not
 * named after it, such as a policy or a quota. Rights there are another rule's.
 * @param ours a condition on the names of what is firstseen's beside namespaces
 */
export function writesIn(namespace: string, ours: string): string {
  const inside = anyOf('kubernetes.audit.objectRef.namespace', [namespace]);
  const itself = `(${RESOURCE}: namespaces and ${anyOf(NAME, [namespace])} and not kubernetes.audit.verb: create)`;
  // The objectRef of a namespace has it as its namespace too.
  const objects = `(${inside} and not ${RESOURCE}: namespaces and not ${RBAC} and not ${OF_NO_EFFECT} and not ${STATUS_OF_TOOLS})`;
  const priority = `(${RESOURCE}: priorityclasses and (${ours} or ${DELETECOLLECTION}))`;
  return `((${WRITES} and (${objects} or ${itself} or ${priority})) or (${inside} and ${SESSIONS})) and not ${KUBERNETES_AT_WORK}`;
}

/** Writes of the resource definitions, and of the API that they make. */
export function writesOfDefinitions(): string {
  return `${WRITES} and ${RESOURCE}: (customresourcedefinitions or apiservices) and (${NAME}: *.firstseen.dev or ${DELETECOLLECTION}) and not ${BY_API_SERVER}`;
}

/** Writes of the roles and bindings of firstseen, and of whatever else gives or takes rights on its resources. */
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
 * Writes that may reach firstseen, and do not say so: a binding whose role is not recorded, as of every patch with the policy in
 * deploy/; what decides over all requests, or over the traffic of all pods.
 */
export function writesOfWideReach(): string {
  const bound = `(${RBAC} and ${RESOURCE}: clusterrolebindings and ${PUTS} and ${NO_ROLE_REF})`;
  const admitted = `(${RESOURCE}: (${ADMISSION}) and ${PUTS})`;
  const throttled = `(${RESOURCE}: (flowschemas or prioritylevelconfigurations) and ${WRITES})`;
  const walled = `(${RESOURCE}: (ciliumclusterwidenetworkpolicies or globalnetworkpolicies or adminnetworkpolicies or baselineadminnetworkpolicies or clusternetworkpolicies) and ${PUTS})`;
  return `(${bound} or ${admitted} or ${throttled} or ${walled}) and not ${SUBRESOURCE}: * and not ${BY_API_SERVER}`;
}
