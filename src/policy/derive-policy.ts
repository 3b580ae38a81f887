import type { CompiledRule } from '../rules/compiled-rule.ts';
import { type AuditPolicy, EVERY_REQUEST, LEVELS, type PolicyRule, STAGES, type Stage } from './audit-policy.ts';
import { builtinGroupsOf } from './builtin-resources.ts';
import { type Demand, demandsOf, hasGroupWildcard, isCap, type OwnDemands } from './demand.ts';
import { ATTRIBUTES, bothNeeds, EVERYTHING, type Need } from './need.ts';
import { outcomesOf } from './outcomes.ts';
import { OWN_REQUESTS } from './own-requests.ts';
import { members } from './request-space.ts';
import { selectedBy, selectorOf } from './selector.ts';
import { oneOf } from './values.ts';

export interface DeriveOptions extends OwnDemands {
  /** The user name of firstseen's own account. */
  readonly account: string;
  /** The minor version of Kubernetes 1.x; undefined: the policy must load on every version. */
  readonly kubernetesMinor?: number;
}

/** One rule of a derived policy, and its purpose. */
export interface PolicyLine {
  readonly rule: PolicyRule;
  readonly why: 'own' | 'excluded' | 'patch' | 'credentials' | 'heartbeat' | 'review' | 'needed';
  /** The names of the firstseen rules that need it. */
  readonly for: readonly string[];
  /** The body fields that they read. */
  readonly reads: readonly string[];
  /** At least the requests that the rule selects. */
  readonly selected: Need;
}

export interface DerivedPolicy {
  readonly policy: AuditPolicy;
  /** The rules of the policy, one each. */
  readonly lines: readonly PolicyLine[];
}

/** More guards before one exclusion would cost more reading than the exclusion saves. */
const MOST_GUARDS = 2;

/** The inputs of every step of a derivation. */
interface Frame {
  readonly demands: readonly Demand[];
  /** Stages omitted by the whole policy. */
  readonly omitStages: readonly Stage[];
  readonly hasWildcard: boolean;
}

/**
 * The smallest policy, within the shapes that it can build, under which each rule sees everything that it reads. Policy
 * rules with a higher level come first, so a request that several rules need is recorded at the highest level.
 *
 * Two things are always recorded at Metadata: patches on a Kubernetes version whose audit events break on them, and
 * resources with credentials. `policyCoverage` tells which rules see less because of this.
 */
export function derivePolicy(rules: readonly CompiledRule[], options: DeriveOptions): DerivedPolicy {
  const { kubernetesMinor = 0, account } = options;
  const { asked, granted } = demandsOf(rules, kubernetesMinor, options);
  const everyStage = granted.some(({ need }) => need.stages.has('RequestReceived'));
  const frame: Frame = {
    demands: granted,
    omitStages: everyStage ? [] : ['RequestReceived'],
    hasWildcard: hasGroupWildcard(kubernetesMinor),
  };
  const own = ownLines(account);
  const all = [...own, ...distinct(granted.map((demand) => lineOf(demand, frame)))];
  const lines = withoutNeedless(withExclusions(all, own.length, asked, frame), frame);
  return { policy: policyOf(lines, frame), lines };
}

function policyOf(lines: readonly PolicyLine[], { omitStages }: Frame): AuditPolicy {
  return { omitStages, rules: lines.map(({ rule }) => rule) };
}

function ownLines(account: string): readonly PolicyLine[] {
  return OWN_REQUESTS.map((what) => ({
    rule: { ...EVERY_REQUEST, ...what, level: 'None', users: [account] },
    why: 'own',
    for: [],
    reads: [],
    selected: EVERYTHING,
  }));
}

/** Excludes requests that demands do not want, as far as no other demand wants them. */
function withExclusions(
  lines: readonly PolicyLine[],
  at: number,
  asked: readonly Demand[],
  frame: Frame,
): readonly PolicyLine[] {
  let kept = lines;
  for (const line of exclusionsOf(asked, frame)) {
    const guards = demandsOn(line.selected, frame).flatMap((demand) => guardOf(demand, line, frame));
    // Where other rules want some of the requests, a guard records those first.
    const attempts = guards.length > MOST_GUARDS ? [[line]] : [[line], [...guards, line]];
    const added = attempts.find((some) => {
      // A guard may select more than is excluded: it must not come before a rule with a higher level either.
      const affected = new Set(some.flatMap(({ selected }) => demandsOn(selected, frame)));
      return isEnough(kept.toSpliced(at, 0, ...some), [...affected], frame);
    });
    kept = kept.toSpliced(at, 0, ...(added ?? []));
  }
  return kept;
}

/** Removes rules without effect, last ones first. */
function withoutNeedless(lines: readonly PolicyLine[], frame: Frame): readonly PolicyLine[] {
  let kept = lines;
  for (const line of lines.toReversed()) {
    if (line.why === 'own' || isCap(line)) continue;
    const without = kept.filter((other) => other !== line);
    const isNeedless =
      line.why === 'excluded'
        ? !saves(line, policyOf(kept, frame), policyOf(without, frame))
        : isEnough(without, demandsOn(line.selected, frame), frame);
    if (isNeedless) kept = without;
  }
  return kept;
}

/** The demands that may ask for some of these requests. */
function demandsOn(selected: Need, { demands }: Frame): readonly Demand[] {
  const requested = (need: Need) => ({ ...EVERYTHING, attributes: need.attributes });
  return demands.filter(({ need }) => bothNeeds(requested(need), requested(selected)) !== undefined);
}

/** Its stages are those of all demands for the same requests: only the first matching rule counts. */
function lineOf(demand: Demand, frame: Frame): PolicyLine {
  const of = isCap(demand) ? demand.selected : demand.need;
  const selected = selectedBy(of, frame.hasWildcard);
  const stages = demandsOn(selected, frame).reduce((all, { need }) => all.union(need.stages), demand.need.stages);
  return {
    rule: {
      ...selectorOf(of, frame.hasWildcard),
      level: demand.level,
      omitStages: STAGES.filter((stage) => !stages.has(stage) && !frame.omitStages.includes(stage)),
    },
    why: demand.why,
    for: demand.for,
    reads: demand.reads,
    selected,
  };
}

/** The requests that a demand does not want. */
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

/** Rules that exclude unwanted requests, each once. */
function exclusionsOf(demands: readonly Demand[], { hasWildcard }: Frame): readonly PolicyLine[] {
  const lines = demands.flatMap((demand) =>
    unwantedBy(demand).map((need): PolicyLine => {
      const rule: PolicyRule = { ...selectorOf(need, hasWildcard), level: 'None', omitStages: [] };
      return { rule, why: 'excluded', for: demand.for, reads: [], selected: selectedBy(need, hasWildcard) };
    }),
  );
  return distinct(lines);
}

/** What other demands want of requests that some do not want. */
function guardOf(demand: Demand, exclusion: PolicyLine, frame: Frame): readonly PolicyLine[] {
  if (demand.level !== 'Metadata' || demand.for.every((name) => exclusion.for.includes(name))) return [];
  const { attributes, userGroups, uri } = exclusion.selected;
  const need = bothNeeds(demand.need, { ...EVERYTHING, attributes, userGroups, uri });
  return need === undefined ? [] : [lineOf({ ...demand, need, selected: selectedBy(need, frame.hasWildcard) }, frame)];
}

/** Without duplicates. */
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

function isEnough(lines: readonly PolicyLine[], demands: readonly Demand[], frame: Frame): boolean {
  const policy = policyOf(lines, frame);
  const exempt = new Set(lines.filter((line) => line.why === 'own' || isCap(line)).map(({ rule }) => rule));
  return demands.every((demand) => isMet(demand, policy, exempt, frame.hasWildcard));
}

/**
 * True if every request of a demand is recorded at its level or above and at its stages, or is decided by an exempt
 * rule.
 */
function isMet(
  { need, level }: Demand,
  policy: AuditPolicy,
  exempt: ReadonlySet<PolicyRule>,
  hasWildcard: boolean,
): boolean {
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

/** True if an excluding rule has an effect: without it the requests would be recorded. */
function saves({ rule, selected }: PolicyLine, policy: AuditPolicy, without: AuditPolicy): boolean {
  const decided = outcomesOf(selected, policy).outcomes.filter(({ decidedBy }) => decidedBy === rule);
  return decided.length > 0 && outcomesOf(selected, without).outcomes.some(({ level }) => level !== 'None');
}
