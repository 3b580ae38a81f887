import type { CompiledRule } from '../rules/compiled-rule.ts';
import {
  type AuditPolicy,
  EVERY_REQUEST,
  LEVELS,
  type Level,
  type PolicyRule,
  STAGES,
  type Stage,
} from './audit-policy.ts';
import { builtinGroupsOf } from './builtin-resources.ts';
import { ATTRIBUTES, type Attribute, bothNeeds, EVERYTHING, joinExactly, type Need } from './need.ts';
import { outcomesOf, wantedStages } from './outcomes.ts';
import { OWN_REQUESTS } from './own-requests.ts';
import { members } from './request-space.ts';
import { ruleNeeds } from './rule-needs.ts';
import { selectedBy, selectorOf, splitByName } from './selector.ts';
import { noneOf, oneOf } from './values.ts';

export interface DeriveOptions {
  /** The user name of firstseen's own account. */
  readonly account: string;
  /** The minor version of Kubernetes 1.x; undefined: the policy is to load on every one. */
  readonly kubernetesMinor?: number;
  /** Record the requests by which firstseen checks that events still come. */
  readonly heartbeat: boolean;
}

/** One rule of a derived policy, and why it is there. */
export interface PolicyLine {
  readonly rule: PolicyRule;
  readonly why: 'own' | 'excluded' | 'patch' | 'credentials' | 'heartbeat' | 'needed';
  /** The names of the rules that it is there for. */
  readonly for: readonly string[];
  /** The fields of bodies that they read. */
  readonly reads: readonly string[];
}

export interface DerivedPolicy {
  readonly policy: AuditPolicy;
  /** The rules of the policy, one for one. */
  readonly lines: readonly PolicyLine[];
}

/** Below HEARTBEAT_PATH stands the name of a cluster. */
export const HEARTBEAT_PATH = '/firstseen-heartbeat/';

/** `group: "*"` is accepted from here on: https://github.com/kubernetes/kubernetes/pull/135262 */
const GROUP_WILDCARD_MINOR = 36;
/** A patch that is not JSON can be sent from here on: https://github.com/kubernetes/kubernetes/pull/139419 */
const SOUND_PATCH_MINOR = 37;

/** More rules before one that leaves something out would be more to read than it saves. */
const MOST_GUARDS = 2;

/** What holds credentials, in the request or in the answer. */
const CREDENTIALS: readonly Need[] = [
  requests({ group: '', resource: 'secrets' }),
  requests({ group: '', resource: 'serviceaccounts', subresource: 'token' }),
  requests({ group: 'authentication.k8s.io', resource: 'tokenreviews' }),
];

/** A need of no request. */
const NOTHING: Need = { ...EVERYTHING, attributes: { ...EVERYTHING.attributes, verb: oneOf() } };

/** A need with the one level and the stages at which it is to be recorded. */
interface Demand {
  readonly need: Need;
  /** What its rule of the policy selects: at least the requests of the need. */
  readonly selected: Need;
  readonly level: Level;
  readonly why: Exclude<PolicyLine['why'], 'own' | 'excluded'>;
  readonly for: readonly string[];
  readonly reads: readonly string[];
}

/**
 * The smallest policy, of the kind that it knows to make, under which each rule sees all that it looks into. Rules of it with
 * a higher level come first, so that a request that several ask for is recorded as the most demanding does.
 *
 * Two things are recorded at Metadata whatever a rule asks: patches on a Kubernetes whose audit events break on them, and
 * what holds credentials. `policyCoverage` tells which rules see less for it.
 */
export function derivePolicy(rules: readonly CompiledRule[], options: DeriveOptions): DerivedPolicy {
  const { kubernetesMinor = 0, account, heartbeat } = options;
  const hasWildcard = kubernetesMinor >= GROUP_WILDCARD_MINOR;
  const hasSoundPatches = kubernetesMinor >= SOUND_PATCH_MINOR;
  const single = rules.flatMap((rule) =>
    ruleNeeds(rule).map((need) => demandOf(need, rule.document.name, hasWildcard)),
  );
  const asked = joinedDemands(heartbeat ? [...single, heartbeatDemand(hasWildcard)] : single, hasWildcard).flatMap(
    (demand) => splitByName(demand.need).map((need) => ({ ...demand, need, selected: selectedBy(need, hasWildcard) })),
  );
  const caps = asked.flatMap((demand) => capsOf(demand, hasSoundPatches));
  const demands = [
    ...joinedDemands(caps, hasWildcard),
    ...asked
      .flatMap((demand) => (hasSoundPatches ? demand : withoutPatch(demand)))
      .toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level)),
  ];

  const everyStage = demands.some(({ need }) => need.stages.has('RequestReceived'));
  const omitStages: readonly Stage[] = everyStage ? [] : ['RequestReceived'];
  const policyOf = (lines: readonly PolicyLine[]): AuditPolicy => ({
    omitStages,
    rules: lines.map(({ rule }) => rule),
  });
  const ownLines = OWN_REQUESTS.map((what): PolicyLine => {
    const rule = { ...EVERY_REQUEST, ...what, level: 'None' as const, users: [account] };
    return { rule, why: 'own', for: [], reads: [] };
  });
  const lines = distinct(demands.map((demand) => lineOf(demand, demands, omitStages, hasWildcard)));
  const isEnough = (some: readonly PolicyLine[]) =>
    demands.every((demand) => isMet(demand, some, policyOf(some), hasWildcard));

  let kept: readonly PolicyLine[] = [...ownLines, ...lines];
  const unwanted = new Map<PolicyLine, Need>();
  for (const { line, need } of exclusionsOf(asked, hasWildcard)) {
    const guards = demands.flatMap((demand) => guardOf(demand, line, need, demands, omitStages, hasWildcard));
    // Where other rules want some of it, they get that first.
    const attempts = guards.length > MOST_GUARDS ? [[line]] : [[line], [...guards, line]];
    const found = attempts.map((some) => kept.toSpliced(ownLines.length, 0, ...some)).find(isEnough);
    if (found === undefined) continue;
    kept = found;
    unwanted.set(line, need);
  }
  for (const line of kept.toReversed()) {
    if (line.why === 'own' || isCap(line)) continue;
    const without = kept.filter((other) => other !== line);
    const excluded = unwanted.get(line);
    const isNeedless =
      excluded === undefined ? isEnough(without) : !saves(excluded, line, policyOf(kept), policyOf(without));
    if (isNeedless) kept = without;
  }
  return { policy: policyOf(kept), lines: kept };
}

function requests(attributes: Partial<Record<Attribute, string>>): Need {
  const some = Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [attribute, oneOf(value)]));
  return { ...EVERYTHING, attributes: { ...EVERYTHING.attributes, ...some } };
}

function demandOf(need: Need, name: string, hasWildcard: boolean): Demand {
  const level = LEVELS.find((each) => need.fullLevels.has(each)) ?? 'Metadata';
  const wanted = plain(need, level);
  const selected = selectedBy(wanted, hasWildcard);
  return { need: wanted, selected, level, why: 'needed', for: [name], reads: [...need.reads] };
}

function heartbeatDemand(hasWildcard: boolean): Demand {
  const need = { ...EVERYTHING, uri: { some: new Set([`${HEARTBEAT_PATH}*`]), none: new Set<string>() } };
  return { ...demandOf(need, '', hasWildcard), why: 'heartbeat', for: [] };
}

/** The requests of a need, and only what is to be recorded of them: so that needs of several rules can become one. */
function plain(need: Need, level: Level): Need {
  const levels = new Set([level]);
  return { ...need, stages: wantedStages(need), levels, fullLevels: levels, reads: new Set(), isDecided: false };
}

/** The part of a demand for bodies that is recorded without them. */
function capsOf(demand: Demand, hasSoundPatches: boolean): readonly Demand[] {
  if (demand.level === 'Metadata') return [];
  const part = (requested: Need, why: 'patch' | 'credentials'): readonly Demand[] => {
    const selected = bothNeeds(demand.selected, requested);
    if (selected === undefined) return [];
    // Its rule takes in all that the demand's would; what has to be recorded is the demand's part alone.
    const need = bothNeeds(demand.need, requested) ?? NOTHING;
    return [
      { ...demand, need: plain(need, 'Metadata'), selected: plain(selected, 'Metadata'), level: 'Metadata', why },
    ];
  };
  return [
    ...(hasSoundPatches ? [] : part(requests({ verb: 'patch' }), 'patch')),
    ...CREDENTIALS.flatMap((credentials) => part(credentials, 'credentials')),
  ];
}

function withoutPatch(demand: Demand): readonly Demand[] {
  const { verb } = demand.need.attributes;
  if (demand.level === 'Metadata' || verb.kind === 'notIn') return [demand];
  const others = { ...EVERYTHING, attributes: { ...EVERYTHING.attributes, verb: noneOf('patch') } };
  const need = bothNeeds(demand.need, others);
  const selected = bothNeeds(demand.selected, others);
  return need === undefined ? [] : [{ ...demand, need, selected: selected ?? demand.selected }];
}

/** Fewer demands for the same: those of one level that differ in one thing are one. */
function joinedDemands(demands: readonly Demand[], hasWildcard: boolean): readonly Demand[] {
  const kept: Demand[] = [];
  for (const added of demands) {
    let demand = added;
    for (let index = 0; index < kept.length; index++) {
      const other = kept[index];
      if (other === undefined || other.why !== demand.why || other.level !== demand.level) continue;
      const need = joinExactly(other.need, demand.need);
      if (need === undefined) continue;
      const selected = isCap(demand) ? joinExactly(other.selected, demand.selected) : selectedBy(need, hasWildcard);
      if (selected === undefined) continue;
      kept.splice(index, 1);
      demand = {
        ...demand,
        need,
        selected,
        for: [...new Set([...other.for, ...demand.for])],
        reads: [...new Set([...other.reads, ...demand.reads])],
      };
      index = -1;
    }
    kept.push(demand);
  }
  return kept;
}

function isCap({ why }: Pick<PolicyLine, 'why'>): boolean {
  return why === 'patch' || why === 'credentials';
}

/** Its stages are those of all demands that may ask for the same requests: only the first rule that matches counts. */
function lineOf(
  demand: Demand,
  demands: readonly Demand[],
  omitted: readonly Stage[],
  hasWildcard: boolean,
): PolicyLine {
  const requested = (need: Need) => ({ ...EVERYTHING, attributes: need.attributes });
  const overlapping = demands.filter(
    ({ need }) => bothNeeds(requested(need), requested(demand.selected)) !== undefined,
  );
  const stages = overlapping.reduce((all, { need }) => all.union(need.stages), demand.need.stages);
  return {
    rule: {
      ...selectorOf(isCap(demand) ? demand.selected : demand.need, hasWildcard),
      level: demand.level,
      omitStages: STAGES.filter((stage) => !stages.has(stage) && !omitted.includes(stage)),
    },
    why: demand.why,
    for: demand.for,
    reads: demand.reads,
  };
}

/** What a demand says that it does not want. */
function unwantedBy({ need }: Demand): readonly Need[] {
  const unwanted: Need[] = ATTRIBUTES.flatMap((attribute) => {
    const { kind, values } = need.attributes[attribute];
    const some = kind === 'in' ? [] : [...values].filter((value) => value !== '');
    return some.length === 0 ? [] : [{ ...need, attributes: { ...need.attributes, [attribute]: oneOf(...some) } }];
  });
  const { none: groups } = need.userGroups;
  if (groups.size > 0) unwanted.push({ ...need, userGroups: { some: groups, none: new Set() } });
  const { none: paths } = need.uri;
  if (paths.size > 0) unwanted.push({ ...need, uri: { some: paths, none: new Set() } });
  return unwanted;
}

/** Rules that leave out what demands do not want, each once. */
function exclusionsOf(
  demands: readonly Demand[],
  hasWildcard: boolean,
): readonly { readonly line: PolicyLine; readonly need: Need }[] {
  const found = new Map<string, { readonly line: PolicyLine; readonly need: Need }>();
  for (const demand of demands) {
    for (const need of unwantedBy(demand)) {
      const rule: PolicyRule = { ...selectorOf(need, hasWildcard), level: 'None', omitStages: [] };
      const key = JSON.stringify(rule);
      const names = new Set([...(found.get(key)?.line.for ?? []), ...demand.for]);
      found.set(key, { line: { rule, why: 'excluded', for: [...names], reads: [] }, need });
    }
  }
  return [...found.values()];
}

/** What a demand of other rules wants of requests that some do not want. */
function guardOf(
  demand: Demand,
  exclusion: PolicyLine,
  excluded: Need,
  demands: readonly Demand[],
  omitted: readonly Stage[],
  hasWildcard: boolean,
): readonly PolicyLine[] {
  if (demand.level !== 'Metadata' || demand.for.every((name) => exclusion.for.includes(name))) return [];
  const need = bothNeeds(demand.need, { ...EVERYTHING, attributes: excluded.attributes });
  return need === undefined
    ? []
    : [lineOf({ ...demand, need, selected: selectedBy(need, hasWildcard) }, demands, omitted, hasWildcard)];
}

/** Without those that another one is the same as. */
function distinct(lines: readonly PolicyLine[]): readonly PolicyLine[] {
  const found = new Map<string, PolicyLine>();
  for (const line of lines) {
    const key = JSON.stringify([line.rule, line.why]);
    const earlier = found.get(key);
    const both = (of: 'for' | 'reads') => [...new Set([...(earlier?.[of] ?? []), ...line[of]])];
    found.set(key, { ...line, for: both('for'), reads: both('reads') });
  }
  return [...found.values()];
}

/** True if every request of a demand is recorded at its level or above and at its stages. */
function isMet(
  { need, level }: Demand,
  lines: readonly PolicyLine[],
  policy: AuditPolicy,
  hasWildcard: boolean,
): boolean {
  const exempt = new Set(lines.filter((line) => line.why === 'own' || isCap(line)).map(({ rule }) => rule));
  const { space, outcomes } = outcomesOf(need, policy);
  return outcomes.every((outcome) => {
    if (outcome.decidedBy !== undefined && exempt.has(outcome.decidedBy)) return true;
    const isEnough = LEVELS.indexOf(outcome.level) >= LEVELS.indexOf(level) && need.stages.isSubsetOf(outcome.stages);
    if (isEnough || hasWildcard) return isEnough;
    return members(space.targets, outcome.box.targets).every(
      (target) =>
        target.kind === 'resource' &&
        builtinGroupsOf(target.resource).length > 0 &&
        !builtinGroupsOf(target.resource).includes(target.group),
    );
  });
}

/** True if a rule that leaves something out does so, and it would be recorded without it. */
function saves(excluded: Need, { rule }: PolicyLine, policy: AuditPolicy, without: AuditPolicy): boolean {
  return (
    outcomesOf(excluded, policy).outcomes.some(({ decidedBy }) => decidedBy === rule) &&
    outcomesOf(excluded, without).outcomes.some(({ level }) => level !== 'None')
  );
}
