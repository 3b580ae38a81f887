import type { GroupResources, PolicyRule } from './audit-policy.ts';

/** firstseen's account if the chart is installed as documented. */
export const DEFAULT_ACCOUNT = 'system:serviceaccount:firstseen:firstseen';

/**
 * The routine requests of firstseen, each by verb and resource together; nothing else of its account.
 * `ingest/own-writes.ts` drops the same.
 */
export const OWN_REQUESTS: readonly Pick<PolicyRule, 'verbs' | 'resources'>[] = [
  own(['get', 'list', 'watch', 'create', 'delete'], 'firstseen.dev', ['alerts']),
  own(['patch'], 'firstseen.dev', ['alerts/status', 'detectionrules/status', 'ruleexceptions/status']),
  own(['create'], 'events.k8s.io', ['events']),
];

function own(
  verbs: readonly string[],
  group: string,
  resources: readonly string[],
): Pick<PolicyRule, 'verbs' | 'resources'> {
  return { verbs, resources: [{ group, resources, resourceNames: [] }] };
}

/** True if a policy rule excludes only these requests, of this account. */
export function leavesOutOwnRequests({ level, users, verbs, resources }: PolicyRule, account: string): boolean {
  if (level !== 'None' || users.length === 0 || !users.every((user) => user === account)) return false;
  return verbs.length > 0 && resources.length > 0 && resources.every((entry) => isOwn(entry, verbs));
}

function isOwn({ group, resources }: GroupResources, verbs: readonly string[]): boolean {
  const known = OWN_REQUESTS.filter(({ resources: [entry] }) => entry?.group === group);
  return (
    resources.length > 0 &&
    resources.every((resource) =>
      known.some(
        (each) =>
          each.resources.some((entry) => entry.resources.includes(resource)) &&
          verbs.every((verb) => each.verbs.includes(verb)),
      ),
    )
  );
}
