import fc from 'fast-check';
import { readAlerts } from '../../src/alerts/records.ts';
import type { Store } from '../../src/alerts/store.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { HOUR, MINUTE, SECOND } from '../../src/rules/limits.ts';
import { CLUSTER } from './evaluation.ts';
import { anonymousRequest, NOON } from './events.ts';
import { ruleDocument } from './rules.ts';

/** Both ends belong to it. */
export const WINDOW = 5 * MINUTE;

/** Budgets out of the way: high severity is not bound by the total. */
const free = { severity: 'high', budget: { alertsPerHour: 10_000 } } as const;
const threshold = { fields: ['user.name', 'source.ip'], value: 3, cardinality: [], windowMicros: WINDOW };
const eql = { ...free, type: 'eql', language: 'eql' } as const;

const COUNTING = ruleDocument({ ...free, name: 'count', type: 'threshold', query: 'event.action: list', threshold });
const DIFFERENT = ruleDocument({
  ...free,
  name: 'different',
  type: 'threshold',
  query: 'event.action: (list or get)',
  threshold: { ...threshold, fields: ['user.name'], cardinality: [{ field: 'user_agent.original', value: 2 }] },
});
const STEPS = ruleDocument({
  ...eql,
  name: 'steps',
  query:
    'sequence by user.name with maxspan=5m [any where event.action == "list"] [any where event.action == "get"] ' +
    '[any where event.action == "list"] until [any where event.action == "watch"]',
});
const OVERLAP = ruleDocument({
  ...eql,
  name: 'overlap',
  query:
    'sequence by source.ip, ?user_agent.original with maxspan=5m [any where event.action != "watch"] with runs=2 ' +
    '[any where event.action == "get" or event.action == "list"]',
});
/** A condition that comes to hold and can fail again, over groups of which null is one. */
const GROUPS = ruleDocument({
  ...free,
  name: 'groups',
  type: 'esql',
  language: 'esql',
  windowMicros: WINDOW,
  query:
    'FROM logs-* | WHERE event.action IN ("list", "get") ' +
    '| STATS n = COUNT(*), agents = COUNT_DISTINCT(user_agent.original) BY user.name, source.ip ' +
    '| WHERE (n >= 3 AND n < 6) OR agents >= 2',
});

export const SEQUENCES = [STEPS, OVERLAP];
export const WINDOWED = [COUNTING, DIFFERENT, ...SEQUENCES, GROUPS];

const GAPS = [0, 1, SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, WINDOW - 1, WINDOW, WINDOW + 1, HOUR];

const request = fc.record({
  gap: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...GAPS.slice(0, 6)) }, fc.constantFrom(...GAPS)),
  username: fc.constantFrom('eve', 'eve', 'bob'),
  userAgent: fc.constantFrom('curl', 'curl', 'wget', null),
  sourceIPs: fc.constantFrom(['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], []),
  verb: fc.constantFrom('list', 'list', 'get', 'watch'),
});

/** Events in the order of time. */
export const windowedStreams: fc.Arbitrary<readonly DecodedEvent[]> = fc
  .array(request, { minLength: 1, maxLength: 40, size: 'max' })
  .map((requests) => {
    let at = NOON;
    return requests.map(({ gap, verb, ...changes }, i) => {
      at += gap;
      return anonymousRequest({ ...changes, at, id: `request-${i}`, event: { verb } });
    });
  });

/** A fire, as far as the reference knows of it. */
export interface ExpectedFire {
  readonly rule: string;
  /** The JSON text of the values of its group. */
  readonly group: string;
  readonly at: number;
  /** The audit IDs of its events, in order. */
  readonly events: readonly string[];
}

/** What fires, naively, if the events come in this order. */
export function expectedFires(events: readonly DecodedEvent[]): readonly ExpectedFire[] {
  return [
    ...thresholdFires('count', events, (event) =>
      verbOf(event) === 'list' ? addressesOf(event).map((address) => [userOf(event), address]) : [],
    ),
    ...thresholdFires(
      'different',
      events,
      (event) => (['list', 'get'].includes(verbOf(event)) ? [[userOf(event)]] : []),
      (counted) => new Set(counted.flatMap(({ event }) => event.userAgent ?? [])).size >= 2,
    ),
    ...sequenceFires('steps', events, ['list', 'get', 'list'], (event) => [[userOf(event)]], 'watch'),
    ...sequenceFires('overlap', events, ['list get', 'list get', 'list get'], (event) =>
      addressesOf(event).map((address) => [address, event.event.userAgent ?? null]),
    ),
    ...groupFires('groups', events),
  ];
}

const verbOf = ({ event }: DecodedEvent) => event.verb ?? '';
const userOf = ({ event }: DecodedEvent) => event.user?.username ?? '';
const idOf = ({ event }: DecodedEvent) => event.auditID ?? '';
const addressesOf = ({ event }: DecodedEvent) => [...new Set(event.sourceIPs)];

type GroupsOf = (event: DecodedEvent) => readonly (readonly (string | null)[])[];

function byGroup(events: readonly DecodedEvent[], groupsOf: GroupsOf): ReadonlyMap<string, readonly DecodedEvent[]> {
  const groups = new Map<string, DecodedEvent[]>();
  for (const event of events) {
    for (const group of groupsOf(event)) {
      const key = JSON.stringify(group);
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
  }
  return groups;
}

/** After each event: are there enough in the window that ends there, that have not been counted by an alert before? */
function thresholdFires(
  rule: string,
  events: readonly DecodedEvent[],
  groupsOf: GroupsOf,
  isEnough: (counted: readonly DecodedEvent[]) => boolean = () => true,
): readonly ExpectedFire[] {
  return [...byGroup(events, groupsOf)].flatMap(([group, members]) => {
    const fires: ExpectedFire[] = [];
    let counted = 0;
    for (const [i, { at }] of members.entries()) {
      const inWindow = members.slice(counted, i + 1).filter((each) => each.at >= at - WINDOW);
      if (inWindow.length < 3 || !isEnough(inWindow)) continue;
      fires.push({ rule, group, at, events: inWindow.map(idOf) });
      counted = i + 1;
    }
    return fires;
  });
}

/** After each event: do the rows of its group in the window that ends there meet the condition? Nothing is used up. */
function groupFires(rule: string, events: readonly DecodedEvent[]): readonly ExpectedFire[] {
  const selected = events.filter((event) => ['list', 'get'].includes(verbOf(event)));
  const groupsOf: GroupsOf = (event) => {
    const addresses = addressesOf(event);
    return (addresses.length === 0 ? [null] : addresses).map((address) => [userOf(event), address]);
  };
  return [...byGroup(selected, groupsOf)].flatMap(([group, members]) =>
    members.flatMap(({ at }, i): ExpectedFire[] => {
      const rows = members.slice(0, i + 1).filter((each) => each.at >= at - WINDOW);
      const agents = new Set(rows.flatMap(({ event }) => event.userAgent ?? []));
      const survives = (rows.length >= 3 && rows.length < 6) || agents.size >= 2;
      return survives ? [{ rule, group, at, events: rows.map(idOf) }] : [];
    }),
  );
}

/**
 * Stage by stage over all events, as Elasticsearch searches them: what is pending at a stage is a list; a hit of the next
 * stage takes the last one before it, and all before that one are gone.
 */
function sequenceFires(
  rule: string,
  events: readonly DecodedEvent[],
  stages: readonly string[],
  groupsOf: GroupsOf,
  until?: string,
): readonly ExpectedFire[] {
  return [...byGroup(events, groupsOf)].flatMap(([group, members]) => {
    const hits = (verbs: string) =>
      members.flatMap((event, place) => (verbs.split(' ').includes(verbOf(event)) ? [place] : []));
    const at = (place: number | undefined) => members[place ?? 0]?.at ?? 0;
    const ends = until === undefined ? [] : hits(until);
    let pending: number[][] = hits(stages[0] ?? '').map((place) => [place]);
    for (const stage of stages.slice(1)) {
      const next: number[][] = [];
      for (const hit of hits(stage)) {
        const before = pending.filter((sequence) => (sequence.at(-1) ?? 0) < hit);
        const taken = before.at(-1);
        pending = pending.slice(before.length);
        if (taken === undefined || at(hit) - at(taken[0]) > WINDOW) continue;
        if (ends.some((end) => end >= (taken.at(-1) ?? 0) && end < hit)) continue;
        next.push([...taken, hit]);
      }
      pending = next;
    }
    return pending.map((sequence): ExpectedFire => {
      const found = sequence.flatMap((place) => members[place] ?? []);
      return { rule, group, at: at(sequence.at(-1)), events: found.map(idOf) };
    });
  });
}

/** The alerts that the fires make: of one group those within an hour of the first are one. */
export function expectedWindowedAlerts(events: readonly DecodedEvent[]): readonly string[] {
  const alerts: { what: string; at: number; count: number }[] = [];
  const live = new Map<string, { what: string; at: number; count: number }>();
  for (const { rule, group, at } of expectedFires(events).toSorted((a, b) => a.at - b.at)) {
    const values: readonly (string | null)[] = JSON.parse(group);
    const what = `${rule} ${JSON.stringify(values.filter((value) => value !== null))} of ${values.length}`;
    const open = live.get(what);
    if (open !== undefined && at < open.at + HOUR) {
      open.count += 1;
      continue;
    }
    const alert = { what, at, count: 1 };
    alerts.push(alert);
    live.set(what, alert);
  }
  return alerts.map(({ what, at, count }) => `${what} at ${at - NOON} × ${count}`).sort();
}

const WIDTHS: Readonly<Record<string, number>> = { count: 2, different: 1, steps: 1, overlap: 2, groups: 2 };

/** What the store holds, in the same words. */
export async function actualWindowedAlerts(store: Store, cluster = CLUSTER): Promise<readonly string[]> {
  const alerts = await readAlerts(store, cluster);
  return alerts
    .map(({ spec, state }) => {
      const values = JSON.stringify((spec.groupBy ?? []).map(({ value }) => value));
      return `${spec.rule.name} ${values} of ${WIDTHS[spec.rule.name]} at ${state.openedAt - NOON} × ${state.count}`;
    })
    .sort();
}
