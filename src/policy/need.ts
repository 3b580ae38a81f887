import type { Level, Stage } from './audit-policy.ts';
import {
  ANY,
  both,
  bothLoose,
  either,
  eitherLoose,
  isImpossible,
  isSame,
  isSameLoose,
  isSameSet,
  LOOSE,
  type Loose,
  type Values,
} from './values.ts';

/** Request attributes that a policy can select by and that have a single value. */
export const ATTRIBUTES = ['verb', 'user', 'group', 'resource', 'subresource', 'namespace', 'name'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

/**
 * One way in which a rule can match: the requests that it may match, in terms that a policy can select by, and what
 * must be recorded. It may include requests that the rule does not match, but misses none that it does.
 */
export interface Need {
  readonly attributes: Readonly<Record<Attribute, Values>>;
  /** The groups of the authenticated user. */
  readonly userGroups: Loose;
  /** Patterns of the URI, `*` as their last character at most. */
  readonly uri: Loose;
  /** Stages at which the rule may match. */
  readonly stages: ReadonlySet<Stage>;
  /** Levels at which the rule may match. */
  readonly levels: ReadonlySet<Level>;
  /** Levels at which it sees everything that it reads. */
  readonly fullLevels: ReadonlySet<Level>;
  /** The body fields that it reads. */
  readonly reads: ReadonlySet<string>;
  /** It reads the authorizer's decision or the response, so the request has a user and is past RequestReceived. */
  readonly isDecided: boolean;
}

export const RECORDED = ['Metadata', 'Request', 'RequestResponse'] as const;
const STAGES_ALL = new Set<Stage>(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']);

/** Every request, at every stage and level. */
export const EVERYTHING: Need = {
  attributes: { verb: ANY, user: ANY, group: ANY, resource: ANY, subresource: ANY, namespace: ANY, name: ANY },
  userGroups: LOOSE,
  uri: LOOSE,
  stages: STAGES_ALL,
  levels: new Set(RECORDED),
  fullLevels: new Set(RECORDED),
  reads: new Set(),
  isDecided: false,
};

/** Beyond this number the needs of an `or` are merged, so that no query grows without bound. */
const MOST_NEEDS = 48;

/** The requests in both; undefined if there are none. */
export function bothNeeds(a: Need, b: Need): Need | undefined {
  const need: Need = {
    attributes: eachAttribute((attribute) => both(a.attributes[attribute], b.attributes[attribute])),
    userGroups: bothLoose(a.userGroups, b.userGroups),
    uri: bothLoose(a.uri, b.uri),
    stages: a.stages.intersection(b.stages),
    levels: a.levels.intersection(b.levels),
    fullLevels: a.fullLevels.intersection(b.fullLevels),
    reads: a.reads.union(b.reads),
    isDecided: a.isDecided || b.isDecided,
  };
  const impossible =
    ATTRIBUTES.some((attribute) => isImpossible(need.attributes[attribute])) ||
    need.stages.size === 0 ||
    need.levels.size === 0;
  return impossible ? undefined : need;
}

/** Each of one list combined with each of the other. */
export function allOf(a: readonly Need[], b: readonly Need[]): readonly Need[] {
  return merged(a.flatMap((one) => b.flatMap((other) => bothNeeds(one, other) ?? [])));
}

/**
 * Fewer needs for the same requests: a need contained in another is dropped, and two that differ in one attribute
 * merge. If there are still too many, needs with the same demands merge into one that covers more.
 */
export function merged(needs: readonly Need[]): readonly Need[] {
  const kept: Need[] = [];
  for (const need of needs) insert(kept, need, joinExactly);
  if (kept.length <= MOST_NEEDS) return kept;
  const few: Need[] = [];
  for (const need of kept) insert(few, need, (a, b) => (haveSameDemands(a, b) ? join(a, b) : undefined));
  return few;
}

function insert(kept: Need[], added: Need, joined: (a: Need, b: Need) => Need | undefined): void {
  let need = added;
  for (let index = 0; index < kept.length; index++) {
    const other = kept[index];
    const one = other === undefined ? undefined : joined(other, need);
    if (one === undefined) continue;
    kept.splice(index, 1);
    need = one;
    index = -1;
  }
  kept.push(need);
}

function haveSameDemands(a: Need, b: Need): boolean {
  return (
    isSameSet(a.levels, b.levels) &&
    isSameSet(a.fullLevels, b.fullLevels) &&
    isSameSet(a.stages, b.stages) &&
    a.isDecided === b.isDecided
  );
}

/** One need for exactly the requests of two; undefined if there is none. */
export function joinExactly(a: Need, b: Need): Need | undefined {
  if (!haveSameDemands(a, b)) {
    const areAlternatives = isSameRequests(a, b) && isSameSet(a.reads, b.reads) && a.isDecided === b.isDecided;
    if (!areAlternatives || !areBoxes(a, b)) return undefined;
    return {
      ...a,
      stages: a.stages.union(b.stages),
      levels: a.levels.union(b.levels),
      fullLevels: a.fullLevels.union(b.fullLevels),
    };
  }
  const one = join(a, b);
  if (isSameRequests(one, a) || isSameRequests(one, b)) return one;
  const different = ATTRIBUTES.filter((attribute) => !isSame(a.attributes[attribute], b.attributes[attribute]));
  const loose = [isSameLoose(a.userGroups, b.userGroups), isSameLoose(a.uri, b.uri)].filter((same) => !same);
  return different.length + loose.length <= 1 ? one : undefined;
}

/**
 * True if stages and levels still form a product: two needs that differ in both would merge into more than they are.
 */
function areBoxes(a: Need, b: Need): boolean {
  return isSameSet(a.stages, b.stages) || (isSameSet(a.levels, b.levels) && isSameSet(a.fullLevels, b.fullLevels));
}

function isSameRequests(a: Need, b: Need): boolean {
  return (
    ATTRIBUTES.every((attribute) => isSame(a.attributes[attribute], b.attributes[attribute])) &&
    isSameLoose(a.userGroups, b.userGroups) &&
    isSameLoose(a.uri, b.uri)
  );
}

function join(a: Need, b: Need): Need {
  return {
    ...a,
    attributes: eachAttribute((attribute) => either(a.attributes[attribute], b.attributes[attribute])),
    userGroups: eitherLoose(a.userGroups, b.userGroups),
    uri: eitherLoose(a.uri, b.uri),
    reads: a.reads.union(b.reads),
  };
}

export function eachAttribute(valuesOf: (attribute: Attribute) => Values): Record<Attribute, Values> {
  return {
    verb: valuesOf('verb'),
    user: valuesOf('user'),
    group: valuesOf('group'),
    resource: valuesOf('resource'),
    subresource: valuesOf('subresource'),
    namespace: valuesOf('namespace'),
    name: valuesOf('name'),
  };
}
