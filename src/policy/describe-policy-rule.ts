import type { PolicyRule } from './audit-policy.ts';

/**
 * The requests that a policy rule selects, in a few words: `create, update of pods, deployments (apps) in namespace
 * ci`.
 */
export function describePolicyRule(rule: PolicyRule): string {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule;
  const targets = [
    ...resources.map(({ group, resources: names, resourceNames }) => {
      const what = names.length === 0 ? 'all resources' : names.filter((name) => !isImplied(name, names)).join(', ');
      const named = resourceNames.length === 0 ? '' : ` named ${resourceNames.join(', ')}`;
      return `${what}${group === '' ? '' : ` (${group === '*' ? 'any group' : group})`}${named}`;
    }),
    ...(nonResourceURLs.length === 0 ? [] : [`paths ${nonResourceURLs.join(', ')}`]),
  ];
  const what = targets.length > 0 ? [`of ${targets.join('; ')}`] : verbs.length > 0 ? ['of anything'] : [];
  return [
    verbs.length === 0 ? 'every request' : verbs.join(', '),
    ...what,
    ...(namespaces.length === 0
      ? []
      : [`in namespace ${namespaces.map((name) => (name === '' ? '(none)' : name)).join(', ')}`]),
    ...(users.length === 0 ? [] : [`by ${users.join(', ')}`]),
    ...(userGroups.length === 0 ? [] : [`by members of ${userGroups.join(', ')}`]),
  ].join(' ');
}

/** `pods/*` beside `pods` includes subresources, which readers expect anyway. */
function isImplied(name: string, names: readonly string[]): boolean {
  return name.endsWith('/*') && names.includes(name.slice(0, -2));
}
