import type { GroupResources, PolicyRule } from './audit-policy.ts';

/** Who firstseen is where the chart is installed as its documents say. */
export const DEFAULT_ACCOUNT = 'system:serviceaccount:firstseen:firstseen';

/**
 * What firstseen does all day, and nothing else of its account: each is verb and resource together.
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

/** True if a rule of a policy leaves out nothing but these, of this account. */
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
