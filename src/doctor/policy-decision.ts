import type { AuditPolicy, GroupResources, Level, PolicyRule } from '../policy/audit-policy.ts';

/** A request as an audit policy sees it: about a resource of the cluster, or in any namespace. */
export interface PolicyRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/**
 * The level at which a policy records a request: that of the first rule that matches. Skips rules limited to namespaces,
 * names or paths, because they never match a whole kind of request.
 * Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go
 */
export function levelOf({ rules }: AuditPolicy, request: PolicyRequest): Level {
  return rules.find((rule) => matches(rule, request))?.level ?? 'None';
}

function matches(rule: PolicyRule, request: PolicyRequest): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule;
  if (namespaces.length > 0 || (nonResourceURLs.length > 0 && resources.length === 0)) return false;
  return (
    (users.length === 0 || users.includes(request.user)) &&
    (userGroups.length === 0 || userGroups.some((group) => request.groups.includes(group))) &&
    (verbs.length === 0 || verbs.includes('*') || verbs.includes(request.verb)) &&
    (resources.length === 0 || resources.some((listed) => names(listed, request)))
  );
}

function names(listed: GroupResources, { group, resource, subresource }: PolicyRequest): boolean {
  if ((listed.group !== group && listed.group !== '*') || listed.resourceNames.length > 0) return false;
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  const alike = subresource === undefined ? [] : [`*/${subresource}`];
  const matching = ['*', whole, `${resource}/*`, ...alike];
  return listed.resources.length === 0 || listed.resources.some((name) => matching.includes(name));
}
