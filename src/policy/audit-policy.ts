/**
 * The audit policy of kube-apiserver, audit.k8s.io/v1 `Policy`, as far as it decides what is recorded.
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Policy` for what the fields mean
 */
export interface AuditPolicy {
  readonly rules: readonly PolicyRule[];
  /** Stages at which nothing is recorded, whatever a rule says. */
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
  /** `""` stands for what has no namespace. */
  readonly namespaces: readonly string[];
  /** Paths, with `*` as the last character at most; only of requests that are not about a resource. */
  readonly nonResourceURLs: readonly string[];
  /** Besides those of the policy. */
  readonly omitStages: readonly Stage[];
  /** Where it begins in the text that it was read from, from 1. */
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

/** A rule that selects every request, for what differs from it to be said. */
export const EVERY_REQUEST: Omit<PolicyRule, 'level'> = {
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: [],
};

/** The names that an API group can have; `""` is the core group. kube-apiserver does not start with another one in its policy. */
export const GROUP_NAME = /^(?:|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/;
