import type { AuditPolicy, Level, PolicyRule, Stage } from './audit-policy.ts';
import { STAGES } from './audit-policy.ts';
import { builtinGroupsOf } from './builtin-resources.ts';
import type { Need } from './need.ts';
import {
  type Box,
  bits,
  difference,
  intersection,
  matchedBy,
  members,
  OTHER,
  PATH_VERBS,
  RESOURCE_VERBS,
  type RequestSpace,
  requestSpace,
  wholeSpace,
} from './request-space.ts';
import { allows } from './values.ts';

/** What a policy does with some requests of a need. */
export interface Outcome {
  readonly box: Box;
  /** The deciding policy rule; undefined if none matches, so nothing is recorded. */
  readonly decidedBy: PolicyRule | undefined;
  readonly level: Level;
  /** The recorded stages. */
  readonly stages: ReadonlySet<Stage>;
}

/** What the policy does with every request of a need: the outcomes are disjoint and complete. */
export function outcomesOf(
  need: Need,
  policy: AuditPolicy,
): { readonly space: RequestSpace; readonly outcomes: readonly Outcome[] } {
  const space = requestSpace(need, policy);
  const outcomes: Outcome[] = [];
  let rest: readonly Box[] = wholeSpace(space);
  for (const rule of policy.rules) {
    if (rest.length === 0) break;
    const omitted = new Set([...policy.omitStages, ...rule.omitStages]);
    const stages = rule.level === 'None' ? [] : STAGES.filter((stage) => !omitted.has(stage));
    for (const matched of matchedBy(rule, space)) {
      for (const box of rest.flatMap((left) => intersection(left, matched) ?? []))
        outcomes.push({ box, decidedBy: rule, level: rule.level, stages: new Set(stages) });
      rest = rest.flatMap((box) => difference(box, matched));
    }
  }
  for (const box of rest) outcomes.push({ box, decidedBy: undefined, level: 'None', stages: new Set() });
  return { space, outcomes };
}

/** True if the rule with the need may match an event of these requests. */
export function isSeen(need: Need, { level, stages }: Outcome): boolean {
  return need.levels.has(level) && !need.stages.isDisjointFrom(stages);
}

/** True if the rule with the need sees everything that it reads. */
export function isFull(need: Need, { level, stages }: Outcome): boolean {
  return need.fullLevels.has(level) && wantedStages(need).isSubsetOf(stages);
}

/**
 * The stages that a need requires. RequestReceived adds nothing to later stages, so it is required only if the rule
 * excludes the last one.
 */
export function wantedStages({ stages }: Need): ReadonlySet<Stage> {
  return stages.has('ResponseComplete') ? stages.difference(new Set<Stage>(['RequestReceived'])) : stages;
}

/** @see k8s.io/apiserver/pkg/server `BasicLongRunningRequestCheck` */
const LONG_RUNNING_SUBRESOURCES = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/**
 * The stages that usual requests of the need reach: only long-running requests and failed logins reach ResponseStarted.
 */
export function usualStages(need: Need): ReadonlySet<Stage> {
  const { verb, subresource, user } = need.attributes;
  const takesLong =
    allows(verb, 'watch') ||
    (subresource.kind === 'in' && LONG_RUNNING_SUBRESOURCES.some((name) => allows(subresource, name)));
  const stages = wantedStages(need);
  const others = stages.difference(new Set<Stage>(['ResponseStarted', 'Panic']));
  return takesLong || allows(user, '') || others.size === 0 ? stages : others;
}

/**
 * Requests that a cluster really has: verbs that fit the target, resources in their built-in groups, and, if the rule
 * names no subresource, the resource itself.
 */
export function usualPart(need: Need, space: RequestSpace, box: Box): Box | undefined {
  const { subresource } = need.attributes;
  const resources = {
    verbs: bits(space.verbs, (verb) => RESOURCE_VERBS.includes(verb)),
    targets: bits(
      space.targets,
      (target) =>
        target.kind === 'resource' &&
        (target.subresource === '' || subresource.kind === 'in') &&
        target.group !== OTHER &&
        (builtinGroupsOf(target.resource).length === 0 || builtinGroupsOf(target.resource).includes(target.group)),
    ),
  };
  const paths = {
    verbs: bits(space.verbs, (verb) => PATH_VERBS.includes(verb)),
    targets: bits(space.targets, ({ kind }) => kind === 'path'),
  };
  return intersection(box, { ...box, ...resources }) ?? intersection(box, { ...box, ...paths });
}

const MOST_SHOWN = 3;

/**
 * Some of the requests in words, where they differ from the whole need: `watch secrets, configmaps by system:nodes`.
 */
export function describeBox(space: RequestSpace, whole: readonly Box[], box: Box): string {
  const isPart = (side: keyof Box) => whole.every((all) => all[side] !== box[side]);
  const list = (texts: readonly string[], none: string) => {
    const unique = [...new Set(texts)].map((text) => (text === '' ? none : text.replaceAll(OTHER, 'others')));
    const shown = unique.slice(0, MOST_SHOWN).join(', ');
    return unique.length > MOST_SHOWN ? `${shown} and ${unique.length - MOST_SHOWN} more` : shown;
  };
  const targets = members(space.targets, box.targets).map((target) => {
    if (target.kind === 'path') return target.path.includes(OTHER) ? target.path.replaceAll(OTHER, '…') : target.path;
    return target.subresource === '' ? target.resource : `${target.resource}/${target.subresource}`;
  });
  const identities = members(space.identities, box.identities);
  return [
    isPart('verbs') ? list(members(space.verbs, box.verbs), 'no verb') : 'requests',
    `of ${list(targets, '')}`,
    ...(isPart('namespaces') ? [`in namespace ${list(members(space.namespaces, box.namespaces), '(none)')}`] : []),
    ...(isPart('names') ? [`named ${list(members(space.names, box.names), '(none)')}`] : []),
    ...(isPart('identities')
      ? [
          `by ${list(
            identities.map(({ user, groups }) => (user === OTHER ? groups.slice(1).join(' and ') || 'others' : user)),
            'nobody',
          )}`,
        ]
      : []),
  ].join(' ');
}
