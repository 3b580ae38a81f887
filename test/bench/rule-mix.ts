/**
 * A realistic rule set: like published sets for Kubernetes audit logs in number, types and constructs, in our own
 * words. Most are KQL with lists, prefixes, exclusions and existence; a few learn terms, a few are EQL, one is a
 * sequence, two count, and some are ES|QL: filters, transforms of container commands, groups.
 */
const A = 'kubernetes.audit';
const OBJECT = `${A}.objectRef`;
const ALLOWED = `${A}.annotations.authorization_k8s_io/decision:"allow"`;
const DENIED = `${A}.annotations.authorization_k8s_io/decision:"forbid"`;
const DONE = `${A}.stage:("ResponseComplete" or "ResponseStarted")`;
const EQL_ALLOWED = `\`${A}.annotations.authorization_k8s_io/decision\` == "allow"`;
const EQL_DENIED = `\`${A}.annotations.authorization_k8s_io/decision\` == "forbid"`;
const WRITES = `${A}.verb:("create" or "update" or "patch")`;
const NOT_SYSTEM =
  'not user.name:(system\\:kube-controller-manager or system\\:node\\:* or system\\:serviceaccount\\:kube-system\\:*)';
const CREATES_POD = `${ALLOWED} and ${OBJECT}.resource:"pods" and ${A}.verb:("create" or "patch" or "update")`;
const KNOWN_IMAGES = `not ${A}.requestObject.spec.containers.image:(registry.example/base/* or *fluent-bit* or *node-exporter*)`;

/** Conditions in KQL, each a rule of type query. */
const QUERIES: readonly string[] = [
  `${CREATES_POD} and ${A}.requestObject.spec.hostPID:true and ${KNOWN_IMAGES}`,
  `${CREATES_POD} and ${A}.requestObject.spec.hostIPC:true and ${KNOWN_IMAGES}`,
  `${CREATES_POD} and ${A}.requestObject.spec.hostNetwork:true and not ${OBJECT}.namespace:("kube-system" or *-cni) and ${KNOWN_IMAGES}`,
  `${CREATES_POD} and ${A}.requestObject.spec.containers.securityContext.privileged:true and ${KNOWN_IMAGES}`,
  `${CREATES_POD} and ${A}.requestObject.spec.volumes.hostPath.path:("/" or /etc* or /proc* or /root* or "/var/run" or *docker.sock or *kubelet*) and ${KNOWN_IMAGES}`,
  `${CREATES_POD} and ${A}.requestObject.spec.containers.securityContext.capabilities.add:("SYS_ADMIN" or "NET_ADMIN" or "BPF" or "SYS_PTRACE") and not ${A}.requestObject.spec.containers.image:("" or *cilium* or registry.example/mesh\\:*)`,
  `${CREATES_POD} and ${A}.requestObject.spec.serviceAccountName:(*-controller or *-admin) and not ${OBJECT}.namespace:("kube-system" or "flux-system")`,
  `${ALLOWED} and ${OBJECT}.resource:"services" and ${WRITES} and ${A}.requestObject.spec.type:"NodePort"`,
  `${ALLOWED} and ${DONE} and ${OBJECT}.resource:("clusterrolebindings" or "rolebindings") and ${A}.verb:("create" or "patch") and ${A}.requestObject.roleRef.name:"cluster-admin" and ${A}.level:"RequestResponse"`,
  `${ALLOWED} and ${OBJECT}.resource:("roles" or "clusterroles" or "rolebindings" or "clusterrolebindings") and ${WRITES} and ${A}.user.username:(system\\:serviceaccount\\:* and not (system\\:serviceaccount\\:kube-system\\:* or system\\:serviceaccount\\:flux-system\\:*))`,
  `${ALLOWED} and ${OBJECT}.resource:"configmaps" and ${OBJECT}.name:"coredns" and ${OBJECT}.namespace:"kube-system" and ${WRITES} and ${NOT_SYSTEM}`,
  `${ALLOWED} and ${OBJECT}.resource:("mutatingwebhookconfigurations" or "validatingwebhookconfigurations") and ${WRITES} and user.name:(* and not (system\\:* or *cert-manager*)) and not ${OBJECT}.name:(istio-*-validator or *kyverno*) and not ${A}.user.groups:"system:nodes"`,
  `${ALLOWED} and ${OBJECT}.resource:"certificatesigningrequests" and ${A}.verb:("create" or "update" or "patch" or "approve") and ${NOT_SYSTEM}`,
  `${OBJECT}.resource:"nodes" and ${OBJECT}.subresource:"proxy" and ${A}.requestURI:(*/exec/* or *run* or *metrics/cadvisor* or *logs*) and ${NOT_SYSTEM}`,
  `${ALLOWED} and ${OBJECT}.resource:"pods" and ${OBJECT}.subresource:"ephemeralcontainers" and ${A}.verb:("patch" or "update") and ${NOT_SYSTEM}`,
  `${OBJECT}.resource:"serviceaccounts" and ${OBJECT}.subresource:"token" and ${A}.verb:"create" and user.name:(* and not (system\\:node\\:* or (system\\:serviceaccount\\:kube-system\\:* and not *default)))`,
  `event.dataset:"kubernetes.audit_logs" and ${OBJECT}.resource:"secrets" and event.action:("get" or "list") and source.ip:(* and not ("127.0.0.1" or "::1")) and user_agent.original:(curl* or *python-requests* or Wget* or *okhttp or *httpie*)`,
  `${OBJECT}.resource:"secrets" and event.action:("get" or "list") and ${A}.user.username:(system\\:node\\:* or system\\:serviceaccount\\:*) and ${A}.user.extra.authentication.kubernetes.io/pod-name:* and source.ip:(* and not 10.0.0.0/8) and ${A}.user.groups:(system\\:serviceaccounts* and not (system\\:masters))`,
  `${OBJECT}.resource:"secrets" and event.action:"list" and ${A}.requestURI:("/api/v1/secrets" or /api/v1/secrets?limit* or /api/v1/namespaces/kube-system/secrets*) and user.name:(* and not (system\\:* or (ops\\:* and not ops\\:guest*))) and source.ip:*`,
  `${ALLOWED} and ${A}.impersonatedUser.username:(system\\:kube-* or *admin or system\\:node\\:*) and ${A}.verb:* and ${NOT_SYSTEM} or ${ALLOWED} and ${A}.impersonatedUser.groups:"system:masters" and user.name:(* and not (break-*-glass or system\\:*))`,
  `${ALLOWED} and ${OBJECT}.resource:"deployments" and ${WRITES} and ${A}.requestObject.spec.template.spec.hostNetwork:true and ${NOT_SYSTEM}`,
  `${ALLOWED} and ${OBJECT}.resource:"pods" and ${A}.verb:"create" and ${A}.requestObject.spec.serviceAccountName:* and not ${A}.requestObject.spec.serviceAccountName:("default" or build-*) and ${KNOWN_IMAGES}`,
];

/** Queries of new_terms rules, with their term fields. */
const NEW_TERMS: readonly (readonly [query: string, fields: readonly string[]])[] = [
  [
    `${OBJECT}.resource:"secrets" and ${A}.verb:("get" or "list") and user_agent.original:(* and not (*kubernetes/$Format))`,
    ['source.ip', 'user.name', 'user_agent.original'],
  ],
  [
    `${DENIED} and ${A}.user.username:(system\\:serviceaccount\\:* and not (system\\:serviceaccount\\:monitoring\\:*)) and user_agent.original:(* and not (*kubernetes/$Format))`,
    ['user_agent.original'],
  ],
  [
    `${A}.verb:"create" and ${OBJECT}.resource:("selfsubjectaccessreviews" or "selfsubjectrulesreviews") and (${A}.user.username:(system\\:serviceaccount\\:* or system\\:node\\:*) or ${A}.impersonatedUser.username:(system\\:serviceaccount\\:*)) and user_agent.original:(* and not (*kubernetes/$Format))`,
    ['user_agent.original'],
  ],
  [
    `${ALLOWED} and ${DONE} and ${OBJECT}.resource:"pods" and ${A}.verb:"create" and ${A}.requestObject.spec.containers.image:(*busybox* or *alpine* or registry.example/debug\\:* or *netshoot*)`,
    ['source.ip', 'user_agent.original', 'user.name'],
  ],
  [`${DENIED} and ${DONE} and user_agent.original:(* and not (*kubernetes/$Format))`, ['user_agent.original']],
  [
    `${ALLOWED} and ${DONE} and ${A}.verb:("create" or "delete") and ${OBJECT}.resource:("roles" or "pods") and user_agent.original:(* and not (*kubernetes/$Format)) and not ${A}.user.username:system\\:*`,
    [`${A}.annotations.authorization_k8s_io/decision`, `${A}.user.username`, 'user_agent.original'],
  ],
  [
    `${ALLOWED} and ${A}.user.username:("system:anonymous" or "system:unauthenticated" or not *) and ${A}.requestURI:(* and not (/healthz* or /livez* or /readyz* or /version*)) and user_agent.original:(* and not (*kubernetes/$Format))`,
    ['user_agent.original'],
  ],
  [
    `${ALLOWED} and ${OBJECT}.resource:("daemonsets" or "cronjobs" or "statefulsets") and ${WRITES} and user_agent.original:* and not ${A}.user.groups:("system:masters" or "system:nodes")`,
    ['user_agent.original', 'source.ip', `${A}.user.username`],
  ],
];

const EQL: readonly string[] = [
  `any where ${OBJECT}.resource == "events" and ${A}.verb == "delete" and ${A}.stage == "ResponseComplete"`,
  `any where ${OBJECT}.resource == "pods" and ${A}.verb in ("create", "update", "patch") and (${A}.user.username in ("system:anonymous", "system:unauthenticated") or ${A}.user.username == null) and ${A}.level == "RequestResponse"`,
  `any where ${A}.verb == "create" and ${A}.stage == "ResponseComplete" and ${EQL_DENIED}`,
  `any where ${A}.verb in ("get", "create") and ${OBJECT}.subresource == "exec" and ${EQL_ALLOWED} and\n  /* what the platform does itself */\n  not (${OBJECT}.namespace == "ci" and ${OBJECT}.name like "runner-*" or ${A}.requestURI like ("/api/v1/namespaces/backup/pods/*/exec?command=tar*", "*command=pg_isready*"))`,
  `any where ${OBJECT}.resource == "pods" and ${OBJECT}.subresource in ("attach", "portforward") and ${EQL_ALLOWED} and not user.name like "system:*"`,
];

const SEQUENCE = `sequence by user.name with maxspan=5m
  [any where ${EQL_ALLOWED} and ${OBJECT}.resource in ("roles", "clusterroles") and ${A}.verb in ("create", "update", "patch")]
  [any where ${EQL_ALLOWED} and ${OBJECT}.resource in ("daemonsets", "jobs") and ${A}.verb == "create" and not ${A}.user.groups == "system:masters"]`;

const THRESHOLDS: readonly (readonly [query: string, threshold: object])[] = [
  [DENIED, { field: ['user.name'], value: 20, window: '6m' }],
  [
    `${ALLOWED} and ${OBJECT}.resource:"secrets" and ${A}.verb:"get"`,
    {
      field: ['user.name', 'source.ip'],
      value: 10,
      cardinality: [{ field: `${OBJECT}.name`, value: 5 }],
      window: '6m',
    },
  ],
];

const FROM = 'FROM logs-kubernetes.audit_logs-* METADATA _id, _index, _version';
/** The command of an exec, from the request URI. */
const COMMAND = `${FROM}
| WHERE ${OBJECT}.resource == "pods" AND ${OBJECT}.subresource == "exec" AND ${A}.requestURI LIKE "*command=*"
| EVAL uri = URL_DECODE(${A}.requestURI)
| GROK uri "%{DATA}/exec\\\\?%{DATA:raw}&(?:container|stdin|stdout|stderr)=%{GREEDYDATA}"
| EVAL command = REPLACE(REPLACE(raw, "command=", ""), "[&+]", " ")`;

const ESQL: readonly string[] = [
  // Filters.
  `${FROM} | WHERE ${EQL_ALLOWED} AND ${OBJECT}.resource IN ("roles", "clusterroles") AND KQL("""${A}.verb:("create" or "patch" or "update") and ${A}.requestObject.rules.verbs:"*" and not user.name:system\\:*""") | KEEP *`,
  `${FROM} | WHERE KQL("""${OBJECT}.resource:"pods" and ${A}.verb:"create" and ${A}.requestObject.spec.containers.image:*\\:latest""") AND NOT STARTS_WITH(user.name, "system:") | KEEP *`,
  // Transforms.
  `${COMMAND}
| WHERE command RLIKE """.*(nc|ncat|socat) .*(-e|exec).*""" AND NOT command RLIKE """.*(localhost|127\\.0\\.0\\.1|healthz).*""" | KEEP *`,
  `${COMMAND}
| WHERE command RLIKE """.*(/etc/(passwd|shadow|group)|/root/\\.[a-z]+|/home/[^/]+/\\.(ssh|netrc|docker)|/proc/[^/]+/(environ|maps)|\\.(crt|der|pfx)).*"""
| EVAL kind = CASE(command LIKE "*/etc/*", "accounts", command RLIKE """.*/\\.(ssh|netrc|docker).*""", "keys", command LIKE "*/proc/*", "environment", "other") | KEEP *`,
  `${COMMAND}
| WHERE command IS NOT NULL AND TO_LOWER(command) RLIKE """.*(apt|apk|yum|dnf|pip) +(add|install) .*""" | KEEP *`,
  `${COMMAND}
| EVAL shell = CASE(command RLIKE """(/usr)?/bin/(ba|da|z)?sh( .*)?""", "shell", command LIKE "python*", "python", NULL)
| WHERE shell IS NOT NULL AND NOT user.name LIKE "system:*" | KEEP *`,
  // Groups.
  `${FROM} | WHERE ${OBJECT}.resource == "secrets" AND ${A}.verb == "get" AND ${EQL_ALLOWED} AND NOT user.name LIKE "system:*"
| STATS names = COUNT_DISTINCT(${OBJECT}.name), seen = COUNT(*) BY user.name, source.ip | WHERE names >= 5`,
  `${FROM} | WHERE ${EQL_DENIED} AND ${A}.user.username LIKE "system:serviceaccount:*"
| STATS kinds = COUNT_DISTINCT(${OBJECT}.resource), last = MAX(@timestamp) BY ${A}.user.username | WHERE kinds > 3`,
  `${FROM} | WHERE ${A}.user.username IN ("system:anonymous", "system:unauthenticated") AND NOT ${A}.requestURI RLIKE """/(healthz|livez|readyz|version).*"""
| STATS paths = COUNT_DISTINCT(${A}.requestURI) BY source.ip, user_agent.original | WHERE paths > 5`,
  `${FROM} | WHERE ${A}.verb == "delete" AND ${OBJECT}.resource IN ("pods", "deployments", "persistentvolumeclaims") AND ${EQL_ALLOWED} AND NOT user.name LIKE "system:*"
| STATS deleted = COUNT(*), kinds = VALUES(${OBJECT}.resource) BY user.name, ${OBJECT}.namespace | WHERE deleted > 20`,
  `${FROM} | WHERE KQL("""${OBJECT}.resource:"pods" and ${OBJECT}.subresource:("exec" or "attach") and user.name:(* and not system\\:*)""")
| STATS pods = COUNT_DISTINCT(${OBJECT}.name) BY user.name | WHERE pods > 10`,
];

/** The rules, each as the text of a file. */
export function ruleMix(): readonly string[] {
  return [
    ...QUERIES.map((query, i) => ruleText(`mix-query-${i}`, { type: 'query', query })),
    ...NEW_TERMS.map(([query, fields], i) =>
      ruleText(`mix-new-terms-${i}`, { type: 'new_terms', query, newTerms: { fields, window: '7d' } }),
    ),
    ...EQL.map((query, i) => ruleText(`mix-eql-${i}`, { type: 'eql', query })),
    ruleText('mix-sequence', { type: 'eql', query: SEQUENCE }),
    ...THRESHOLDS.map(([query, threshold], i) =>
      ruleText(`mix-threshold-${i}`, { type: 'threshold', query, threshold }),
    ),
    ...ESQL.map((query, i) => ruleText(`mix-esql-${i}`, { type: 'esql', query })),
  ];
}

function ruleText(name: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { title: name, severity: 'medium', ...spec },
  });
}
