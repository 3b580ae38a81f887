import type { CompiledRule } from '../rules/compiled-rule.ts';
import { LEVELS, type Level } from './audit-policy.ts';
import { type Attribute, bothNeeds, EVERYTHING, joinExactly, type Need } from './need.ts';
import { wantedStages } from './outcomes.ts';
import { ruleNeeds } from './rule-needs.ts';
import { selectedBy, splitByName } from './selector.ts';
import { noneOf, oneOf } from './values.ts';

/** The cluster name follows HEARTBEAT_PATH. */
export const HEARTBEAT_PATH = '/firstseen-heartbeat/';

/** The first version that accepts `group: "*"`: https://github.com/kubernetes/kubernetes/pull/135262 */
const GROUP_WILDCARD_MINOR = 36;
/** The first version that can send a patch that is not JSON: https://github.com/kubernetes/kubernetes/pull/139419 */
const SOUND_PATCH_MINOR = 37;

/** A need with one level and the stages to record. */
export interface Demand {
  readonly need: Need;
  /** What its policy rule selects: at least the requests of the need. */
  readonly selected: Need;
  readonly level: Level;
  readonly why: 'patch' | 'credentials' | 'heartbeat' | 'review' | 'needed';
  readonly for: readonly string[];
  readonly reads: readonly string[];
}

export interface Demands {
  /** The demands of the rules. */
  readonly asked: readonly Demand[];
  /**
   * What is recorded for them: first demands recorded at a lower level than asked, then the rest, highest level first.
   */
  readonly granted: readonly Demand[];
}

export function hasGroupWildcard(kubernetesMinor: number): boolean {
  return kubernetesMinor >= GROUP_WILDCARD_MINOR;
}

/** What firstseen itself needs to see, besides its rules. */
export interface OwnDemands {
  /** The heartbeat requests that check that events still arrive. */
  readonly heartbeat: boolean;
  /** Writes that acknowledge and close alerts. */
  readonly review?: boolean;
}

/** What rules demand of a policy, and what it grants them on a version of Kubernetes. */
export function demandsOf(
  rules: readonly CompiledRule[],
  kubernetesMinor: number,
  { heartbeat, review = false }: OwnDemands,
): Demands {
  const hasWildcard = hasGroupWildcard(kubernetesMinor);
  const hasSoundPatches = kubernetesMinor >= SOUND_PATCH_MINOR;
  const single = rules.flatMap((rule) =>
    ruleNeeds(rule).map((need) => demandOf(need, rule.document.name, hasWildcard)),
  );
  const own = [...(heartbeat ? [heartbeatDemand(hasWildcard)] : []), ...(review ? [reviewDemand(hasWildcard)] : [])];
  const asked = joinedDemands([...single, ...own], hasWildcard).flatMap((demand) =>
    splitByName(demand.need).map((need) => ({ ...demand, need, selected: selectedBy(need, hasWildcard) })),
  );
  const capped = asked.flatMap((demand) => capsOf(demand, hasSoundPatches));
  const others = asked.flatMap((demand) => (hasSoundPatches ? demand : withoutPatch(demand)));
  const granted = [
    ...joinedDemands(capped, hasWildcard),
    ...others.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level)),
  ];
  return { asked, granted };
}

/** True for demands recorded without bodies although a rule reads them. */
export function isCap({ why }: { readonly why: string }): boolean {
  return why === 'patch' || why === 'credentials';
}

/** Resources with credentials, in the request or in the response. */
const CREDENTIALS: readonly Need[] = [
  requests({ group: '', resource: 'secrets' }),
  requests({ group: '', resource: 'serviceaccounts', subresource: 'token' }),
  requests({ group: 'authentication.k8s.io', resource: 'tokenreviews' }),
];

/** A need without requests. */
const NOTHING: Need = { ...EVERYTHING, attributes: { ...EVERYTHING.attributes, verb: oneOf() } };

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

/**
 * Without bodies, which up to Kubernetes 1.36 can break a batch: the author of an alert's status write is nearly always
 * enough.
 */
function reviewDemand(hasWildcard: boolean): Demand {
  const writes = requests({ group: 'firstseen.dev', resource: 'alerts', subresource: 'status' });
  const need = { ...writes, attributes: { ...writes.attributes, verb: oneOf('patch', 'update') } };
  return { ...demandOf(need, '', hasWildcard), why: 'review', for: [] };
}

/** The requests of a need, reduced to what is recorded of them, so that needs of several rules can merge. */
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
    // Its policy rule covers all requests of the demand; only the demand's own part must be recorded.
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

/** Merges demands: those of one level that differ in one attribute become one. */
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
