/**
 * The logical names of everything that is remembered about one cluster. A store puts its own prefix before them.
 * `memoryKey` is the hash of what a rule's memory depends on (`memoryIdentity`), so that it never contains hostile text.
 */
export const stateKeys = {
  /** Set: what was already counted, by the hour in which the request was received. */
  done: (hour: number) => `done:${hour}`,
  /** Sorted set: term → last sighting (µs). */
  terms: (memoryKey: string) => `terms:${memoryKey}`,
  /** Hash: term learned without an alert → when and by which request. */
  silent: (memoryKey: string) => `silent:${memoryKey}`,
  /** Hash: event key → row of a group (see `row.ts`); and under `LET_GO` what a full group has let go. */
  rows: (memoryKey: string, group: string) => `rows:${memoryKey}:${group}`,
  /** Sorted set: group → when its last event was (µs). */
  groups: (memoryKey: string) => `groups:${memoryKey}`,
  /** Hash: see `ruleFields`. */
  rule: (memoryKey: string) => `rule:${memoryKey}`,
  /** Hash: see `exceptionFields`. */
  exceptions: 'exceptions',
  /** Hash: suppression key → id of the alert that takes repeats. */
  live: 'live',
  /** Hash: spec, state, ver; and what each sink delivered. */
  alert: (id: string) => `alert:${id}`,
  /** Sorted set: alert id → when it was opened (µs). */
  alerts: 'alerts',
  /** Sorted set: alert id → when it was opened (µs), of the last hour: the total budget. */
  opens: 'opens',
  /** The same for one rule: its budget. */
  opensOf: (rule: string) => `opens:${rule}`,
  /** Sorted set: id of an overflow alert that has not ended → when it last counted (µs). */
  overflows: 'overflows',
  /** Sorted set: alert id → not before (ms, store's clock). */
  due: (sink: string) => `due:${sink}`,
  /** Hash: alert id → why its delivery was given up. */
  dead: (sink: string) => `dead:${sink}`,
  /** Sorted set: uid of a replica's pod → when it was last refreshed (µs). */
  pods: 'pods',
  /** Hash: hwm, the latest time that any event of the cluster has reached (µs). */
  cluster: 'cluster',
  /** Sorted set: heartbeats under way → when each was sent (µs). */
  heartbeat: 'heartbeat',
  /** Sorted set: changes of rules that firstseen makes itself → when each was announced (µs). */
  changes: 'changes',
  /** Hash: name of a rule → its last sound version, in the first cluster's partition. */
  rules: 'rules',
} as const;

/**
 * The fields of `rule:…`. Their names in the store stay what they were first, so that what was counted and learned outlives a
 * change of words: matches that joined an open alert are `suppressed` there, and attached everywhere else.
 */
export const ruleFields = {
  /** When the rule began to learn (µs). */
  since: 'since',
  matches: 'matches',
  /** Alerts opened. */
  alerts: 'alerts',
  /** Matches that joined an open alert. */
  attached: 'suppressed',
  /** Matches over the budget. */
  overflowed: 'overflowed',
  /** Terms or groups that made room for others. */
  evicted: 'evicted',
  /** Rows that a full group has let go. */
  letGo: 'letGo',
  /** When the last match was (µs). */
  lastMatch: 'last',
} as const;

/** The fields of `exceptions`, of each RuleException by its uid. Their names in the store stay, too: `suppressed` is excepted. */
export const exceptionFields = {
  /** How many matches it silenced. */
  excepted: (uid: string) => `${uid}/suppressed`,
  /** The time of the latest (µs). */
  lastUsed: (uid: string) => `${uid}/last`,
} as const;

/** The field of `rows:…` that is no row: no hash is as short. */
export const LET_GO = '-';

const WRITE_ORDER = [
  'alert',
  'alerts',
  'live',
  'opens',
  'overflows',
  'due',
  'terms',
  'silent',
  'rows',
  'groups',
  'rule',
  'done',
  'cluster',
  'rules',
];

/**
 * Where a key stands in the order of writes: the alert and what leads to it, then what was learned from it, then what was
 * counted. So nothing is learned whose alert is not recorded, even where a commit should break off.
 */
export function writeRank(key: string): number {
  return WRITE_ORDER.indexOf(key.split(':', 1)[0] ?? '');
}
