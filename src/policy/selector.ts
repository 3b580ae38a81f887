import { EVERY_REQUEST, GROUP_NAME, type GroupResources, type PolicyRule } from './audit-policy.ts';
import { builtinGroupsOf } from './builtin-resources.ts';
import { eachAttribute, type Need } from './need.ts';
import { isPathOnly } from './request-space.ts';
import { ANY, allows, both, LOOSE, noneOf, oneOf, type Values } from './values.ts';

/** What a policy selects by; level and stages are separate. */
export type Selector = Omit<PolicyRule, 'level' | 'omitStages' | 'line'>;

/**
 * A selector for all requests of a need, and for no others that a policy can distinguish.
 *
 * `hasGroupWildcard`: the API server accepts `group: "*"` (Kubernetes 1.36 and later; earlier versions do not start
 * with it). Without it, a resource without a group is selected in its built-in groups.
 */
export function selectorOf(need: Need, hasGroupWildcard: boolean): Selector {
  const { user, verb, namespace, resource } = need.attributes;
  const { some } = need.uri;
  const paths = some !== undefined && allows(resource, '') && [...some].every(isPathOnly) ? [...some] : [];
  const resources = paths.length > 0 ? [] : resourcesOf(need, hasGroupWildcard);
  const canSelectNone = isAboutResource(need) || !allows(namespace, '');
  return {
    ...EVERY_REQUEST,
    users: allows(user, '') ? [] : listed(user),
    userGroups: [...(need.userGroups.some ?? [])],
    verbs: listed(verb),
    namespaces: paths.length === 0 && canSelectNone ? listed(namespace) : [],
    nonResourceURLs: paths,
    resources,
  };
}

/** All requests that the selector of a need selects, as a need: at least those of the need. */
export function selectedBy(need: Need, hasGroupWildcard: boolean): Need {
  const selector = selectorOf(need, hasGroupWildcard);
  const { resources, nonResourceURLs, userGroups } = selector;
  const bySelector = {
    verb: selector.verbs,
    user: selector.users,
    namespace: selector.namespaces,
    name: resources[0]?.resourceNames ?? [],
  };
  const { subresource, resource, group } = need.attributes;
  const asNeeded = { subresource: resource.kind === 'in' ? subresource : ANY, resource, group };
  const attributes = eachAttribute((attribute) => {
    switch (attribute) {
      case 'verb':
      case 'user':
      case 'namespace':
      case 'name':
        return bySelector[attribute].length > 0 ? oneOf(...bySelector[attribute]) : ANY;
      case 'resource':
      case 'subresource':
      case 'group':
        if (nonResourceURLs.length > 0) return oneOf('');
        return resources.length > 0 && asNeeded[attribute].kind === 'in' ? asNeeded[attribute] : ANY;
    }
  });
  return {
    ...need,
    attributes,
    userGroups: userGroups.length > 0 ? { some: new Set(userGroups), none: new Set() } : LOOSE,
    uri: nonResourceURLs.length > 0 ? { some: new Set(nonResourceURLs), none: new Set() } : LOOSE,
  };
}

/**
 * Splits the need into parts whose names can be selected. A policy compares the name in the path, but a new object's
 * name is in its body, so `create` is separate and has no name.
 */
export function splitByName(need: Need): readonly Need[] {
  const { verb, name } = need.attributes;
  if (!hasName(name) || verb.kind === 'notIn' || !verb.values.has('create')) return [need];
  const withVerb = (values: Values) => ({
    ...need,
    attributes: eachAttribute((attribute) => (attribute === 'verb' ? values : need.attributes[attribute])),
  });
  const others = both(verb, noneOf('create'));
  return [withVerb(oneOf('create')), ...(others.values.size > 0 ? [withVerb(others)] : [])];
}

function hasName(name: Values): boolean {
  return name.kind === 'in' && !name.values.has('');
}

function listed({ kind, values }: Values): readonly string[] {
  return kind === 'in' ? [...values] : [];
}

/** True if it cannot be a non-resource request, because it requires an attribute that only a resource has. */
function isAboutResource({ attributes }: Need): boolean {
  return (['resource', 'group', 'subresource', 'name'] as const).some(
    (attribute) => !allows(attributes[attribute], ''),
  );
}

function resourcesOf(need: Need, hasGroupWildcard: boolean): readonly GroupResources[] {
  const { group, resource, subresource, name, verb } = need.attributes;
  if (!isAboutResource(need)) return [];
  const heads = resource.kind === 'in' ? listed(resource) : ['*'];
  const named = hasName(name) && verb.kind === 'in' && !verb.values.has('create');
  const byGroup = new Map<string, string[]>();
  for (const head of heads) {
    const groups = groupsOf(head, group, hasGroupWildcard);
    if (groups === undefined) return [];
    for (const of of groups) byGroup.set(of, [...(byGroup.get(of) ?? []), ...patternsOf(head, subresource)]);
  }
  return [...byGroup].map(([of, patterns]) => ({
    group: of,
    resources: patterns.includes('*') && !named ? [] : patterns,
    resourceNames: named ? listed(name) : [],
  }));
}

/** Undefined if no list of groups is possible. */
function groupsOf(head: string, group: Values, hasGroupWildcard: boolean): readonly string[] | undefined {
  if (group.kind === 'in') {
    // No request has a name that no group can have.
    const possible = listed(group).filter((name) => GROUP_NAME.test(name));
    return possible.length > 0 ? possible : undefined;
  }
  if (hasGroupWildcard) return ['*'];
  const builtin = builtinGroupsOf(head).filter((of) => allows(group, of));
  return builtin.length > 0 ? builtin : undefined;
}

function patternsOf(head: string, subresource: Values): readonly string[] {
  if (subresource.kind === 'notIn') return head === '*' ? ['*'] : [head, `${head}/*`];
  return listed(subresource).map((name) => (name === '' ? head : `${head}/${name}`));
}
