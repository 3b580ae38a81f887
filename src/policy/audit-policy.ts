/**
 * The audit policy of kube-apiserver, audit.k8s.io/v1 `Policy`, as far as it decides what is recorded.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Policy` for the meaning of the fields
 */
export interface AuditPolicy {
  readonly rules: readonly PolicyRule[];
  /** Stages that are never recorded, whatever a rule says. */
  readonly omitStages: readonly Stage[];
}

/** A rule of the policy. The first rule that matches a request decides; an empty list matches everything. */
export interface PolicyRule {
  readonly level: Level;
  /** Names of the authenticated user, never of an impersonated one. */
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly GroupResources[];
  /** `""` means requests without a namespace. */
  readonly namespaces: readonly string[];
  /** Paths, with `*` only as the last character; only for requests without a resource. */
  readonly nonResourceURLs: readonly string[];
  /** In addition to those of the policy. */
  readonly omitStages: readonly Stage[];
  /** Its line in the source text, from 1. */
  readonly line?: number;
}

export interface GroupResources {
  /** `""` is the core group; `*` all groups, from Kubernetes 1.36 on. */
  readonly group: string;
  /** `pods`, `pods/log`, `*`, `pods/*` (the resource itself too), `*` with `/scale`; empty for all. */
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** From the least recorded to the most. */
export const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof LEVELS)[number];

/** In the order in which a request reaches them. */
export const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof STAGES)[number];

/** A rule that selects every request, the baseline for descriptions. */
export const EVERY_REQUEST: Omit<PolicyRule, 'level'> = {
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: [],
};

/** A valid API group name; `""` is the core group. kube-apiserver does not start with an invalid one in its policy. */
export const GROUP_NAME = /^(?:|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/;
