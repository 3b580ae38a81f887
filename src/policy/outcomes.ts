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

/** What a policy makes of some requests of a need. */
export interface Outcome {
  readonly box: Box;
  /** The rule of the policy that decides; undefined if none matches, and so nothing is recorded. */
  readonly decidedBy: PolicyRule | undefined;
  readonly level: Level;
  /** At which something is recorded. */
  readonly stages: ReadonlySet<Stage>;
}

/** What the policy makes of every request of a need: the outcomes do not overlap, and together they are all of them. */
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

/** True if the rule that has the need may match one of the events of these requests. */
export function isSeen(need: Need, { level, stages }: Outcome): boolean {
  return need.levels.has(level) && !need.stages.isDisjointFrom(stages);
}

/** True if the rule that has the need sees all that it looks into. */
export function isFull(need: Need, { level, stages }: Outcome): boolean {
  return need.fullLevels.has(level) && wantedStages(need).isSubsetOf(stages);
}

/**
 * The stages that a need asks for. That a request has arrived says nothing that its later stages do not say, so that
 * stage is asked for only where the rule leaves out the last one.
 */
export function wantedStages({ stages }: Need): ReadonlySet<Stage> {
  return stages.has('ResponseComplete') ? stages.difference(new Set<Stage>(['RequestReceived'])) : stages;
}

/** @see k8s.io/apiserver/pkg/server `BasicLongRunningRequestCheck` */
const LONG_RUNNING_SUBRESOURCES = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/** The part of a need's stages that its usual requests reach: ResponseStarted is of requests that take long, and of failed logins. */
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
 * The requests among them that a cluster sees: verbs that go with what is asked for, resources in the groups where they
 * are built in, and, where the rule names no subresource, the resource itself.
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

/** Some of the requests in words, as far as they are not all of the need: `watch secrets, configmaps by system:nodes`. */
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
