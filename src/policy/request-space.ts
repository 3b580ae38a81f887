import type { AuditPolicy, GroupResources, PolicyRule } from './audit-policy.ts';
import { builtinGroupsOf } from './builtin-resources.ts';
import type { Need } from './need.ts';
import { allows, type Values } from './values.ts';

/** Represents every value that neither the rule nor the policy names. */
export const OTHER = '\u0000other';

export const RESOURCE_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
/** For requests without a resource: the method in lower case. */
export const PATH_VERBS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

const ANONYMOUS = 'system:anonymous';
const UNAUTHENTICATED = 'system:unauthenticated';
const AUTHENTICATED = 'system:authenticated';

/**
 * The authenticated user. Every user except the anonymous one is in the group system:authenticated; a failed login has
 * no known user.
 */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

export type Target =
  | { readonly kind: 'resource'; readonly group: string; readonly resource: string; readonly subresource: string }
  | { readonly kind: 'path'; readonly path: string };

/**
 * The requests of a need as a policy can distinguish them, by representatives: each attribute has the values that the
 * need or the policy names, and one more for the rest. Every request is treated like one of these combinations.
 */
export interface RequestSpace {
  readonly verbs: readonly string[];
  readonly identities: readonly Identity[];
  readonly targets: readonly Target[];
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
}

/** A set of requests: the product of its verbs, identities and so on. Bits are positions in the space. */
export interface Box {
  readonly verbs: bigint;
  readonly identities: bigint;
  readonly targets: bigint;
  readonly namespaces: bigint;
  readonly names: bigint;
}

const SIDES = ['verbs', 'identities', 'targets', 'namespaces', 'names'] as const;

export function requestSpace(need: Need, policy: AuditPolicy): RequestSpace {
  const { verb, namespace, name } = need.attributes;
  const { rules } = policy;
  const entries = rules.flatMap(({ resources }) => resources);
  const named = (values: Values, inPolicy: readonly string[], usual: readonly string[] = []) =>
    choose(values, [...usual, ...inPolicy, OTHER]);
  return {
    verbs: named(
      verb,
      rules.flatMap(({ verbs }) => verbs),
      [...RESOURCE_VERBS, ...PATH_VERBS],
    ),
    identities: identitiesOf(need, rules),
    targets: [...resourceTargets(need, entries), ...pathTargets(need, rules)],
    namespaces: named(
      namespace,
      rules.flatMap(({ namespaces }) => namespaces),
      [''],
    ),
    names: named(
      name,
      entries.flatMap(({ resourceNames }) => resourceNames),
      [''],
    ),
  };
}

/** All requests of the space: those for resources, and those for paths, which have no namespace and no name. */
export function wholeSpace(space: RequestSpace): readonly Box[] {
  const all = {
    verbs: bits(space.verbs, () => true),
    identities: bits(space.identities, () => true),
    namespaces: bits(space.namespaces, () => true),
    names: bits(space.names, () => true),
  };
  return [
    { ...all, targets: bits(space.targets, ({ kind }) => kind === 'resource') },
    {
      ...all,
      targets: bits(space.targets, ({ kind }) => kind === 'path'),
      namespaces: bits(space.namespaces, (text) => text === ''),
      names: bits(space.names, (text) => text === ''),
    },
  ].filter((box) => !isEmpty(box));
}

/** The requests of the space that a policy rule matches. @see k8s.io/apiserver/pkg/audit/policy `ruleMatches` */
export function matchedBy(rule: PolicyRule, space: RequestSpace): readonly Box[] {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule;
  const isIn = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  const isAboutResources = namespaces.length > 0 || resources.length > 0;
  const common = {
    verbs: bits(space.verbs, (verb) => isIn(verbs, verb)),
    identities: bits(
      space.identities,
      ({ user, groups }) =>
        (users.length === 0 || (user !== '' && users.includes(user))) &&
        (userGroups.length === 0 || groups.some((group) => userGroups.includes(group))),
    ),
    namespaces: bits(space.namespaces, (namespace) => isIn(namespaces, namespace)),
    names: bits(space.names, () => true),
  };
  if (resources.length === 0) {
    const targets = bits(space.targets, (target) => {
      if (target.kind === 'resource') return isAboutResources || nonResourceURLs.length === 0;
      return !isAboutResources && (nonResourceURLs.length === 0 || matchesPath(nonResourceURLs, target.path));
    });
    return [{ ...common, targets }].filter((box) => !isEmpty(box));
  }
  return resources
    .map((entry) => ({
      ...common,
      targets: bits(space.targets, (target) => target.kind === 'resource' && matchesResource(entry, target)),
      names: bits(space.names, (name) => entry.resources.length === 0 || isIn(entry.resourceNames, name)),
    }))
    .filter((box) => !isEmpty(box));
}

function matchesResource(
  { group, resources }: GroupResources,
  target: Extract<Target, { readonly kind: 'resource' }>,
): boolean {
  if (group !== target.group && group !== '*') return false;
  const { resource, subresource } = target;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    resources.length === 0 ||
    resources.some(
      (pattern) =>
        pattern === '*' ||
        pattern === whole ||
        pattern === `${resource}/*` ||
        (subresource !== '' && pattern === `*/${subresource}`),
    )
  );
}

export function matchesPath(patterns: Iterable<string>, path: string): boolean {
  for (const pattern of patterns) {
    if (pattern === '*' || pattern === path) return true;
    if (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))) return true;
  }
  return false;
}

export function intersection(a: Box, b: Box): Box | undefined {
  const box = {
    verbs: a.verbs & b.verbs,
    identities: a.identities & b.identities,
    targets: a.targets & b.targets,
    namespaces: a.namespaces & b.namespaces,
    names: a.names & b.names,
  };
  return isEmpty(box) ? undefined : box;
}

/** `a` without `b`, as disjoint boxes. */
export function difference(a: Box, b: Box): readonly Box[] {
  if (intersection(a, b) === undefined) return [a];
  const rest: Box[] = [];
  let inside = a;
  for (const side of SIDES) {
    const outside = { ...inside, [side]: inside[side] & ~b[side] };
    if (!isEmpty(outside)) rest.push(outside);
    inside = { ...inside, [side]: inside[side] & b[side] };
  }
  return rest;
}

/** The smallest box that contains both. */
export function hull(a: Box, b: Box): Box {
  return {
    verbs: a.verbs | b.verbs,
    identities: a.identities | b.identities,
    targets: a.targets | b.targets,
    namespaces: a.namespaces | b.namespaces,
    names: a.names | b.names,
  };
}

function isEmpty(box: Box): boolean {
  return SIDES.some((side) => box[side] === 0n);
}

/** The members at the positions of the bits. */
export function members<T>(all: readonly T[], chosen: bigint): readonly T[] {
  return all.filter((_, index) => (chosen >> BigInt(index)) & 1n);
}

export function bits<T>(all: readonly T[], isChosen: (member: T) => boolean): bigint {
  let chosen = 0n;
  for (const [index, member] of all.entries()) if (isChosen(member)) chosen |= 1n << BigInt(index);
  return chosen;
}

/** The values that a need names, else those of these that it allows. */
function choose(values: Values, from: readonly string[]): readonly string[] {
  if (values.kind === 'in') return [...values.values];
  return [...new Set([...from, ...values.values])].filter((value) => allows(values, value));
}

/**
 * Users with their relevant groups. A single group is enough to decide, so only groups that a need requires are
 * combined.
 */
function identitiesOf({ attributes, userGroups }: Need, rules: readonly PolicyRule[]): readonly Identity[] {
  const users = choose(attributes.user, ['', ANONYMOUS, ...rules.flatMap((rule) => rule.users), OTHER]);
  const general = new Set([AUTHENTICATED, UNAUTHENTICATED]);
  const groups = [...new Set(rules.flatMap((rule) => rule.userGroups))].filter((group) => !general.has(group));
  const asked = [...(userGroups.some ?? [])].filter((group) => !general.has(group));
  const combinations = [[], ...groups.map((group) => [group]), ...asked.map((group) => [group])].concat(
    asked.flatMap((group) => groups.map((other) => [group, other])),
  );
  const identities = users.flatMap((user): readonly Identity[] => {
    if (user === '') return [{ user, groups: [] }];
    if (user === ANONYMOUS) return [{ user, groups: [UNAUTHENTICATED] }];
    return combinations.map((some) => ({ user, groups: [AUTHENTICATED, ...some] }));
  });
  return identities.filter(
    ({ groups: has }) =>
      (userGroups.some === undefined || has.some((group) => userGroups.some?.has(group))) &&
      !has.some((group) => userGroups.none.has(group)),
  );
}

function resourceTargets(need: Need, entries: readonly GroupResources[]): readonly Target[] {
  const { group, resource, subresource } = need.attributes;
  if (need.uri.some !== undefined && [...need.uri.some].every(isPathOnly)) return [];
  const patterns = entries.flatMap(({ resources }) => resources).map((text) => text.split('/', 2));
  const inPolicy = patterns.flatMap(([head = '']) => (head === '*' ? [] : [head]));
  const groups = entries.map((entry) => entry.group).filter((text) => text !== '*');
  return choose(resource, [...inPolicy, OTHER])
    .filter((name) => name !== '')
    .flatMap((name) => {
      const subs = patterns.flatMap(([head, sub]) =>
        sub !== undefined && sub !== '*' && (head === name || head === '*') ? [sub] : [],
      );
      return choose(group, ['', ...builtinGroupsOf(name), ...groups, OTHER]).flatMap((of) =>
        choose(subresource, ['', ...subs, OTHER]).map(
          (sub): Target => ({ kind: 'resource', group: of, resource: name, subresource: sub }),
        ),
      );
    });
}

function pathTargets({ attributes, uri }: Need, rules: readonly PolicyRule[]): readonly Target[] {
  if ((['group', 'resource', 'subresource', 'namespace', 'name'] as const).some((of) => !allows(attributes[of], '')))
    return [];
  const patterns = [...rules.flatMap(({ nonResourceURLs }) => nonResourceURLs), ...(uri.some ?? []), ...uri.none];
  const paths = patterns.flatMap((pattern) => {
    const start = pattern.replace(/\*+$/, '');
    return pattern === start ? [start] : [start, start + OTHER];
  });
  return [...new Set([...paths, `/${OTHER}`])]
    .filter((path) => path.startsWith('/'))
    .filter((path) => (uri.some === undefined || matchesPath(uri.some, path)) && !matchesPath(uri.none, path))
    .map((path) => ({ kind: 'path', path }));
}

/** True if the pattern matches no resource path. @see k8s.io/apiserver/pkg/endpoints/request `NewRequestInfo` */
export function isPathOnly(pattern: string): boolean {
  const start = pattern.replace(/\*+$/, '');
  return !['/api/', '/apis/'].some((prefix) => prefix.startsWith(start) || start.startsWith(prefix));
}
